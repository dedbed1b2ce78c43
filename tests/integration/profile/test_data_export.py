"""The data export of the service (B-11, GD-02)."""

import json
from typing import Any
from uuid import uuid4

from shared.contracts.profile.requests import ExportAccount
from tests.support.harness.profile import ProfileHarness
from tests.support.harness.profile_forms import FRENCH
from tests.support.harness.service_harness import unseal


async def export(harness: ProfileHarness, account_id: str) -> dict[str, Any]:
    view = await harness.ask(ExportAccount(account_id=account_id))
    assert harness.gateway is not None
    found: dict[str, Any] = json.loads(unseal(harness.gateway, view, "document"))
    return found


async def test_b_11_the_form_its_state_and_the_names(harness: ProfileHarness) -> None:
    account, other = await harness.validated(), await harness.validated()
    document = await export(harness, account)
    (form,) = document["information"]
    assert form["company_name"] == FRENCH.company_name
    (state,) = document["information_state"]
    assert (state["state"], state["siret"]) == ("validated", form["siret"])
    assert other not in json.dumps(document)


async def test_b_11_nothing_about_an_account_without_a_profile(
    harness: ProfileHarness,
) -> None:
    assert not any((await export(harness, str(uuid4()))).values())
    assert await export(harness, "x") == {}


async def test_gd_02_every_table_about_an_account_is_exported(harness: ProfileHarness) -> None:
    rows = await harness.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'account_id'"
    )
    assert {row["table_name"] for row in rows} == {"profiles", "account_names"}
