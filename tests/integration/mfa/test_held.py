"""What the second factor holds about a person who asks (B-11, GD-02)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from shared.contracts import mfa as words
from tests.integration.mfa.room import Desk


async def export(desk: Desk, account_id: str) -> dict[str, Any]:
    view = await desk.ask(words.ExportAccount(account_id=account_id))
    found: dict[str, Any] = json.loads(desk.open(view, "document"))
    return found


async def test_b_11_times_and_numbers_and_no_secret(desk: Desk) -> None:
    account, phone = await desk.enrolled()
    other, _ = await desk.enrolled()
    codes = await desk.sheet(account)
    desk.later(minutes=1)
    code = phone.code(desk.now)
    await desk.outcome(desk.check(account, f"{(int(code) + 1) % 1_000_000:06d}"))
    document = await export(desk, account)
    assert [set(row) for row in document["authenticator"]] == [{"enrolled_at", "first_begun_at"}]
    (sheet,) = document["recovery_codes"]
    assert (sheet["codes_left"], bool(sheet["kept_at"])) == (10, True)
    (wrong,) = document["wrong_codes"]
    assert (wrong["kind"], wrong["within_a_day"]) == ("totp", 1)
    text = json.dumps(document)
    for secret in (phone.key, code, codes[0], other):
        assert secret not in text


async def test_b_11_of_an_account_without_an_authenticator_nothing_is_held(desk: Desk) -> None:
    assert not any((await export(desk, str(uuid4()))).values())
    assert await export(desk, "x") == {}


async def test_gd_02_every_table_about_an_account_is_told(desk: Desk) -> None:
    rows = await desk.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'account_id'"
    )
    told = {"authenticators", "enrolments", "recovery_lists", "recovery_codes", "tries"}
    assert {row["table_name"] for row in rows} == told
