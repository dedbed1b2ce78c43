"""Outbox, inbox and kept replies, on their own."""

import asyncio
from typing import Any

import asyncpg
import pytest

from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest
from shared.database import migrate, transaction
from shared.messaging import hears, topology
from shared.messaging.envelope import new_id
from shared.messaging.outbox_relay import Relay
from shared.messaging.service_bus import ServiceBus
from shared.outbox import MIGRATIONS, emit, inbox, mark_processed, oldest_age, replies
from tests.support.schema_fingerprint import schema_fingerprint
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel, now
from tests.support.waiting import eventually


def _said(number: int) -> RequestCancelled:
    return RequestCancelled(request_id=str(number))


async def test_two_relays_publish_each_fact_once(bus: BusFixture) -> None:
    """They skip each other's rows, so nobody waits and nothing goes out twice."""
    heard = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, heard),))
    first: ServiceBus = await bus.node("registration", emits=(RequestCancelled,))
    await bus.node("registration", emits=(RequestCancelled,))
    ids = await bus.emit(first, *map(_said, range(500)))
    await eventually(lambda: _rows(bus, "outbox", 0))
    await eventually(lambda: len(heard) == 500)
    assert sorted(heard.ids) == sorted(ids)


async def _rows(bus: BusFixture, table: str, number: int) -> bool:
    return await bus.count("registration", table) == number


async def test_a_refused_fact_stays_with_the_reason_and_goes_out_later(bus: BusFixture) -> None:
    """A full queue refuses; the backlog waits in PostgreSQL and the others are not held up."""
    heard = RecordingHandler()
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_declare(
            "full",
            durable=True,
            arguments={"x-max-length": 1, "x-overflow": "reject-publish"},
        )
        await admin.queue_bind("full", topology.EVENTS, RequestCancelled.TYPE)
        registration = await bus.node("registration", emits=(RequestCancelled,))
        await bus.emit(registration, _said(1), _said(2))
        await eventually(lambda: _rows(bus, "outbox", 1))
        row = await eventually(lambda: _failed(bus))
        assert row["last_error"] == "the broker refused the message"
        assert row["next_at"] > row["created_at"]
        await admin.queue_delete("full")
    await bus.node("mailer", hears=(hears(RequestCancelled, heard),))
    await eventually(lambda: _rows(bus, "outbox", 0), 60)


async def _failed(bus: BusFixture) -> Any:
    pool = await bus.pool("registration")
    return await pool.fetchrow("SELECT * FROM outbox WHERE attempts > 0")


async def test_a_relay_that_is_not_woken_looks_by_itself(bus: BusFixture) -> None:
    """Polling is the truth, waking is a courtesy."""
    heard = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, heard),))
    await bus.node("registration", emits=(RequestCancelled,))
    async with transaction(await bus.pool("registration")) as tx:
        await emit(tx, "registration", _said(1), subject=None, now=now())
    await eventually(lambda: len(heard) == 1, 60)


async def test_nobody_says_what_is_anothers(bus: BusFixture) -> None:
    """Found where it is said."""
    async with transaction(await bus.pool("registration")) as tx:
        mail = MailAccepted(mail_id="m", cause="c", template="t", at=now())
        with pytest.raises(ValueError, match="which is mailer's"):
            await emit(tx, "registration", mail, subject=None, now=now())


async def test_a_second_delivery_waits_for_the_first_and_knows_its_end(bus: BusFixture) -> None:
    """Two deliveries at the same moment: one effect; after a rollback the second is the first."""
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


async def test_old_rows_are_forgotten_and_young_ones_kept(bus: BusFixture) -> None:
    """Thirty days for the inbox, its own time for each reply; in batches."""
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


async def test_a_reply_that_ran_out_no_longer_answers(bus: BusFixture) -> None:
    """The key is free again, even before the clean-up has come by."""
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


async def test_of_a_person_who_gives_up_no_answer_is_kept(bus: BusFixture) -> None:
    """Those about the request go, others stay, and so does the one that is being given."""
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
    kept = await pool.fetch("SELECT idempotency_key FROM replies ORDER BY 1")
    assert [row["idempotency_key"] for row in kept] == ["b", "c", "d"]


async def test_mq_07_the_age_of_the_oldest_fact_is_measured(bus: BusFixture) -> None:
    """MQ-07: zero when all is out."""
    pool = await bus.pool("registration")
    assert await oldest_age(pool) == 0
    async with transaction(pool) as tx:
        await emit(tx, "registration", _said(1), subject=None, now=now())
    await pool.execute("UPDATE outbox SET created_at = now() - interval '90 seconds'")
    assert 89 < await oldest_age(pool) < 120


async def test_db_01_a_service_changes_rows_and_nothing_else(bus: BusFixture) -> None:
    """DB-01: no table of its own making, no other schema."""
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
    """Applied twice they change nothing."""
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
            await emit(tx, "registration", _said(number), subject=None, now=now())
    published: list[str] = []

    class Everything:
        """Confirms whatever it is given."""

        async def publish(self, _body: bytes, properties: Any, **_: Any) -> None:
            """Note it."""
            published.append(properties.message_id)

    relay = Relay(pool, Everything())  # type: ignore[arg-type]
    assert [await relay.publish_batch() for _ in range(3)] == [100, 30, 0]
    assert len(set(published)) == 130
