"""The SQL statements of docs/runbook.md work on the real tables."""

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
    """The statement of the runbook with this verb that names `about`."""
    (found,) = (
        one
        for one in SQL
        if "registration.accounts" in one and one.split()[0] == verb and about in one
    )
    return str(found)


async def reopen(room: Room, holder: Holder) -> str:
    """Execute the runbook's statement; returns the database's answer."""
    typed = statement("UPDATE", "desk_only").replace("ID", holder.account_id)
    async with transaction(room.pool) as tx:
        answer: str = await tx.execute(typed)
    return answer


async def test_the_id_in_the_log_is_found_by_address(room: Room) -> None:
    holder = await Holder.of(room)
    typed = statement("SELECT", "address_key").replace("pierre.durand@labo.fr", ADDRESS)
    (row,) = await room.fetch(typed)
    assert (str(row["id"]), row["state"], row["desk_only"]) == (holder.account_id, "active", False)


async def test_the_address_in_force_is_found_by_id(room: Room) -> None:
    holder = await Holder.of(room)
    typed = statement("SELECT", "address_changed_at").replace("ID", holder.account_id)
    (row,) = await room.fetch(typed)
    assert (row["address"], row["address_changed_at"]) == (ADDRESS, None)


async def test_a_restricted_account_is_reopened_by_its_holder(room: Room) -> None:
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
