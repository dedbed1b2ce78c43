"""Our messaging next to bare aio-pika and asyncpg: relay, consumer, request and reply.

Both sides run in the harness's process on uvloop, over connections of the same kind, with bodies
of the same size, in turn. Our side is `shared.messaging` and `shared.outbox` as services use them,
for a service named bench with one event and one request.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from pamqp.commands import Basic

from benchmarks import calls
from benchmarks.common import (
    AMQP_URL,
    DATABASE_URL,
    EFFECT,
    INBOX,
    NOTE,
    TURNS,
    bare_pool,
    count_handled,
    envelope,
    ground,
    now,
    running,
)
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan
from benchmarks.promised import beside_both, handle_as_promised, promised_relay
from benchmarks.sample_service import OWNER, Noted
from shared.database import Pool
from shared.database.pool import COMMAND_SECONDS
from shared.messaging import Context, hears
from shared.messaging.connection import BrokerConnection
from shared.messaging.envelope import Envelope
from shared.messaging.event_processor import PREFETCH
from shared.messaging.handlers import SqlEffect, Subscription, hears_sql
from shared.messaging.outbox_relay import BATCH, BATCHES_AT_ONCE, Relay
from shared.messaging.publisher import Publisher
from shared.messaging.service_bus import ServiceBus
from shared.messaging.topology import EVENTS

LOOK_SECONDS = 0.02
#: Messages: the id and the bytes of each.
Rows = list[tuple[str, bytes]]
#: Publishes that the relay has in flight at most.
IN_FLIGHT = BATCHES_AT_ONCE * BATCH
#: The same as an effect that is carried out with its inbox row.
WITH_INBOX = "INSERT INTO effects (id, note) SELECT $3::uuid, $4::text FROM first"
OUTBOX = "INSERT INTO outbox (message_id, type, body) VALUES ($1, $2, $3)"


def properties(message_id: str) -> Basic.Properties:
    return Basic.Properties(delivery_mode=2, message_id=message_id, message_type=Noted.TYPE)


async def relay(environment: Environment, plan: Plan) -> list[Line]:
    """Outbox rows to confirmed publishes, next to the same number of bare pipelined publishes."""
    rates = []
    async with ground(environment) as (pool, link, bare):
        channel = await bare.channel(publisher_confirms=True)
        queue = await channel.get_queue(OWNER)
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        ours = Relay(pool, Publisher(link))

        async def per_second(rows: Rows, publish: Callable[[], Awaitable[None]]) -> float:
            begin = time.perf_counter()
            await publish()
            spent = time.perf_counter() - begin
            await queue.purge()
            return len(rows) / spent

        async def publish_bare() -> None:
            for at in range(0, len(rows), IN_FLIGHT):
                await asyncio.gather(
                    *(
                        exchange.publish(
                            aio_pika.Message(body, delivery_mode=2, message_id=id_), Noted.TYPE
                        )
                        for id_, body in rows[at : at + IN_FLIGHT]
                    )
                )

        for _ in range(TURNS * plan.rounds):
            rows = await _write_outbox(pool, plan.messages)
            by_us = await per_second(rows, ours.publish_due)
            by_bare = await per_second(rows, publish_bare)
            await _write_outbox(pool, plan.messages)
            promised = await per_second(rows, lambda: promised_relay(bare, pool))
            rates.append((by_us, by_bare, promised))
    floor_name = f"bare publishes with confirms, {IN_FLIGHT} in flight"
    return beside_both("relay: outbox row -> confirmed", "/s", rates, floor_name, at_least=0.9)


async def _write_outbox(pool: Pool, count: int) -> Rows:
    rows = [envelope() for _ in range(count)]
    await pool.executemany(OUTBOX, [(id_, Noted.TYPE, body.decode()) for id_, body in rows])
    return rows


async def fill(link: BrokerConnection, count: int) -> None:
    """Put `count` events into the queue, as the relay would."""
    publisher = Publisher(link)
    for at in range(0, count, BATCH):
        rows = [envelope() for _ in range(min(BATCH, count - at))]
        await asyncio.gather(
            *(
                publisher.publish(body, properties(id_), exchange=EVENTS, key=Noted.TYPE)
                for id_, body in rows
            )
        )


class Countdown:
    """Set once `count` things have happened."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done = asyncio.Event()

    def one(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.done.set()


def by_handler(begun: Callable[[], None]) -> Subscription:
    """One by one: a transaction for each event."""

    async def note(event: Noted, context: Context[None]) -> None:
        begun()
        await context.tx.execute(EFFECT, context.envelope.id, event.note)

    return hears(Noted, note)


def by_statement(begun: Callable[[], None]) -> Subscription:
    """Those that wait at the same time in one transaction."""

    def note(event: Noted, envelope: Envelope, _now: datetime, _deps: None) -> SqlEffect:
        begun()
        return SqlEffect(WITH_INBOX, (envelope.id, event.note))

    return hears_sql(Noted, note, batched=True)


async def heard_by_us(
    environment: Environment,
    pool: Pool,
    count: int,
    subscription: Callable[[Callable[[], None]], Subscription],
) -> float:
    """Events per second from the first delivery to the last commit, by a service's node.

    `subscription` is given what its handler calls when an event comes.
    """
    first = 0.0

    def begun() -> None:
        nonlocal first
        first = first or time.perf_counter()

    due = count_handled(OWNER) + count
    node = ServiceBus(
        name=OWNER,
        amqp_url=environment.urls[AMQP_URL],
        pool=pool,
        hears=(subscription(begun),),
        clock=now,
    )
    async with running(node), asyncio.timeout(120):
        while count_handled(OWNER) < due:  # noqa: ASYNC110 - only metrics know
            await asyncio.sleep(LOOK_SECONDS)
        spent = time.perf_counter() - first
    return count / spent


async def handle_bare(message: AbstractIncomingMessage, pool: Pool) -> None:
    """BEGIN, inbox, effect, COMMIT, ack."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(INBOX, OWNER, message.message_id)
        await connection.execute(EFFECT, message.message_id, NOTE)
    await message.ack()


async def heard_bare(
    bare: aio_pika.abc.AbstractConnection,
    pool: Pool,
    count: int,
    handle: Callable[[AbstractIncomingMessage, Pool], Awaitable[None]] = handle_bare,
) -> float:
    """The same by bare aio-pika and asyncpg, each event by `handle`."""
    countdown = Countdown(count)
    first = 0.0
    channel = await bare.channel()
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(OWNER)

    async def heard(message: AbstractIncomingMessage) -> None:
        nonlocal first
        first = first or time.perf_counter()
        await handle(message, pool)
        countdown.one()

    await queue.consume(heard)
    async with asyncio.timeout(120):
        await countdown.done.wait()
    spent = time.perf_counter() - first
    await channel.close()
    return count / spent


async def consume(environment: Environment, plan: Plan) -> list[Line]:
    """Events with inbox and effect in one transaction, next to bare consume and the same SQL."""
    ways = {
        "event -> inbox and effect committed, acknowledged": by_handler,
        "the same, those that wait in one transaction": by_statement,
    }
    rates: dict[str, list[tuple[float, float, float]]] = {what: [] for what in ways}
    url = environment.urls[DATABASE_URL]
    async with (
        ground(environment) as (pool, link, bare),
        bare_pool(url) as plain,
        bare_pool(url, command_timeout=COMMAND_SECONDS) as limited,
    ):
        for _ in range(TURNS * plan.rounds):
            await fill(link, plan.messages)
            baseline = await heard_bare(bare, plain, plan.messages)
            await fill(link, plan.messages)
            promised = await heard_bare(bare, limited, plan.messages, handle_as_promised)
            for what, subscription in ways.items():
                await fill(link, plan.messages)
                ours = await heard_by_us(environment, pool, plan.messages, subscription)
                rates[what].append((ours, baseline, promised))
    floor_name = f"bare consume, prefetch {PREFETCH}, BEGIN, inbox, effect, COMMIT"
    one_by_one, together = (
        beside_both(what, "/s", found, floor_name, at_least=0.95) for what, found in rates.items()
    )
    return [*one_by_one, together[0]]


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """The three of them."""
    return [
        *await relay(environment, plan),
        *await consume(environment, plan),
        *await calls.requests(environment, plan),
    ]
