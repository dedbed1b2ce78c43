"""Whose turn it is, and locks that are taken in one order by the worker and by operators."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from services.push import operator_deliveries, store
from services.push.schedule import GIVEN_UP_AFTER, Outcome
from services.push.service import SERVICE
from services.push.store import MAX_AT_ONCE, Delivery
from shared.database import Connection, Pool, acquire, transaction
from shared.runtime.service import utc_now
from tests.support.harness.service_harness import service_pool, service_tables
from tests.support.servers.shared_servers import Database, TestServers
from tests.support.waiting import eventually

LEASE = timedelta(seconds=60)
NOW = utc_now()
DELIVERED = Outcome(kind="delivered", status=200)
UNAVAILABLE = Outcome(kind="unavailable", reason="no connection")


@pytest.fixture
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the service's tables."""
    with service_tables(test_servers, SERVICE) as database:
        yield database


@pytest.fixture
async def pool(tables: Database) -> AsyncIterator[Pool]:
    """The service's sessions."""
    async with service_pool(tables, SERVICE) as made:
        yield made


async def add(tx: Connection, partner: str, events: int) -> None:
    """A partner to whom so many events are due."""
    await store.set_receiver(tx, partner, f"https://{partner}.example/")
    await tx.execute(
        """
        INSERT INTO deliveries (partner, delivery_id, message_id, type, body, said_at, received_at,
            next_at, expires_at)
        SELECT $1, gen_random_uuid(), gen_random_uuid(), 't', '', $2, $2, $2, $3
        FROM generate_series(1, $4)
        """,
        partner,
        NOW,
        NOW + GIVEN_UP_AFTER,
        events,
    )


async def claim(tx: Connection, limit: int) -> list[Delivery]:
    """Claim as the worker does."""
    return await store.claim(tx, limit, uuid4(), LEASE, NOW)


async def test_a_receiver_with_many_events_leaves_a_turn_to_the_others(pool: Pool) -> None:
    """Two slow receivers take all places; the next one that is free is the third receiver's."""
    async with transaction(pool) as tx:
        for partner in ("a", "b", "c"):
            await add(tx, partner, 10)
        taken = await claim(tx, 2 * MAX_AT_ONCE)
        (waiting,) = {"a", "b", "c"} - {one.partner for one in taken}
        assert (await store.record(tx, taken[0], DELIVERED, NOW)).mine
        (following,) = await claim(tx, 1)
    assert following.partner == waiting


async def blocked(pool: Pool) -> None:
    """Wait until a statement waits for a lock."""
    sql = """
        SELECT EXISTS (SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock')
    """
    await eventually(lambda: pool.fetchval(sql), 10, why="a statement that waits")


async def lock_receiver(tx: Connection) -> None:
    """As whoever is about to change a receiver."""
    await tx.execute("SELECT FROM receivers WHERE partner = 'a' FOR UPDATE")


async def test_an_outcome_and_the_end_of_a_partner_wait_for_each_other(pool: Pool) -> None:
    async with transaction(pool) as tx:
        await add(tx, "a", 1)
        (one,) = await claim(tx, 1)

    async def record() -> None:
        async with transaction(pool) as recording:
            await store.record(recording, one, UNAVAILABLE, NOW)

    async with transaction(pool) as tx:
        await lock_receiver(tx)
        recording = asyncio.create_task(record())
        await blocked(pool)
        assert await store.delete_receiver(tx, "a") == 1
    await recording


async def test_a_replay_and_a_receiver_that_answers_again_wait_for_each_other(pool: Pool) -> None:
    async with transaction(pool) as tx:
        await add(tx, "a", 3)
        one, other, third = await claim(tx, 3)
        for each in (one, other):
            await store.record(tx, each, UNAVAILABLE, NOW)

    async def replay() -> bool:
        async with acquire(pool) as connection:
            return await operator_deliveries.replay(connection, "a", other.message_id, NOW)

    async with transaction(pool) as tx:
        await lock_receiver(tx)
        replaying = asyncio.create_task(replay())
        await blocked(pool)
        assert (await store.record(tx, third, DELIVERED, NOW)).back
    assert await replaying
