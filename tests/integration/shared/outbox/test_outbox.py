"""Outbox, inbox and stored replies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest
from shared.database import migrate, open_pool, ping, transaction
from shared.errors import DependencyDown
from shared.messaging import hears, outbox_relay, topology
from shared.messaging.envelope import new_id
from shared.messaging.outbox_relay import BATCH, MAX_RESERVED, Relay
from shared.messaging.service_bus import ServiceBus
from shared.outbox import (
    MIGRATIONS,
    OutboxRow,
    emit,
    inbox,
    insert_reserved,
    mark_processed,
    outbox_row,
    replies,
)
from tests.support.schema_fingerprint import schema_fingerprint
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel, now
from tests.support.waiting import eventually


def _cancelled(number: int) -> RequestCancelled:
    return RequestCancelled(request_id=str(number))


async def test_two_relays_publish_each_event_once(bus: BusFixture) -> None:
    """They skip each other's rows, so neither waits and nothing is published twice."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    first: ServiceBus = await bus.node("registration", emits=(RequestCancelled,))
    await bus.node("registration", emits=(RequestCancelled,))
    async with _copies(bus) as published:
        ids = await bus.emit(first, *map(_cancelled, range(500)))
        await eventually(lambda: _rows(bus, "outbox", 0))
        await eventually(lambda: len(handler) == 500)
        assert await published() == 500
    assert sorted(handler.ids) == sorted(ids)


@asynccontextmanager
async def _copies(bus: BusFixture) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Counts what is published, while it is open: a handler sees once what comes twice."""
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_declare("copies", durable=True)
        await admin.queue_bind("copies", topology.EVENTS, RequestCancelled.TYPE)

        async def count() -> int:
            return (await admin.queue_declare("copies", passive=True)).message_count or 0

        yield count
        await admin.queue_delete("copies")


async def _rows(bus: BusFixture, table: str, number: int) -> bool:
    return await bus.count("registration", table) == number


async def test_a_refused_event_stays_with_the_reason_and_is_published_later(
    bus: BusFixture,
) -> None:
    """A full queue refuses; the backlog waits in PostgreSQL and others are not delayed."""
    handler = RecordingHandler()
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_declare(
            "full",
            durable=True,
            arguments={"x-max-length": 1, "x-overflow": "reject-publish"},
        )
        await admin.queue_bind("full", topology.EVENTS, RequestCancelled.TYPE)
        registration = await bus.node("registration", emits=(RequestCancelled,))
        await bus.emit(registration, _cancelled(1), _cancelled(2))
        await eventually(lambda: _rows(bus, "outbox", 1))
        row = await eventually(lambda: _failed(bus))
        assert row["last_error"] == "the broker refused the message"
        assert row["next_at"] > row["created_at"]
        await admin.queue_delete("full")
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    await eventually(lambda: _rows(bus, "outbox", 0), 60)


async def _failed(bus: BusFixture) -> Any:
    pool = await bus.pool("registration")
    return await pool.fetchrow("SELECT * FROM outbox WHERE attempts > 0")


async def test_a_relay_that_is_not_notified_polls(bus: BusFixture) -> None:
    """Polling guarantees progress; notifications only speed it up."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    await bus.node("registration", emits=(RequestCancelled,))
    async with transaction(await bus.pool("registration")) as tx:
        await emit(tx, "registration", _cancelled(1), subject=None, now=now())
    await eventually(lambda: len(handler) == 1, 60)


async def _reserve(bus: BusFixture, *events: RequestCancelled) -> list[OutboxRow]:
    """Commit events as a handler does: their rows are left to its own process at first."""
    rows = [outbox_row("registration", event, subject=None, now=now()) for event in events]
    async with transaction(await bus.pool("registration")) as tx:
        await insert_reserved(tx, rows)
    return rows


async def test_a_process_publishes_what_it_committed_and_no_other_does(bus: BusFixture) -> None:
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    first = await bus.node("registration", emits=(RequestCancelled,))
    second = await bus.node("registration", emits=(RequestCancelled,))
    async with _copies(bus) as published:
        rows = await _reserve(bus, *map(_cancelled, range(250)))
        second.relay.wake()
        first.relay.publish_reserved(rows)
        await eventually(lambda: _rows(bus, "outbox", 0))
        await eventually(lambda: len(handler) == 250)
        assert await published() == 250
    assert sorted(handler.ids) == sorted(row.message_id for row in rows)


async def test_what_a_process_did_not_come_to_publish_another_does(bus: BusFixture) -> None:
    """It may be killed between the commit and the confirm."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    await bus.node("registration", emits=(RequestCancelled,))
    await _reserve(bus, _cancelled(1))
    await eventually(lambda: len(handler) == 1, 60)
    await eventually(lambda: _rows(bus, "outbox", 0))


async def test_reserved_rows_that_are_refused_stay_with_the_reason(bus: BusFixture) -> None:
    """Those of the same batch that were confirmed are deleted."""
    async with channel(bus.broker.admin_url) as admin:
        full = {"x-max-length": 1, "x-overflow": "reject-publish"}
        await admin.queue_declare("full", durable=True, arguments=full)
        await admin.queue_bind("full", topology.EVENTS, RequestCancelled.TYPE)
        registration = await bus.node("registration", emits=(RequestCancelled,))
        registration.relay.publish_reserved(await _reserve(bus, _cancelled(1), _cancelled(2)))
        await eventually(lambda: _rows(bus, "outbox", 1))
        row = await eventually(lambda: _failed(bus), 60)
        assert row["last_error"] == "the broker refused the message"
        await admin.queue_delete("full")


class _Slow:
    """A publisher whose broker takes `first` messages and is then blocked until `free`; `down`
    loses the connection."""

    def __init__(self, down: bool = False, first: int = 0) -> None:
        self.connection = SimpleNamespace(is_up=True, user="registration", wait_up=self._up)
        self.free = asyncio.Event()
        self.down = down
        self.first = first
        self.waiting = 0
        self.published: list[str] = []

    async def _up(self) -> None:
        """The connection is up."""

    async def publish(self, _body: bytes, properties: Any, **_: Any) -> None:
        """Confirm a message once the broker takes any."""
        if len(self.published) >= self.first:
            self.waiting += 1
            await self.free.wait()
        if self.down:
            raise DependencyDown("broker", "lost")
        self.published.append(properties.message_id)


def _row(number: int) -> OutboxRow:
    return OutboxRow(new_id(), RequestCancelled.TYPE, str(number).encode())


async def test_what_a_blocked_broker_does_not_take_waits_in_the_outbox(bus: BusFixture) -> None:
    """Not in memory; and rows that come in the meantime do not keep the relay from polling."""
    publisher = _Slow()
    relay = Relay(await bus.pool("registration"), publisher)  # type: ignore[arg-type]
    for number in range(3 * MAX_RESERVED):
        relay.publish_reserved([_row(number)])
    publishing = asyncio.create_task(relay._until_empty())
    await asyncio.sleep(0)
    relay.publish_reserved([_row(0)])
    publisher.free.set()
    assert await publishing
    assert len(publisher.published) == MAX_RESERVED


async def test_confirmed_rows_are_deleted_together(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little later, and at once where the service stops or polls."""
    monkeypatch.setattr(outbox_relay, "DELETE_AFTER", 60)
    publisher = _Slow()
    publisher.free.set()
    relay = Relay(await bus.pool("registration"), publisher)  # type: ignore[arg-type]
    for number in range(3):
        relay.publish_reserved(await _reserve(bus, _cancelled(number)))
        assert await relay._guarded(relay._publish_all_reserved)
    assert len(publisher.published) == 3
    assert await _rows(bus, "outbox", 3)
    assert await relay._until_empty()
    assert await _rows(bus, "outbox", 0)
    assert len(publisher.published) == 3


async def test_after_an_outage_only_the_outbox_names_what_is_published(bus: BusFixture) -> None:
    """Another process may have published it, and its inbox entry be gone, when we are back."""
    publisher = _Slow(down=True)
    relay = Relay(await bus.pool("registration"), publisher)  # type: ignore[arg-type]
    publisher.free.set()
    relay.publish_reserved([_row(number) for number in range(250)])
    assert not await relay._until_empty()
    publisher.down = False
    assert await relay._until_empty()
    assert publisher.published == []


async def test_a_backlog_is_published_whole_once_the_broker_is_back(bus: BusFixture) -> None:
    """Batches that are published at the same time share no row; while it is away, all stay."""
    publisher = _Slow(down=True)
    publisher.free.set()
    pool = await bus.pool("registration")
    relay = Relay(pool, publisher)  # type: ignore[arg-type]
    async with transaction(pool) as tx:
        for number in range(4 * BATCH + 30):
            await emit(tx, "registration", _cancelled(number), subject=None, now=now())
    assert not await relay._until_empty()
    assert await _rows(bus, "outbox", 4 * BATCH + 30)
    publisher.down = False
    assert await relay._until_empty()
    assert await _rows(bus, "outbox", 0)
    assert len(set(publisher.published)) == len(publisher.published) == 4 * BATCH + 30


@pytest.mark.parametrize(("connections", "batches"), [(2, 1), (3, 2)])
async def test_a_backlog_leaves_a_connection_to_everybody_else(
    bus: BusFixture, connections: int, batches: int
) -> None:
    """However long the broker does not confirm; and what it then does not take stays."""
    await bus.pool("registration")
    pool = await open_pool(bus.database.url("registration"), "registration", "few", connections)
    async with transaction(pool) as tx:
        for number in range(4 * BATCH):
            await emit(tx, "registration", _cancelled(number), subject=None, now=now())
    publisher = _Slow(first=BATCH)
    relay = Relay(pool, publisher)  # type: ignore[arg-type]
    publishing = asyncio.create_task(relay.publish_due())
    await eventually(lambda: publisher.waiting == batches * BATCH)
    await ping(pool)
    publisher.down = True
    publisher.free.set()
    with pytest.raises(DependencyDown):
        await publishing
    assert await _rows(bus, "outbox", 3 * BATCH)
    await pool.close()


async def test_a_service_cannot_emit_an_event_of_another(bus: BusFixture) -> None:
    """The error is raised by `emit`."""
    async with transaction(await bus.pool("registration")) as tx:
        mail = MailAccepted(mail_id="m", cause="c", template="t", at=now())
        with pytest.raises(ValueError, match="which is mailer's"):
            await emit(tx, "registration", mail, subject=None, now=now())


async def test_a_second_delivery_waits_for_the_first_and_its_outcome(bus: BusFixture) -> None:
    """Two deliveries at the same moment: one effect; after a rollback the second is applied."""
    pool = await bus.pool("registration")
    message_id = new_id()

    async def deliver(*, fail: bool) -> bool:
        async with transaction(pool) as tx:
            first = await mark_processed(tx, "registration", message_id)
            await asyncio.sleep(0.1)
            if fail:
                raise ZeroDivisionError
            return first

    with pytest.raises(ZeroDivisionError):
        await deliver(fail=True)
    got = await asyncio.gather(deliver(fail=False), deliver(fail=False))
    assert sorted(got) == [False, True]


async def test_old_rows_are_purged_and_recent_ones_stay(bus: BusFixture) -> None:
    """Thirty days for the inbox, an expiry for each reply; in batches."""
    pool = await bus.pool("registration")
    await pool.executemany(
        "INSERT INTO inbox VALUES ('registration', $1, now() - make_interval(days => $2))",
        [(new_id(), 31) for _ in range(25)] + [(new_id(), 29) for _ in range(5)],
    )
    await pool.executemany(
        "INSERT INTO replies VALUES ('t', $1, '', '{}', now(), now() + make_interval(secs => $2))",
        [("old", -1.0), ("young", 60.0)],
    )
    assert await inbox.purge(pool, batch=10) == 26
    assert await bus.count("registration", "inbox") == 5
    assert await pool.fetchval("SELECT idempotency_key FROM replies") == "young"


async def test_an_expired_reply_is_no_longer_used(bus: BusFixture) -> None:
    """The key is free again, even before the purge."""
    pool = await bus.pool("registration")
    order = CancelRequest(request_id="r")
    async with transaction(pool) as tx:
        assert await replies.claim(tx, order, "k", b"1")
        await replies.save(tx, order.TYPE, "k", b"{}", "r")
    async with transaction(pool) as tx:
        assert not await replies.claim(tx, order, "k", b"1")
        assert await replies.find(tx, order.TYPE, "k") == replies.StoredReply(b"1", b"{}")
    await pool.execute("UPDATE replies SET expires_at = now() - interval '1 second'")
    async with transaction(pool) as tx:
        assert await replies.find(tx, order.TYPE, "k") is None
        assert await replies.claim(tx, order, "k", b"2")


async def test_a_key_that_is_used_again_keeps_nothing_of_its_former_reply(bus: BusFixture) -> None:
    """Its reply was about the account whose replies the repeated request deletes."""
    pool = await bus.pool("registration")
    order = CancelRequest(request_id="r")
    async with transaction(pool) as tx:
        await replies.claim(tx, order, "k", b"1")
        await replies.save(tx, order.TYPE, "k", b"{}", "r")
    await pool.execute("UPDATE replies SET expires_at = now() - interval '1 second'")
    async with transaction(pool) as tx:
        assert await replies.claim(tx, order, "k", b"2")
        assert await replies.delete_by_subject(tx, "r") == 0
        await replies.save(tx, order.TYPE, "k", b"[]", "r")
    assert await replies.find(pool, order.TYPE, "k") == replies.StoredReply(b"2", b"[]")


async def test_answers_about_a_cancelled_request_are_deleted(bus: BusFixture) -> None:
    """Those about the request are deleted, others stay, and so does the current one."""
    pool = await bus.pool("registration")
    order = CancelRequest(request_id="r-1")
    async with transaction(pool) as tx:
        for key, subject in (("a", "r-1"), ("b", "r-2"), ("c", None)):
            await replies.claim(tx, order, key, b"")
            await replies.save(tx, order.TYPE, key, b"{}", subject)
    async with transaction(pool) as tx:
        await replies.claim(tx, order, "d", b"")
        assert await replies.delete_by_subject(tx) == 0
        assert await replies.delete_by_subject(tx, "r-1", "r-9") == 1
        await replies.save(tx, order.TYPE, "d", b"{}", "r-1")
    stored = await pool.fetch("SELECT idempotency_key FROM replies ORDER BY 1")
    assert [row["idempotency_key"] for row in stored] == ["b", "c", "d"]


async def test_db_01_a_service_changes_rows_and_nothing_else(bus: BusFixture) -> None:
    """DB-01: it creates no table and reads no other schema."""
    pool = await bus.pool("registration")
    await bus.pool("mailer")
    for statement in (
        "CREATE TABLE mine (id int)",
        "DROP TABLE outbox",
        "ALTER TABLE inbox ADD COLUMN x int",
        "SELECT * FROM mailer.outbox",
        "INSERT INTO mailer.inbox VALUES ('mailer', gen_random_uuid())",
    ):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidSchemaNameError)):
            await pool.execute(statement)


async def test_the_same_tables_for_every_service(bus: BusFixture) -> None:
    """Applying them twice changes nothing."""
    owner = bus.database.owner_url
    await bus.pool("mailer")
    connection = await asyncpg.connect(owner)
    try:
        before = await schema_fingerprint(connection, "mailer")
        assert await migrate(owner, "mailer", "impex_mailer", [MIGRATIONS]) == []
        assert await schema_fingerprint(connection, "mailer") == before
        for table in ("outbox", "inbox", "replies"):
            assert f"table {table} " in before or f"table mailer.{table} " in before
    finally:
        await connection.close()


async def test_a_batch_is_a_hundred_rows(bus: BusFixture) -> None:
    """A short transaction, however long the backlog."""
    pool = await bus.pool("registration")
    async with transaction(pool) as tx:
        for number in range(130):
            await emit(tx, "registration", _cancelled(number), subject=None, now=now())
    published: list[str] = []

    class Everything:
        """Confirms every message."""

        connection = SimpleNamespace(user="registration")

        async def publish(self, _body: bytes, properties: Any, **_: Any) -> None:
            """Record it."""
            published.append(properties.message_id)

    relay = Relay(pool, Everything())  # type: ignore[arg-type]
    assert [await relay.publish_batch() for _ in range(3)] == [100, 30, 0]
    assert len(set(published)) == 130
