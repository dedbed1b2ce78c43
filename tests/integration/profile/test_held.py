"""What the profile holds about a person who asks (B-11, GD-02)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from shared.contracts import profile as words
from tests.integration.profile.room import Desk
from tests.support.room import unseal
from tests.unit.profile.forms import FRENCH


async def export(desk: Desk, account_id: str) -> dict[str, Any]:
    view = await desk.ask(words.ExportAccount(account_id=account_id))
    assert desk.gateway is not None
    found: dict[str, Any] = json.loads(unseal(desk.gateway, view, "document"))
    return found


async def test_b_11_the_form_its_state_and_the_names(desk: Desk) -> None:
    account, other = await desk.validated(), await desk.validated()
    document = await export(desk, account)
    (form,) = document["information"]
    assert form["company_name"] == FRENCH.company_name
    (state,) = document["information_state"]
    assert (state["state"], state["siret"]) == ("validated", form["siret"])
    assert other not in json.dumps(document)


async def test_b_11_of_an_account_that_typed_nothing_nothing_is_held(desk: Desk) -> None:
    assert not any((await export(desk, str(uuid4()))).values())
    assert await export(desk, "x") == {}


async def test_gd_02_every_table_about_an_account_is_told(desk: Desk) -> None:
    rows = await desk.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'account_id'"
    )
    assert {row["table_name"] for row in rows} == {"profiles", "account_names"}
