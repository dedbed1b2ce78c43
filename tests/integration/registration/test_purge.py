"""Deletion of cancelled and expired data, without remains."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from services.registration import purge as purge_module
from services.registration.purge import purge
from shared.contracts import registration as contracts
from shared.database import transaction
from shared.messaging.rpc_codec import encode_reply
from shared.outbox import replies
from tests.integration.registration.room import OTHER_PASSWORD, Room
from tests.support.waiting import eventually


async def test_re_14_cancelling_leaves_nothing(room: Room) -> None:
    view = await room.request()
    (code, link), *_ = await room.letters()
    assert await room.ask(contracts.CancelRequest(request_id=view.request_id)) == contracts.Done()
    assert await room.count("requests") == await room.count("links") == 0
    ((_, subject, event),) = await room.said(contracts.RequestCancelled)
    assert event.request_id == view.request_id
    assert subject == (await room.said(contracts.AccountRequested))[0][1]
    assert (await room.ask(room.open_link(link))).state == "gone"
    for request in (
        room.code(view.request_id, code),
        room.resend(view.request_id),
        room.correct(view.request_id, "p@autre.fr"),
        room.accept(view.request_id),
        contracts.DescribeRequest(request_id=view.request_id),
    ):
        assert (await room.refusal(request)).slug == "request_gone"
    assert (await room.refusal(room.link(link, view.request_id))).slug == "link_gone"
    assert await room.ask(contracts.CancelRequest(request_id=view.request_id)) == contracts.Done()
    assert len(await room.events(contracts.RequestCancelled)) == 1


async def keep_answer(room: Room, view: contracts.RequestView) -> None:
    """Store a request's reply as the RPC server does, for repeated requests with its key."""
    kind = contracts.RequestAccount.TYPE
    async with transaction(room.pool) as tx:
        await replies.claim(tx, room.form(), view.request_id, b"")
        await replies.save(tx, kind, view.request_id, encode_reply(view))


async def rows_with(room: Room, text: str) -> list[str]:
    """The tables that contain a text in any column, except unpublished events."""
    tables = await room.fetch(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 "
        "AND table_name <> 'outbox'",
        "registration",
    )
    found = []
    for table in sorted(row["name"] for row in tables):
        sql = f"SELECT 1 FROM {table} AS t WHERE strpos(t::text, $1) > 0"
        found += [table] if await room.fetch(sql, text) else []
    return found


async def test_re_14_no_row_contains_what_was_typed_once_a_request_is_cancelled(room: Room) -> None:
    """Neither a stored reply nor a counter contains the address."""
    view, other = await room.request(), await room.request("paul@labo.fr")
    await keep_answer(room, view)
    await keep_answer(room, other)
    await room.refusal(room.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    assert "replies" in await rows_with(room, "pierre@labo.fr")
    await room.ask(contracts.CancelRequest(request_id=view.request_id))
    assert await rows_with(room, "pierre@labo.fr") == []
    assert await room.count("replies") == 1


async def test_re_11_no_stored_reply_outlives_its_request(room: Room) -> None:
    """Neither an expired request nor one voided by another verification."""
    await keep_answer(room, await room.request())
    await room.verified()
    assert await room.count("replies") == 0
    await keep_answer(room, await room.request("paul@labo.fr"))
    room.later(days=3)
    await purge(room.pool, room.now)
    assert await room.count("replies") == 0


async def test_b_04_a_password_typed_as_the_address_is_stored_nowhere(room: Room) -> None:
    await room.refusal(room.sign_in("Secret4Nobody", "x"))
    assert await rows_with(room, "ecret4") == []


async def test_re_14_a_verified_request_can_be_cancelled_and_an_account_cannot(room: Room) -> None:
    request_id = await room.verified()
    await room.ask(contracts.CancelRequest(request_id=request_id))
    assert await room.count("requests") == 0
    request_id = await room.verified("paul@labo.fr")
    await room.ask(room.accept(request_id))
    refusal = await room.refusal(contracts.CancelRequest(request_id=request_id))
    assert refusal.slug == "account_exists"
    assert await room.count("accounts") == 1


async def test_re_11_unverified_requests_are_deleted_after_two_days(room: Room) -> None:
    old = await room.request()
    room.later(hours=47, minutes=59)
    young = await room.request("paul@labo.fr")
    assert await purge(room.pool, room.now) == 0
    room.later(minutes=1)
    assert await purge(room.pool, room.now) == 1
    (expired,) = await room.events(contracts.RequestExpired)
    assert expired.request_id == old.request_id
    assert [str(row["id"]) for row in await room.fetch("SELECT id FROM requests")] == [
        young.request_id
    ]
    assert await room.count("links") == 1


async def test_re_11_two_purges_at_once_delete_each_request_once(room: Room) -> None:
    for number in range(6):
        await room.request(f"p{number}@labo.fr")
    room.later(days=3)
    done = await asyncio.gather(*(purge(room.pool, room.now) for _ in range(4)))
    assert sum(done) == 6
    assert len(await room.events(contracts.RequestExpired)) == 6


async def test_re_11_a_created_request_is_deleted_without_event_and_the_account_stays(
    room: Room,
) -> None:
    await room.account()
    room.later(hours=24)
    assert await purge(room.pool, room.now) == 1
    assert await room.events(contracts.RequestExpired) == []
    assert await room.count("accounts") == 1


async def test_rate_limits_are_deleted_too(room: Room) -> None:
    await room.request()
    await room.refusal(room.sign_in("x@y.fr", "z"))
    room.later(days=1)
    await purge(room.pool, room.now)
    assert await room.count("counters") == 0


async def test_the_purge_does_not_wait_for_a_counter_in_use(room: Room) -> None:
    await room.refusal(room.sign_in("x@y.fr", "z"))
    await room.refusal(room.sign_in("a@y.fr", "z"))
    room.later(days=1)
    async with transaction(room.pool) as tx:
        await tx.execute(
            "SELECT 1 FROM counters WHERE kind = 'sign_in_address' AND key = $1 FOR UPDATE",
            room.deps.rate_limit_key("x@y.fr"),
        )
        async with asyncio.timeout(5):
            await purge(room.pool, room.now)
        assert await room.count("counters") == 1


async def test_a_purge_continues_after_a_database_error(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A purge that ended would stop the service."""
    done: list[int] = []

    async def refused_once(*_: object) -> int:
        done.append(1)
        if len(done) == 1:
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return 0

    monkeypatch.setattr(purge_module, "purge", refused_once)
    monkeypatch.setattr(purge_module, "EVERY_SECONDS", 0.01)
    task = asyncio.create_task(purge_module.purge_periodically(room.pool, room.clock, lambda: None))
    await eventually(lambda: len(done) > 1 or task.done())
    assert not task.done()
    task.cancel()
