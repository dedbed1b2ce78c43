"""What the measured service uses: its pool, its broker connection, and a bare one to compare."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import aio_pika
import asyncpg

from benchmarks.environment import Environment
from benchmarks.sample_service import OWNER, Echo, Noted
from shared.database import Pool, open_pool
from shared.messaging.connection import BrokerConnection
from shared.messaging.envelope import wrap
from shared.messaging.message_metrics import MESSAGES
from shared.messaging.service_bus import ServiceBus
from shared.messaging.topology import declare, service_topology

POOL = 10
DRAIN_SECONDS = 5
T = TypeVar("T")
#: Turns of each contestant in a round: one differs from the next by a fifth.
TURNS = 3
NOTE = "x" * 600
EFFECT = "INSERT INTO effects (id, note) VALUES ($1, $2)"
INBOX = "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
DATABASE_URL = "IMPEX_BENCH_DATABASE_URL"
AMQP_URL = "IMPEX_BENCH_AMQP_URL"


def now() -> datetime:
    return datetime.now(UTC)


def count_handled(service: str) -> int:
    """How many events the service has handled in this process."""
    (metric,) = MESSAGES.collect()
    ours = {"service": service, "outcome": "handled"}
    return sum(int(one.value) for one in metric.samples if ours.items() <= one.labels.items())


class Countdown:
    """Set once `count` things have happened."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done = asyncio.Event()

    def one(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.done.set()


def envelope() -> tuple[str, bytes]:
    """A new message: its id and its bytes."""
    return wrap(OWNER, Noted(note=NOTE), subject=None, now=now())


@asynccontextmanager
async def ground(
    environment: Environment,
) -> AsyncIterator[tuple[Pool, BrokerConnection, aio_pika.abc.AbstractConnection]]:
    """The pool and the link as a service has them, and a bare connection of the same user."""
    async with AsyncExitStack() as opened:
        pool = await open_pool(environment.urls[DATABASE_URL], OWNER, "bench", POOL)
        opened.push_async_callback(pool.close)
        link = BrokerConnection(environment.urls[AMQP_URL], OWNER)
        await link.open()
        opened.push_async_callback(link.close)
        bare = await opened.enter_async_context(await aio_pika.connect(environment.urls[AMQP_URL]))
        channel = await link.channel(confirms=False)
        await declare(channel, service_topology(OWNER, [Noted], [Echo]))
        await channel.close()
        yield pool, link, bare


async def in_turn(turn: int, *works: Callable[[], Awaitable[T]]) -> list[T]:
    """The results of `works` in their order; each turn begins with another of them."""
    found: dict[int, T] = {}
    for place in range(len(works)):
        which = (turn + place) % len(works)
        found[which] = await works[which]()
    return [found[which] for which in range(len(works))]


@asynccontextmanager
async def running(node: ServiceBus, deps: Any = None) -> AsyncIterator[ServiceBus]:
    """`node`, drained at the end, whatever that is: else it takes what later scenarios send."""
    await node.start(deps)
    try:
        yield node
    finally:
        await node.drain(DRAIN_SECONDS)


async def no_reset(_connection: object) -> None:
    """A baseline pays no round trip at release; ours does not either."""


@asynccontextmanager
async def bare_pool(url: str, schema: str = OWNER, **options: Any) -> AsyncIterator[Pool]:
    """A pool of sessions by asyncpg alone."""
    async with asyncpg.create_pool(
        url,
        min_size=POOL,
        max_size=POOL,
        reset=no_reset,
        server_settings={"search_path": schema},
        **options,
    ) as pool:
        yield pool
