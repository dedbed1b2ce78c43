"""Request and reply over the broker, ours next to bare direct reply-to.

Both ends run in the harness's process, ours as two nodes of a service: one alone would answer
itself without the broker. A second baseline keeps what we promise of a request.
"""

import asyncio
import statistics
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from benchmarks.common import (
    AMQP_URL,
    DATABASE_URL,
    NOTE,
    TURNS,
    bare_pool,
    envelope,
    ground,
    in_turn,
    now,
    running,
)
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan
from benchmarks.promised import Call, beside_both, promised_calls
from benchmarks.sample_service import OWNER, SERVICE, Echo
from shared.database import Pool
from shared.database.pool import COMMAND_SECONDS
from shared.messaging.rpc_server import PREFETCH
from shared.messaging.service_bus import ServiceBus

#: Direct reply-to, the quickest way of a reply: what the baseline uses.
REPLY_TO = "amq.rabbitmq.reply-to"
CALLERS = (1, 32)


@dataclass(frozen=True)
class Spent:
    """Calls per second, and the median of a call in milliseconds."""

    rate: float
    p50: float


async def drive(call: Call, callers: int, count: int) -> Spent:
    """`count` calls by `callers` at once, each asking again as soon as it is answered."""
    spent: list[float] = []

    async def caller(calls: int) -> None:
        for _ in range(calls):
            begin = time.perf_counter()
            await call()
            spent.append(1_000 * (time.perf_counter() - begin))

    await asyncio.gather(*(caller(5) for _ in range(callers)))
    spent.clear()
    begin = time.perf_counter()
    await asyncio.gather(*(caller(count // callers) for _ in range(callers)))
    return Spent(len(spent) / (time.perf_counter() - begin), statistics.median(spent))


@asynccontextmanager
async def bare_calls(url: str) -> AsyncIterator[Call]:
    """Direct reply-to by bare aio-pika."""
    body = envelope()[1]
    async with await aio_pika.connect(url) as asking, await aio_pika.connect(url) as answering:
        theirs = await answering.channel(publisher_confirms=False)
        await theirs.set_qos(prefetch_count=PREFETCH)
        queue = await theirs.declare_queue("bench.bare", auto_delete=True)

        async def answer(message: AbstractIncomingMessage) -> None:
            reply = aio_pika.Message(message.body, correlation_id=message.correlation_id)
            await theirs.default_exchange.publish(reply, message.reply_to or "", mandatory=False)
            await message.ack()

        await queue.consume(answer)
        channel = await asking.channel(publisher_confirms=False)
        waiting: dict[str, asyncio.Future[bytes]] = {}

        async def take(message: AbstractIncomingMessage) -> None:
            waiting.pop(message.correlation_id or "").set_result(message.body)

        await (await channel.get_queue(REPLY_TO, ensure=False)).consume(take, no_ack=True)

        async def call() -> bytes:
            key = uuid.uuid4().hex
            reply = waiting[key] = asyncio.get_running_loop().create_future()
            message = aio_pika.Message(body, correlation_id=key, reply_to=REPLY_TO)
            await channel.default_exchange.publish(message, queue.name)
            return await reply

        yield call


@asynccontextmanager
async def our_calls(environment: Environment, pool: Pool) -> AsyncIterator[Call]:
    """The same by two nodes of a service, one that asks and one that answers."""

    def node(**declared: Any) -> ServiceBus:
        url = environment.urls[AMQP_URL]
        return ServiceBus(name=OWNER, amqp_url=url, pool=pool, clock=now, **declared)

    async with running(node(asks=SERVICE.asks)) as asking, running(node(answers=SERVICE.answers)):
        yield lambda: asking.rpc_client.ask(Echo(note=NOTE))


async def requests(environment: Environment, plan: Plan) -> list[Line]:
    """Request and reply with one and with thirty-two callers; three contestants in turn."""
    url = environment.admin_urls.amqp_url
    found: dict[int, list[tuple[Spent, Spent, Spent]]] = {callers: [] for callers in CALLERS}
    own = environment.urls[AMQP_URL], environment.urls[DATABASE_URL]
    async with (
        ground(environment) as (pool, _link, _bare),
        bare_pool(own[1], command_timeout=COMMAND_SECONDS) as limited,
    ):

        async def driven(opened: AbstractAsyncContextManager[Call], callers: int) -> Spent:
            async with opened as call:
                return await drive(call, callers, plan.messages // (2 if callers == 1 else 1))

        for turn in range(TURNS * plan.rounds):
            for callers in CALLERS:
                ours, bare, promised = await in_turn(
                    turn,
                    lambda: driven(our_calls(environment, pool), callers),  # noqa: B023
                    lambda: driven(bare_calls(url), callers),  # noqa: B023
                    lambda: driven(promised_calls(own[0], limited), callers),  # noqa: B023
                )
                found[callers].append((ours, bare, promised))
    return [line for callers in CALLERS for line in _lines(callers, found[callers])]


def _lines(callers: int, rounds: list[tuple[Spent, Spent, Spent]]) -> list[Line]:
    what = f"request and reply, {callers} at once"
    baseline = "bare direct reply-to, both ends in one process"
    rates = [(ours.rate, bare.rate, promised.rate) for ours, bare, promised in rounds]
    halves = [(ours.p50, bare.p50, promised.p50) for ours, bare, promised in rounds]
    return [
        *beside_both(what, "/s", rates, baseline, at_least=0.8),
        *beside_both(f"{what}, p50", "ms", halves, baseline, at_most=1.25),
    ]
