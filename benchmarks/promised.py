"""Bare aio-pika and asyncpg that do what our messaging promises: what could be reached at most.

Nobody but the owner of a message can send it, nothing is lost, and no wait is without a limit. They
have no log, no metrics, no traces and no retries. `python -m benchmarks.promised AMQP_URL
DATABASE_URL` is the answering end of requests in a process of its own; it ends with its standard
input.
"""

import asyncio
import contextlib
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aio_pika
import msgspec
import uvloop
from aio_pika.abc import AbstractConnection, AbstractExchange, AbstractIncomingMessage

from benchmarks.common import AMQP_URL, DATABASE_URL, EFFECT, INBOX, bare_pool, envelope, ground
from benchmarks.environment import Environment
from benchmarks.measure import Line, ratio_line
from benchmarks.sample_service import OWNER, Echo
from benchmarks.subprocesses import Subprocess, input_ended, say
from shared.database import Pool
from shared.database.pool import ACQUIRE_SECONDS, COMMAND_SECONDS
from shared.messaging.connection import SEND_SECONDS
from shared.messaging.envelope import CONTENT_TYPE
from shared.messaging.event_processor import HANDLER_SECONDS
from shared.messaging.outbox_relay import BATCH, BATCHES_AT_ONCE
from shared.messaging.publisher import TIMEOUT as CONFIRM_SECONDS
from shared.messaging.rpc_server import PREFETCH
from shared.messaging.topology import EVENTS, REPLIES, REQUESTS, reply_queue, requests_queue

#: Seconds that a caller waits for its answer.
ANSWER_SECONDS = 3.0
PROMISED = "bare libraries that promise as much"
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
        line(f"{what} [limit]", 2, 1, floor_name, note=f"{PROMISED}: what could be reached"),
    ]


class Replies:
    """The replies that callers wait for, by their correlation id."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    def expect(self) -> tuple[str, asyncio.Future[bytes]]:
        """A new correlation id, and what its reply will be."""
        key = uuid.uuid4().hex
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[key] = reply
        return key, reply

    async def take(self, message: AbstractIncomingMessage) -> None:
        """Give a reply to its caller."""
        self._waiting.pop(message.correlation_id or "").set_result(message.body)


@asynccontextmanager
async def promised_calls(url: str, pool: Pool) -> AsyncIterator[Call]:
    """Request and reply as ours are; `url` is the service's.

    - The broker confirms a request, so that its caller knows at once that nobody answers.
    - Both ends have the rights and queues of a service: the broker compares each sender and key,
      and an answer goes to a queue of the caller, as direct reply-to takes a right to every queue.
    - The handler is given a session of the database's pool.
    """
    async with answering(url, pool), asking(url) as call:
        yield call


@asynccontextmanager
async def answering(url: str, pool: Pool) -> AsyncIterator[None]:
    """Send the body of each request back. The queue of requests is declared already."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=False)
        await channel.set_qos(prefetch_count=PREFETCH)
        replies = await channel.get_exchange(REPLIES, ensure=False)

        async def answer(message: AbstractIncomingMessage) -> None:
            async with asyncio.timeout(ANSWER_SECONDS), pool.acquire(timeout=ACQUIRE_SECONDS):
                reply = aio_pika.Message(
                    message.body,
                    content_type=CONTENT_TYPE,
                    correlation_id=message.correlation_id,
                    type=message.type,
                    user_id=OWNER,
                )
            where = message.reply_to or ""
            await replies.publish(reply, where, mandatory=False, timeout=SEND_SECONDS)
            async with asyncio.timeout(SEND_SECONDS):
                await message.ack()

        await (await channel.get_queue(requests_queue(OWNER), ensure=False)).consume(answer)
        yield


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Call]:
    """The caller's end."""
    body = envelope()[1]
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        kind = reply_queue(OWNER, uuid.uuid4().hex)
        queue = await channel.declare_queue(
            kind.name, exclusive=True, auto_delete=True, arguments=dict(kind.arguments)
        )
        await queue.bind(REPLIES, queue.name)
        replies = Replies()
        await queue.consume(replies.take, no_ack=True)
        requests = await channel.get_exchange(REQUESTS, ensure=False)

        async def call() -> bytes:
            key, reply = replies.expect()
            message = aio_pika.Message(
                body,
                content_type=CONTENT_TYPE,
                message_id=key,
                correlation_id=key,
                type=Echo.TYPE,
                reply_to=queue.name,
                expiration=ANSWER_SECONDS,
                user_id=OWNER,
            )
            async with asyncio.timeout(ANSWER_SECONDS):
                await requests.publish(message, Echo.TYPE)
                return await reply

        yield call


class SentEvent(msgspec.Struct):
    """An event as it was sent."""

    id: uuid.UUID
    source: str
    type: str
    time: datetime
    data: dict[str, Any]


def read_note(message: AbstractIncomingMessage) -> str:
    """The content of an event, once it is known that its owner sent it."""
    event = msgspec.json.decode(message.body, type=SentEvent)
    if str(event.id) != message.message_id or not event.type.startswith(f"{message.user_id}."):
        raise ValueError("not sent by its owner")
    return str(event.data["note"])


async def handle_as_promised(message: AbstractIncomingMessage, pool: Pool) -> None:
    """Inbox row and effect of an event in one transaction, acknowledged; `pool` limits commands."""
    note = read_note(message)
    async with (
        asyncio.timeout(HANDLER_SECONDS),
        pool.acquire(timeout=ACQUIRE_SECONDS) as connection,
        connection.transaction(),
    ):
        await connection.execute(INBOX, OWNER, message.message_id)
        await connection.execute(EFFECT, message.message_id, note)
    async with asyncio.timeout(SEND_SECONDS):
        await message.ack()


async def promised_relay(bare: AbstractConnection, pool: Pool) -> None:
    """Publish all rows of the outbox, each confirmed before it is deleted."""
    channel = await bare.channel(publisher_confirms=True)
    exchange = await channel.get_exchange(EVENTS, ensure=False)

    async def until_empty() -> None:
        while await _publish_batch(exchange, pool) == BATCH:
            pass

    await asyncio.gather(*(until_empty() for _ in range(BATCHES_AT_ONCE)))
    await channel.close()


async def _publish_batch(exchange: AbstractExchange, pool: Pool) -> int:
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
        rows = await connection.fetch(CLAIM, BATCH)
        messages = (
            aio_pika.Message(
                row["body"].encode(),
                content_type=CONTENT_TYPE,
                delivery_mode=2,
                message_id=row["message_id"],
                type=row["type"],
                user_id=OWNER,
            )
            for row in rows
        )
        await asyncio.gather(
            *(exchange.publish(one, one.type or "", timeout=CONFIRM_SECONDS) for one in messages)
        )
        await connection.execute(
            "DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows]
        )
    return len(rows)


@asynccontextmanager
async def promised_requests(environment: Environment) -> AsyncIterator[Call]:
    """Request and reply between two processes."""
    url = environment.urls[AMQP_URL]
    async with ground(environment):
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
