"""Effects that wait at the same time: together in one transaction, and each for itself if one
fails.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from shared.database import Pool, acquire
from shared.errors import DependencyDown
from shared.messaging import effect_batches
from shared.messaging.effect_batches import EffectBatches
from shared.messaging.handlers import SqlEffect
from shared.runtime.tracing import traceparent
from tests.support.servers.bus_fixture import BusFixture
from tests.support.waiting import eventually

CONSUMER = "mailer"
#: Writes a row of a text; an empty one is a division by zero.
WRITE = """
INSERT INTO inbox (consumer, message_id)
SELECT $3::text, gen_random_uuid() FROM first WHERE 1 / length($3) >= 0
"""
#: Rows that effects change, each by its text.
ADD = """
INSERT INTO replies (type, idempotency_key, content_hash, expires_at) VALUES ($1, $1, '', now())
"""
TOUCH = "UPDATE replies SET subject = 'touched' FROM first WHERE type = $3 RETURNING type"
HOLD = "UPDATE replies SET expires_at = now() WHERE type = $1"
IS_FREE = "SELECT FROM replies WHERE type = $1 FOR UPDATE SKIP LOCKED"
TOUCHED = "SELECT count(*) FROM replies WHERE subject = 'touched'"
WRITTEN = "SELECT consumer, xmin::text FROM inbox WHERE consumer <> $1 ORDER BY consumer"
WAITING_FOR_LOCK = """
SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def effect(text: object) -> SqlEffect:
    return SqlEffect(WRITE, (text,))


@pytest.fixture
async def pool(bus: BusFixture) -> Pool:
    return await bus.pool(CONSUMER)


async def written(pool: Pool) -> list[tuple[str, str]]:
    """The texts, each with its transaction."""
    return [tuple(row) for row in await pool.fetch(WRITTEN, CONSUMER)]


@asynccontextmanager
async def one_at_the_database(pool: Pool, batches: EffectBatches) -> AsyncIterator[None]:
    """Until the end, an effect waits for a lock of its table."""
    async with acquire(pool) as connection:
        async with connection.transaction():
            await connection.execute("LOCK TABLE inbox IN SHARE MODE")
            first = asyncio.create_task(batches.apply(str(uuid4()), effect("first")))
            await eventually(lambda: _is_waiting(pool))
            yield
        assert await first is True


async def _is_waiting(pool: Pool) -> bool:
    return bool(await pool.fetch(WAITING_FOR_LOCK))


async def applied_together(
    pool: Pool, batches: EffectBatches, messages: Sequence[tuple[str, object]]
) -> list[bool | BaseException | None]:
    """What comes of (message id, text) that come while another one is at the database."""
    async with one_at_the_database(pool, batches):
        tasks = [asyncio.create_task(batches.apply(id_, effect(text))) for id_, text in messages]
        await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_effects_that_wait_are_one_transaction(pool: Pool) -> None:
    messages = [(str(uuid4()), text) for text in "abc"]
    results = await applied_together(pool, EffectBatches(pool, CONSUMER), messages)
    assert results == [True, True, True]
    rows = await written(pool)
    assert [text for text, _ in rows] == ["a", "b", "c", "first"]
    assert len({transaction for _, transaction in rows[:3]}) == 1
    assert rows[3][1] != rows[0][1]


async def test_a_message_that_comes_twice_in_a_batch_has_one_effect(pool: Pool) -> None:
    twice = str(uuid4())
    messages = [(twice, "a"), (str(uuid4()), "b"), (twice, "a")]
    results = await applied_together(pool, EffectBatches(pool, CONSUMER), messages)
    assert results == [True, True, False]
    assert [text for text, _ in await written(pool)] == ["a", "b", "first"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [("", asyncpg.DivisionByZeroError), (7, asyncpg.DataError), ("\0", asyncpg.DataError)],
)
async def test_the_effect_that_fails_fails_alone(
    pool: Pool, wrong: object, error: type[Exception]
) -> None:
    """Whether the server refuses it or the driver cannot send it."""
    messages = [(str(uuid4()), "a"), (str(uuid4()), wrong), (str(uuid4()), "b")]
    first, failed, last = await applied_together(pool, EffectBatches(pool, CONSUMER), messages)
    assert (first, last) == (True, True)
    assert isinstance(failed, error | asyncpg.CharacterNotInRepertoireError)
    assert [text for text, _ in await written(pool)] == ["a", "b", "first"]


async def test_statements_that_are_applied_alone_are_in_their_own_traces(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is logged about them bears the id of their own message."""
    found: list[tuple[str, str | None]] = []

    async def note(_connection: object, _consumer: str, message_id: str, _effect: object) -> bool:
        found.append((message_id, traceparent.get()))
        return True

    batches = EffectBatches(pool, CONSUMER)
    ids = [str(uuid4()) for _ in range(3)]

    async def handle(message_id: str, text: object) -> bool | None:
        traceparent.set(f"trace of {message_id}")
        return await batches.apply(message_id, effect(text))

    async with one_at_the_database(pool, batches):
        tasks = [asyncio.create_task(handle(*one)) for one in zip(ids, ("a", 7, "b"), strict=True)]
        await asyncio.sleep(0)
        monkeypatch.setattr(effect_batches, "apply_once", note)
    await asyncio.gather(*tasks)
    assert found == [(one, f"trace of {one}") for one in ids]


async def test_a_batch_does_not_wait_for_what_is_applied_alone(pool: Pool) -> None:
    """Such as an effect that waits for a lock, after another one of its batch has failed."""
    batches = EffectBatches(pool, CONSUMER)
    for number in "12":
        await pool.execute(ADD, number)

    def touch(number: object) -> asyncio.Task[bool | None]:
        return asyncio.create_task(batches.apply(str(uuid4()), SqlEffect(TOUCH, (number,))))

    async with acquire(pool) as connection, connection.transaction():
        await connection.execute(HOLD, "1")
        tasks = [touch(number) for number in ("0", 7, "1")]
        await eventually(lambda: _is_waiting(pool))
        async with asyncio.timeout(5):
            assert await touch("2") is True
    first, failed, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert (first, last) == (True, True)
    assert isinstance(failed, asyncpg.DataError)


async def test_a_handler_that_is_cut_does_not_hold_up_the_others(pool: Pool) -> None:
    batches = EffectBatches(pool, CONSUMER)
    async with one_at_the_database(pool, batches):
        cut = asyncio.create_task(batches.apply(str(uuid4()), effect("cut")))
        other = asyncio.create_task(batches.apply(str(uuid4()), effect("other")))
        await asyncio.sleep(0)
        cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    assert await other is True
    # What was cut before its batch began is not applied: it comes again.
    assert [text for text, _ in await written(pool)] == ["first", "other"]


async def test_where_all_that_wait_are_cut_there_is_no_batch(pool: Pool) -> None:
    """As when a service stops; what comes later is applied as ever."""
    batches = EffectBatches(pool, CONSUMER)
    async with one_at_the_database(pool, batches):
        cut = [asyncio.create_task(batches.apply(str(uuid4()), effect("cut"))) for _ in range(2)]
        await asyncio.sleep(0)
        for one in cut:
            one.cancel()
    await asyncio.gather(*cut, return_exceptions=True)
    assert await batches.apply(str(uuid4()), effect("later")) is True
    assert [text for text, _ in await written(pool)] == ["first", "later"]


async def test_what_was_cut_is_not_applied_alone(pool: Pool) -> None:
    """It was in a batch that failed after the cut."""
    batches = EffectBatches(pool, CONSUMER)
    for number in "12":
        await pool.execute(ADD, number)
    async with acquire(pool) as connection, connection.transaction():
        await connection.execute(HOLD, "1")
        alone, held, failed, cut = (
            asyncio.create_task(batches.apply(str(uuid4()), SqlEffect(TOUCH, (text,))))
            for text in ("0", "1", "\0", "2")
        )
        await eventually(lambda: _is_waiting(pool))
        cut.cancel()
    assert await asyncio.gather(alone, held) == [True, True]
    await asyncio.gather(failed, cut, return_exceptions=True)
    # It would have been applied beside the others, whose statements have ended.
    await eventually(lambda: pool.get_idle_size() == pool.get_size())
    assert await pool.fetchval(TOUCHED) == 1


async def test_rows_are_locked_in_the_same_order_by_every_batch(pool: Pool) -> None:
    """Whatever the order of the messages: two processes would wait for each other."""
    batches = EffectBatches(pool, CONSUMER)
    for number in "12":
        await pool.execute(ADD, number)
    async with acquire(pool) as connection, connection.transaction():
        await connection.execute(HOLD, "1")
        async with one_at_the_database(pool, batches):
            tasks = [
                asyncio.create_task(
                    batches.apply(str(uuid4()), SqlEffect(TOUCH, (number,), row=number))
                )
                for number in "021"
            ]
            await asyncio.sleep(0)
        await eventually(lambda: _is_waiting(pool))
        assert len(await connection.fetch(IS_FREE, "2")) == 1
    assert await asyncio.gather(*tasks) == [True, True, True]
    assert await pool.fetchval(TOUCHED) == 2


async def test_a_batch_that_waits_in_a_circle_is_applied_one_by_one(pool: Pool) -> None:
    """Another transaction holds a row of it, and asks for one that it holds."""
    batches = EffectBatches(pool, CONSUMER)
    for number in "12":
        await pool.execute(ADD, number)
    async with acquire(pool) as connection, connection.transaction():
        async with one_at_the_database(pool, batches):
            tasks = [
                asyncio.create_task(batches.apply(str(uuid4()), SqlEffect(TOUCH, (number,))))
                for number in "12"
            ]
            await asyncio.sleep(0)
            await connection.execute(HOLD, "2")
        await eventually(lambda: _is_waiting(pool))
        await connection.execute(HOLD, "1")
    assert await asyncio.gather(*tasks) == [True, True]
    assert await pool.fetchval(TOUCHED) == 2


async def test_all_that_wait_learn_that_the_database_is_away(pool: Pool) -> None:
    """The first one alone, and those that came after it together."""
    batches = EffectBatches(pool, CONSUMER)
    await pool.close()
    results = await asyncio.gather(
        *(batches.apply(str(uuid4()), effect(text)) for text in "abc"), return_exceptions=True
    )
    assert [type(one) for one in results] == [DependencyDown] * 3
    assert len({id(one) for one in results}) == 3
