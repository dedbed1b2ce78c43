"""Request and reply over the broker, ours next to bare direct reply-to.

Both ends run in the harness's process, ours as two nodes of a service: one alone would answer
itself without the broker. The second baseline also does what a request of ours is promised besides:
the broker confirms it, so that its caller knows at once that nobody answers, and its handler is
given a session of the database's pool.
"""

import asyncio
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from benchmarks.common import AMQP_URL, NOTE, envelope, ground, now
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, ratio_line
from benchmarks.sample_service import OWNER, SERVICE, Echo
from shared.database import Pool
from shared.messaging.rpc_server import PREFETCH
from shared.messaging.service_bus import ServiceBus

#: Direct reply-to, the quickest way of a reply: what the baseline uses.
REPLY_TO = "amq.rabbitmq.reply-to"
CALLERS = (1, 32)
DRAIN_SECONDS = 5
Call = Callable[[], Awaitable[object]]


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
async def bare_calls(url: str, pool: "Pool | None" = None) -> AsyncIterator[Call]:
    """Direct reply-to by bare aio-pika; with `pool`, requests are confirmed and each is answered
    with one of its sessions at hand."""
    body = envelope()[1]
    waiting: dict[str, asyncio.Future[bytes]] = {}
    async with await aio_pika.connect(url) as asking, await aio_pika.connect(url) as answering:
        theirs = await answering.channel(publisher_confirms=False)
        await theirs.set_qos(prefetch_count=PREFETCH)
        queue = await theirs.declare_queue("bench.bare", auto_delete=True)

        async def answer(message: AbstractIncomingMessage) -> None:
            async with nullcontext() if pool is None else pool.acquire():
                reply = aio_pika.Message(message.body, correlation_id=message.correlation_id)
            await theirs.default_exchange.publish(reply, message.reply_to or "", mandatory=False)
            await message.ack()

        await queue.consume(answer)
        channel = await asking.channel(publisher_confirms=pool is not None)
        replies = await channel.get_queue(REPLY_TO, ensure=False)

        async def replied(message: AbstractIncomingMessage) -> None:
            waiting.pop(message.correlation_id or "").set_result(message.body)

        await replies.consume(replied, no_ack=True)

        async def call() -> bytes:
            key = uuid.uuid4().hex
            future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            waiting[key] = future
            message = aio_pika.Message(body, correlation_id=key, reply_to=REPLY_TO)
            await channel.default_exchange.publish(message, queue.name)
            return await future

        yield call


@asynccontextmanager
async def our_calls(environment: Environment, pool: Pool) -> AsyncIterator[Call]:
    """The same by two nodes of a service, one that asks and one that answers."""
    async with (
        _node(environment, pool, asks=SERVICE.asks) as asking,
        _node(environment, pool, answers=SERVICE.answers),
    ):
        yield lambda: asking.rpc_client.ask(Echo(note=NOTE))


@asynccontextmanager
async def _node(environment: Environment, pool: Pool, **declared: Any) -> AsyncIterator[ServiceBus]:
    node = ServiceBus(
        name=OWNER, amqp_url=environment.urls[AMQP_URL], pool=pool, clock=now, **declared
    )
    await node.start(None)
    try:
        yield node
    finally:
        await node.drain(DRAIN_SECONDS)


async def requests(environment: Environment, plan: Plan) -> list[Line]:
    """Request and reply with one and with thirty-two callers; three contestants in turn."""
    url = environment.admin_urls.amqp_url
    found: dict[int, list[tuple[Spent, Spent, Spent]]] = {callers: [] for callers in CALLERS}
    async with ground(environment) as (pool, _link, _bare):
        for _ in range(plan.rounds):
            for callers in CALLERS:
                count = plan.messages // (2 if callers == 1 else 1)
                async with our_calls(environment, pool) as call:
                    ours = await drive(call, callers, count)
                async with bare_calls(url) as call:
                    bare = await drive(call, callers, count)
                async with bare_calls(url, pool) as call:
                    found[callers].append((ours, bare, await drive(call, callers, count)))
    return [line for callers in CALLERS for line in _lines(callers, found[callers])]


def _lines(callers: int, rounds: list[tuple[Spent, Spent, Spent]]) -> list[Line]:
    what = f"request and reply, {callers} at once"
    baseline = "bare direct reply-to, both ends in one process"
    lines = []
    for at, checked in ((1, True), (2, False)):
        suffix = "" if checked else " [promised]"
        name = baseline if checked else f"{baseline}, confirmed, a session for each reply"
        rates = [(one[0].rate, one[at].rate) for one in rounds]
        halves = [(one[0].p50, one[at].p50) for one in rounds]
        least, most = (0.8, 1.25) if checked else (None, None)
        lines += [
            ratio_line("messaging", what + suffix, "/s", rates, floor_name=name, at_least=least),
            ratio_line(
                "messaging", f"{what}, p50{suffix}", "ms", halves, floor_name=name, at_most=most
            ),
        ]
    return lines
