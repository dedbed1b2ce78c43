"""The SQL statements of docs/runbook.md work on the real tables."""

import re

from operations.install.paths import ROOT
from shared.contracts.registration.events import AccountThawed, PasswordResetRequested
from shared.database import transaction
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder, reset_request
from tests.support.harness.registration import OTHER_PASSWORD, RegistrationHarness

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SQL = re.findall(r"```sql\n(.*?)```", RUNBOOK, re.DOTALL)


def statement(verb: str, about: str) -> str:
    """The statement of the runbook with this verb that names `about`."""
    (found,) = (
        one
        for one in SQL
        if "registration.accounts" in one and one.split()[0] == verb and about in one
    )
    return str(found)


async def reopen(harness: RegistrationHarness, holder: HarnessAccountHolder) -> str:
    """Execute the runbook's statement; returns the database's answer."""
    typed = statement("UPDATE", "desk_only").replace("ID", holder.account_id)
    async with transaction(harness.pool) as tx:
        answer: str = await tx.execute(typed)
    return answer


async def test_the_id_in_the_log_is_found_by_address(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    typed = statement("SELECT", "address_key").replace("pierre.durand@labo.fr", ADDRESS)
    (row,) = await harness.fetch(typed)
    assert (str(row["id"]), row["state"], row["desk_only"]) == (holder.account_id, "active", False)


async def test_the_address_in_force_is_found_by_id(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    typed = statement("SELECT", "address_changed_at").replace("ID", holder.account_id)
    (row,) = await harness.fetch(typed)
    assert (row["address"], row["address_changed_at"]) == (ADDRESS, None)


async def test_a_restricted_account_is_reopened_by_its_holder(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    assert await reopen(harness, holder) == "UPDATE 0", "an open account is left alone"
    await holder.close("frozen", desk_only=True)
    await harness.ask(reset_request())
    assert await harness.events(PasswordResetRequested) == [], "no link before"

    assert await reopen(harness, holder) == "UPDATE 1"
    assert await reopen(harness, holder) == "UPDATE 0"
    assert (await holder.row())["state"] == "frozen"
    harness.advance(minutes=1)
    await harness.ask(holder.reset(await holder.reset_link()))
    harness.advance(minutes=1)
    assert await holder.can_sign_in_with(OTHER_PASSWORD)
    await holder.open_session()
    row = await holder.row()
    assert (row["state"], row["desk_only"], row["frozen_at"]) == ("active", False, None)
    assert len(await harness.events(AccountThawed)) == 1
