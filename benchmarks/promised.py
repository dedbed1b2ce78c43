"""Bare libraries that keep what our messaging promises: what it costs besides is ours.

aiormq, which ours uses too, and asyncpg. The broker checks each sender and key, nothing is deleted
or acknowledged before it is confirmed or committed, and every wait that is measured has a limit.
They have no log, metrics, traces or retries. `python -m benchmarks.promised AMQP_URL DATABASE_URL`
is the answering end of requests in a process of its own; it ends with its standard input.
"""

import asyncio
import contextlib
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aio_pika
import msgspec
import uvloop
from aio_pika.abc import AbstractConnection
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from benchmarks.common import (
    AMQP_URL,
    DATABASE_URL,
    EFFECT,
    INBOX,
    Countdown,
    bare_pool,
    envelope,
    ground,
)
from benchmarks.environment import Environment
from benchmarks.measure import Line, ratio_line
from benchmarks.sample_service import OWNER, Echo
from benchmarks.subprocesses import Subprocess, input_ended, say
from shared.database import Pool
from shared.database.pool import ACQUIRE_SECONDS, COMMAND_SECONDS
from shared.messaging.connection import SEND_SECONDS
from shared.messaging.envelope import CONTENT_TYPE
from shared.messaging.event_processor import HANDLER_SECONDS
from shared.messaging.event_processor import PREFETCH as EVENTS_PREFETCH
from shared.messaging.outbox_relay import BATCH, BATCHES_AT_ONCE
from shared.messaging.publisher import TIMEOUT as CONFIRM_SECONDS
from shared.messaging.rpc_codec import MAX_TIMEOUT
from shared.messaging.rpc_server import PREFETCH
from shared.messaging.topology import EVENTS, REPLIES, REQUESTS, reply_queue, requests_queue

PROMISED = "bare aiormq and asyncpg that promise as much"
Call = Callable[[], Awaitable[object]]
CLAIM = """
SELECT id, message_id::text, type, body FROM outbox
WHERE next_at <= now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""


def beside_both(
    what: str,
    unit: str,
    found: Sequence[tuple[float, float, float]],
    floor_name: str,
    **aim: float,
) -> list[Line]:
    """Lines for (ours, bare, promised) of each round: ours beside the bare libraries, checked
    against `aim`; ours beside those that promise as much; and these beside the bare ones.
    """

    def line(what: str, one: int, other: int, name: str, **more: Any) -> Line:
        pairs = [(each[one], each[other]) for each in found]
        return ratio_line("messaging", what, unit, pairs, floor_name=name, **more)

    return [
        line(what, 0, 1, floor_name, **aim),
        line(f"{what} [promised]", 0, 2, PROMISED),
        line(f"{what} [bare]", 2, 1, floor_name, note=PROMISED),
    ]


@asynccontextmanager
async def channel_of(connection: AbstractConnection) -> AsyncIterator[AbstractChannel]:
    """A channel of aiormq whose publishes raise an error where no queue takes them."""
    async with connection.channel(publisher_confirms=True, on_return_raises=True) as channel:
        yield await channel.get_underlay_channel()


@asynccontextmanager
async def promised_calls(url: str, pool: Pool) -> AsyncIterator[Call]:
    """Request and reply as ours are; `url` is the service's.

    - The broker confirms a request, so that its caller knows at once that nobody answers.
    - Both ends have the rights and queues of a service, and an answer goes to a queue of the
      caller: direct reply-to takes a right to every queue.
    - The handler is given a session of the database's pool.
    """
    async with answering(url, pool), asking(url) as call:
        yield call


@asynccontextmanager
async def answering(url: str, pool: Pool) -> AsyncIterator[None]:
    """Send the body of each request back. The queue of requests is declared already."""
    async with (
        await aio_pika.connect(url) as hearing,
        await aio_pika.connect(url) as sending,
        channel_of(hearing) as requests,
        sending.channel(publisher_confirms=False) as replies,
    ):
        out = await replies.get_underlay_channel()
        await requests.basic_qos(prefetch_count=PREFETCH)

        async def answer(message: DeliveredMessage) -> None:
            asked = message.header.properties
            async with asyncio.timeout(MAX_TIMEOUT), pool.acquire():
                properties = Basic.Properties(
                    content_type=CONTENT_TYPE,
                    correlation_id=asked.correlation_id,
                    message_type=asked.message_type,
                    user_id=OWNER,
                )
            await out.basic_publish(
                message.body,
                exchange=REPLIES,
                routing_key=asked.reply_to or "",
                properties=properties,
                timeout=SEND_SECONDS,
                wait=False,
            )
            await acknowledge(message)

        await requests.basic_consume(requests_queue(OWNER), answer)
        yield


async def acknowledge(message: DeliveredMessage) -> None:
    """Acknowledge within the time that sending may take."""
    async with asyncio.timeout(SEND_SECONDS):
        await message.channel.basic_ack(message.delivery_tag or 0, wait=False)


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Call]:
    """The caller's end."""
    body = envelope()[1]
    waiting: dict[str, asyncio.Future[bytes]] = {}
    queue = reply_queue(OWNER, uuid.uuid4().hex)

    async def take(message: DeliveredMessage) -> None:
        reply = waiting.get(message.header.properties.correlation_id or "")
        if reply is not None and message.header.properties.user_id == OWNER:
            reply.set_result(message.body)

    async with await aio_pika.connect(url) as connection, channel_of(connection) as channel:
        await channel.queue_declare(
            queue.name, exclusive=True, auto_delete=True, arguments=dict(queue.arguments)
        )
        await channel.queue_bind(queue.name, REPLIES, queue.name)
        await channel.basic_consume(queue.name, take, no_ack=True)

        async def call() -> bytes:
            key = str(uuid.uuid4())
            reply = waiting[key] = asyncio.get_running_loop().create_future()
            properties = Basic.Properties(
                content_type=CONTENT_TYPE,
                delivery_mode=1,
                message_id=key,
                correlation_id=key,
                message_type=Echo.TYPE,
                reply_to=queue.name,
                expiration=str(int(MAX_TIMEOUT * 1_000)),
                user_id=OWNER,
            )
            try:
                async with asyncio.timeout(MAX_TIMEOUT):
                    await channel.basic_publish(
                        body,
                        exchange=REQUESTS,
                        routing_key=Echo.TYPE,
                        properties=properties,
                        mandatory=True,
                        wait=False,
                    )
                    return await reply
            finally:
                del waiting[key]

        yield call


class SentEvent(msgspec.Struct):
    """An event as it was sent."""

    id: uuid.UUID
    source: str
    type: str
    time: datetime
    data: dict[str, Any]


def read_note(message: DeliveredMessage) -> str:
    """The content of an event, once it is known that its owner sent it."""
    event = msgspec.json.decode(message.body, type=SentEvent)
    properties = message.header.properties
    sender = f"{properties.user_id}."
    if str(event.id) != properties.message_id or not event.type.startswith(sender):
        raise ValueError("not sent by its owner")
    return str(event.data["note"])


async def heard_as_promised(bare: AbstractConnection, pool: Pool, count: int) -> float:
    """Events per second: inbox row and effect in one transaction, once, then acknowledged; `pool`
    limits commands."""
    countdown = Countdown(count)
    first = 0.0

    async def hear(message: DeliveredMessage) -> None:
        nonlocal first
        first = first or time.perf_counter()
        note, key = read_note(message), message.header.properties.message_id
        async with (
            asyncio.timeout(HANDLER_SECONDS),
            pool.acquire(timeout=ACQUIRE_SECONDS) as connection,
            connection.transaction(),
        ):
            if await connection.execute(INBOX, OWNER, key) == "INSERT 0 1":
                await connection.execute(EFFECT, key, note)
        await acknowledge(message)
        countdown.one()

    async with channel_of(bare) as channel, asyncio.timeout(120):
        await channel.basic_qos(prefetch_count=EVENTS_PREFETCH)
        await channel.basic_consume(OWNER, hear)
        await countdown.done.wait()
        spent = time.perf_counter() - first
    return count / spent


async def promised_relay(channel: AbstractChannel, pool: Pool) -> None:
    """Publish all rows of the outbox, and delete each once it is confirmed."""

    async def until_empty() -> None:
        while await _publish_batch(channel, pool) == BATCH:
            pass

    await asyncio.gather(*(until_empty() for _ in range(BATCHES_AT_ONCE)))


async def _publish_batch(channel: AbstractChannel, pool: Pool) -> int:
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
        rows = await connection.fetch(CLAIM, BATCH)
        if rows:
            await asyncio.gather(*(_publish(channel, row) for row in rows))
            ids = [row["id"] for row in rows]
            await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", ids)
    return len(rows)


async def _publish(channel: AbstractChannel, row: Any) -> None:
    properties = Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=2,
        message_id=row["message_id"],
        message_type=row["type"],
        user_id=OWNER,
    )
    await channel.basic_publish(
        row["body"].encode(),
        exchange=EVENTS,
        routing_key=row["type"],
        properties=properties,
        mandatory=True,
        timeout=CONFIRM_SECONDS,
        wait=False,
    )


@asynccontextmanager
async def promised_requests(environment: Environment) -> AsyncIterator[Call]:
    """Request and reply between two processes."""
    url = environment.urls[AMQP_URL]
    async with ground(environment):
        pass  # the queue of requests is declared
    peer = await Subprocess.start("promised", url, environment.urls[DATABASE_URL])
    try:
        async with asking(url) as call:
            yield call
    finally:
        await peer.stop()


async def main(url: str, database_url: str) -> None:
    """Answer until the harness ends."""
    async with (
        bare_pool(database_url, command_timeout=COMMAND_SECONDS) as pool,
        answering(url, pool),
    ):
        say({"ready": True})
        await input_ended()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main(sys.argv[1], sys.argv[2]))
