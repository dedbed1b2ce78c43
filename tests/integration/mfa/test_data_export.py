"""The data export of the service (B-11, GD-02)."""

import json
from typing import Any
from uuid import uuid4

from shared.contracts.mfa.requests import ExportAccount
from tests.support.harness.mfa import MfaHarness


async def export(harness: MfaHarness, account_id: str) -> dict[str, Any]:
    view = await harness.ask(ExportAccount(account_id=account_id))
    found: dict[str, Any] = json.loads(harness.open(view, "document"))
    return found


async def test_b_11_times_and_numbers_but_no_secret(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    other, _ = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    harness.advance(minutes=1)
    code = phone.code(harness.now)
    await harness.outcome(harness.check(account, f"{(int(code) + 1) % 1_000_000:06d}"))
    document = await export(harness, account)
    assert [set(row) for row in document["authenticator"]] == [{"enrolled_at", "first_begun_at"}]
    (code_set,) = document["recovery_codes"]
    assert (code_set["codes_left"], bool(code_set["kept_at"])) == (10, True)
    (wrong,) = document["wrong_codes"]
    assert (wrong["kind"], wrong["within_a_day"]) == ("totp", 1)
    text = json.dumps(document)
    for secret in (phone.key, code, codes[0], other):
        assert secret not in text


async def test_b_11_nothing_about_an_account_without_an_authenticator(
    harness: MfaHarness,
) -> None:
    assert not any((await export(harness, str(uuid4()))).values())
    assert await export(harness, "x") == {}


async def test_gd_02_every_table_about_an_account_is_exported(harness: MfaHarness) -> None:
    rows = await harness.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'account_id'"
    )
    exported = {
        "authenticators",
        "enrolments",
        "delayed_replacements",
        "recovery_lists",
        "recovery_codes",
        "tries",
    }
    assert {row["table_name"] for row in rows} == exported
