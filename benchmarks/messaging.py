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
import asyncpg
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
    Countdown,
    bare_pool,
    count_handled,
    envelope,
    ground,
    in_turn,
    now,
    running,
)
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, ratio_line
from benchmarks.promised import beside_both, channel_of, heard_as_promised, promised_relay
from benchmarks.sample_service import OWNER, Noted
from shared.database import Connection, Pool
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
#: A subscription, given what its handler calls when an event comes.
Way = Callable[[Callable[[], None]], Subscription]
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
    async with (
        ground(environment) as (pool, link, bare),
        bare_pool(environment.urls[DATABASE_URL], command_timeout=COMMAND_SECONDS) as limited,
        channel_of(bare) as publishing,
    ):
        admin = await asyncpg.connect(environment.admin_urls.database_url)
        channel = await bare.channel(publisher_confirms=True)
        queue = await channel.get_queue(OWNER)
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        ours = Relay(pool, Publisher(link))

        async def per_second(publish: Callable[[], Awaitable[None]]) -> float:
            begin = time.perf_counter()
            await publish()
            spent = time.perf_counter() - begin
            purged = await queue.purge()
            assert purged.message_count == plan.messages
            return plan.messages / spent

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

        async def by_us() -> float:
            await _write_outbox(admin, pool, rows)
            return await per_second(ours.publish_due)

        async def by_bare() -> float:
            return await per_second(publish_bare)

        async def by_promised() -> float:
            await _write_outbox(admin, pool, rows)
            return await per_second(lambda: promised_relay(publishing, limited))

        for turn in range(TURNS * plan.rounds):
            rows = [envelope() for _ in range(plan.messages)]
            one, other, third = await in_turn(turn, by_us, by_bare, by_promised)
            rates.append((one, other, third))
        await admin.close()
    floor_name = f"bare publishes with confirms, {IN_FLIGHT} in flight"
    return beside_both("relay: outbox row -> confirmed", "/s", rates, floor_name, at_least=0.9)


async def _write_outbox(admin: Connection, pool: Pool, rows: Rows) -> None:
    """So many rows that wait, and nothing left of those before them."""
    await admin.execute(f"VACUUM {OWNER}.outbox")
    await pool.executemany(OUTBOX, [(id_, Noted.TYPE, body.decode()) for id_, body in rows])


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
    subscription: Way,
) -> float:
    """Events per second from the first delivery to the last commit, by a service's node."""
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


async def heard_bare(bare: aio_pika.abc.AbstractConnection, pool: Pool, count: int) -> float:
    """The same by bare aio-pika and asyncpg: BEGIN, inbox, effect, COMMIT, ack."""
    countdown = Countdown(count)
    first = 0.0
    channel = await bare.channel()
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(OWNER)

    async def heard(message: AbstractIncomingMessage) -> None:
        nonlocal first
        first = first or time.perf_counter()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(INBOX, OWNER, message.message_id)
            await connection.execute(EFFECT, message.message_id, NOTE)
        await message.ack()
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

        async def filled(hear: Callable[[], Awaitable[float]]) -> float:
            await fill(link, plan.messages)
            return await hear()

        def by_us(way: Way) -> Callable[[], Awaitable[float]]:
            return lambda: filled(lambda: heard_by_us(environment, pool, plan.messages, way))

        for turn in range(TURNS * plan.rounds):
            baseline, promised, *ours = await in_turn(
                turn,
                lambda: filled(lambda: heard_bare(bare, plain, plan.messages)),
                lambda: filled(lambda: heard_as_promised(bare, limited, plan.messages)),
                *(by_us(way) for way in ways.values()),
            )
            for what, rate in zip(ways, ours, strict=True):
                rates[what].append((rate, baseline, promised))
    floor_name = f"bare consume, prefetch {PREFETCH}, BEGIN, inbox, effect, COMMIT"
    one_by_one, together = ways
    pairs = [(ours, baseline) for ours, baseline, _ in rates[together]]
    return [
        *beside_both(one_by_one, "/s", rates[one_by_one], floor_name, at_least=0.95),
        ratio_line("messaging", together, "/s", pairs, floor_name=floor_name, at_least=0.95),
    ]


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """The three of them."""
    return [
        *await relay(environment, plan),
        *await consume(environment, plan),
        *await calls.requests(environment, plan),
    ]
