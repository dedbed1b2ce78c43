"""What docs/runbook.md has an administrator type does, on the real tables, what it says."""

from __future__ import annotations

import re

from operations.paths import ROOT
from shared.contracts import registration as contracts
from shared.database import transaction
from tests.integration.registration.holder import ADDRESS, Holder, forgotten
from tests.integration.registration.room import OTHER_PASSWORD, Room

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SQL = re.findall(r"```sql\n(.*?)```", RUNBOOK, re.DOTALL)


def statement(verb: str, about: str) -> str:
    """The one statement of the runbook that does `verb` to accounts and names `about`."""
    (found,) = (
        one
        for one in SQL
        if "registration.accounts" in one and one.split()[0] == verb and about in one
    )
    return str(found)


async def reopen(room: Room, holder: Holder) -> str:
    """Type the runbook's statement; returns what the database answers."""
    typed = statement("UPDATE", "desk_only").replace("ID", holder.account_id)
    async with transaction(room.pool) as tx:
        answer: str = await tx.execute(typed)
    return answer


async def test_an_address_leads_to_the_id_that_the_log_names(room: Room) -> None:
    holder = await Holder.of(room)
    typed = statement("SELECT", "address_key").replace("pierre.durand@labo.fr", ADDRESS)
    (row,) = await room.fetch(typed)
    assert (str(row["id"]), row["state"], row["desk_only"]) == (holder.account_id, "active", False)


async def test_the_id_leads_to_the_address_in_force_and_since_when(room: Room) -> None:
    holder = await Holder.of(room)
    typed = statement("SELECT", "address_changed_at").replace("ID", holder.account_id)
    (row,) = await room.fetch(typed)
    assert (row["address"], row["address_changed_at"]) == (ADDRESS, None)


async def test_settled_8_an_account_left_to_the_desk_is_reopened_by_its_holder(room: Room) -> None:
    holder = await Holder.of(room)
    assert await reopen(room, holder) == "UPDATE 0", "an open account is left alone"
    await holder.close("frozen", desk_only=True)
    await room.ask(forgotten())
    assert await room.events(contracts.PasswordResetRequested) == [], "no link before"

    assert await reopen(room, holder) == "UPDATE 1"
    assert await reopen(room, holder) == "UPDATE 0"
    assert (await holder.row())["state"] == "frozen"
    room.later(minutes=1)
    await room.ask(holder.reset(await holder.reset_link()))
    room.later(minutes=1)
    assert await holder.opens_with(OTHER_PASSWORD)
    await holder.opens_session()
    row = await holder.row()
    assert (row["state"], row["desk_only"], row["frozen_at"]) == ("active", False, None)
    assert len(await room.events(contracts.AccountThawed)) == 1
