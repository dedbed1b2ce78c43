"""Concurrent changes of one account: no deadlock, and one consistent result (CR-12)."""

from __future__ import annotations

import asyncio

from services.registration.purge import purge
from shared.contracts import registration as contracts
from shared.messaging.handlers import Refused
from tests.integration.registration.conftest import OpenRoom
from tests.integration.registration.holder import ADDRESS, Holder, forgotten, lost
from tests.integration.registration.room import OTHER_PASSWORD, PASSWORD, Room


async def test_cr_12_concurrent_changes_of_one_account_lock_in_one_order(
    room_with: OpenRoom, public: dict[str, str]
) -> None:
    """Sign-ins from many networks, changes, resets, freezes, events and the purge, eight times."""
    limits = {"IMPEX_RESETS_PER_ADDRESS": "100", "IMPEX_REQUESTS_PER_ADDRESS": "100"}
    async with room_with(**public, **limits) as room:
        holder = await Holder.of(room)
        failed: list[BaseException] = []
        for number in range(8):
            reset = holder.reset(await _link(room, holder), OTHER_PASSWORD)
            acts = [
                room.ask(reset),
                room.ask(reset),
                room.ask(holder.change(PASSWORD, OTHER_PASSWORD)),
                room.ask(holder.change(OTHER_PASSWORD, PASSWORD)),
                room.ask(holder.check(PASSWORD)),
                *(room.ask(room.sign_in(ADDRESS, PASSWORD, f"10.0.{n}.0/24")) for n in range(4)),
                *(room.ask(room.sign_in(ADDRESS, "x", f"10.0.{n}.0/24")) for n in range(4)),
                room.ask(room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,))),
                room.ask(room.form(password=OTHER_PASSWORD)),
                room.ask(forgotten()),
                room.ask(lost(stolen=True)),
                room.ask(holder.send_code(renew=True)),
                room.ask(holder.code("123456")),
                holder.disavow(holder.disavowal(mail=f"{number:032x}")),
                holder.opens_session(),
                holder.replaces_phone(days_ago=30),
                purge(room.pool, room.now),
            ]
            answers = await asyncio.gather(*acts, return_exceptions=True)
            failed += [
                each
                for each in answers
                if isinstance(each, BaseException) and not isinstance(each, Refused)
            ]
            room.later(hours=25)
        assert failed == []


async def _link(room: Room, holder: Holder) -> str:
    """A link for a new password, which also unfreezes the account of the round before."""
    token = await holder.reset_link()
    await room.ask(holder.reset(token, PASSWORD))
    await holder.opens_session()
    assert (await holder.row())["state"] == "active"
    await room.ask(forgotten())
    return await holder.secret(contracts.PasswordResetRequested)
