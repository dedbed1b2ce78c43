"""Handles requests: decode, prepare, execute in one transaction, store the reply, send it.

A request sent twice with one key, even at the same moment, is executed once and gets the same reply
twice. A request whose caller has given up is not executed. Internal errors reach the caller only as
`internal_error`.
"""

import asyncio
import contextvars
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from aiormq import Channel
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from shared.contracts.base import Refusal, Reply, Request
from shared.database import Pool, acquire, transaction
from shared.errors import DependencyDown
from shared.messaging.connection import SEND_SECONDS, BrokerConnection, describe
from shared.messaging.envelope import Envelope, contract, decode
from shared.messaging.errors import ServiceUnavailable, Undecodable
from shared.messaging.failures import frames
from shared.messaging.handlers import Answer, RefusalReply, Refused, RequestContext
from shared.messaging.message_metrics import RequestMetrics
from shared.messaging.queue_consumer import ack_or_requeue
from shared.messaging.rpc_codec import (
    BAD_REQUEST,
    CONTENT_TYPE,
    IDEMPOTENCY_KEY,
    INTERNAL_ERROR,
    KEY_MISMATCH,
    KEY_MISSING,
    MAX_KEY_LENGTH,
    MAX_TIMEOUT,
    UNAVAILABLE,
    content_hash,
    encode_refusal,
    encode_reply,
)
from shared.messaging.topology import MAX_WAITING_REQUESTS, REPLIES, REPLY_KEY, REQUESTS
from shared.outbox import OutboxRow, ReservedEvents, replies
from shared.runtime.cancellation import cancellation_requested
from shared.runtime.telemetry import get_logger, log_context, trace_id
from shared.runtime.tracing import span, traceparent

#: How many requests of one process may be carried out at once.
PREFETCH = 50
#: One answer of so many waits until the socket has taken it: a socket that takes nothing holds the
#: others up then, and few answers wait in memory.
ANSWERS_UNTIL_DRAIN = 16
#: Seconds by which two clocks may differ before a request counts as run out.
CLOCK_SKEW = 2.0

log = get_logger("requests")


class _Answered(NamedTuple):
    """What became of a request, one of `REQUEST_OUTCOMES`, and the encoded answer."""

    outcome: str
    body: bytes


class RequestExpired(Exception):
    """The caller no longer waits for the reply."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as it was sent: `body` is its envelope, `seconds` how long its caller waits, and
    `message_type` the type that its caller had the right to ask."""

    message_id: str | None
    message_type: str | None
    body: bytes
    seconds: float
    key: str | None


class RpcServer:
    """Handles the requests of `service`.

    `handle_delivery` is the handler of a `QueueConsumer`; `answer` serves callers in this process.
    """

    def __init__(
        self,
        service: str,
        answers: tuple[Answer, ...],
        *,
        connection: BrokerConnection,
        pool: Pool,
        clock: Callable[[], datetime],
        on_commit: Callable[[Sequence[OutboxRow]], None],
    ) -> None:
        self._service = service
        self._connection = connection
        self._channel: Channel | None = None
        self._answers_sent = 0
        self._opening = asyncio.Lock()
        self._rows = {row.request.TYPE: row for row in answers}
        self._types: dict[str, type[Request]] = {row.request.TYPE: row.request for row in answers}
        self._pool = pool
        self._clock = clock
        self._on_commit = on_commit
        self._running: dict[tuple[str, str], asyncio.Event] = {}
        self._metrics = RequestMetrics(service, self._types)
        self._turns = asyncio.Semaphore(PREFETCH)
        self._tasks: set[asyncio.Task[bytes | None]] = set()
        self._context = contextvars.copy_context()
        self.deps: Any = None
        self.settings: Any = None

    async def handle_delivery(self, message: DeliveredMessage) -> None:
        """Execute one request and reply."""
        properties = message.header.properties
        answer: bytes | None
        if message.exchange == REQUESTS:
            answer = await self._within_deadline(
                ReceivedRequest(
                    properties.message_id,
                    message.routing_key,  # the broker has checked the right to it, and to no more
                    message.body,
                    _seconds(properties),
                    _key(properties),
                ),
                nullcontext(),  # the consumer's prefetch bounds how many are handled at once
            )
        else:
            with log_context(service=self._service, message_id=properties.message_id):
                unreadable = _unreadable("not sent as a request")
            self._metrics.count(properties.message_type, unreadable.outcome, 0)
            answer = unreadable.body
        if answer is not None:
            await self._reply(message, answer)
        await ack_or_requeue(message)

    async def answer(self, received: ReceivedRequest) -> bytes:
        """Execute a request of a caller in this process; returns the encoded answer.

        As over the broker, a caller that gives up does not interrupt the handler, as many requests
        are handled and may wait at once, and one that expires while it waits is not executed.
        Raises ServiceUnavailable where too many wait, and TimeoutError where it has expired.
        """
        if len(self._tasks) >= PREFETCH + MAX_WAITING_REQUESTS:
            raise ServiceUnavailable(f"too many requests wait for {self._service}", self._service)
        # The caller's log context and trace must not reach the handler other than by the envelope.
        task = asyncio.create_task(
            self._within_deadline(received, self._turns),
            name=f"{self._service}: {received.message_id}",
            context=self._context.copy(),
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            answer = await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if cancellation_requested():
                raise
            raise ServiceUnavailable(f"{self._service} stopped meanwhile", self._service) from error
        if answer is None:
            raise TimeoutError
        return answer

    async def drain(self, seconds: float) -> int:
        """Wait for the requests of callers in this process; returns how many had to be cut."""
        if not self._tasks:
            return 0
        _, running = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in running:
            log.warning("A handler is cut.", action="handler_cut", task=task.get_name())
            task.cancel()
        return len(running)

    async def _within_deadline(
        self, received: ReceivedRequest, turn: AbstractAsyncContextManager[Any]
    ) -> bytes | None:
        """The encoded answer, made within `turn`, or None for a request that has expired."""
        began, answered = time.perf_counter(), None
        with log_context(service=self._service, message_id=received.message_id):
            try:
                async with asyncio.timeout(received.seconds), turn:
                    answered = await self._answer(received)
            except (RequestExpired, TimeoutError):
                log.warning(
                    "A request expired and was not executed.",
                    action="request_expired",
                    type=received.message_type,
                )
        took = time.perf_counter() - began
        outcome = "expired" if answered is None else answered.outcome
        self._metrics.count(received.message_type, outcome, took)
        return None if answered is None else answered.body

    async def _answer(self, received: ReceivedRequest) -> _Answered:
        try:
            envelope = decode(received.body)
            if envelope.type != received.message_type:
                raise Undecodable("its type is not the one that it was sent as")
            request = contract(envelope, self._types)
        except Undecodable as error:
            return _unreadable(error.reason)
        seconds = received.seconds
        if self._clock() > envelope.time + timedelta(seconds=seconds + CLOCK_SKEW):
            raise RequestExpired
        traceparent.set(envelope.traceparent)
        with (
            log_context(trace_id=trace_id(envelope.traceparent)),
            span(self._service, f"answer {request.TYPE}", "server") as recorded,
        ):
            answered = await self._carry_out(envelope, request, received.key)
            recorded.set("impex.outcome", answered.outcome)
            return answered

    async def _carry_out(self, envelope: Envelope, request: Request, key: str | None) -> _Answered:
        if request.CHANGES and key is None:
            return _Answered("bad", encode_refusal(Refusal(slug=KEY_MISSING)))
        try:
            if key is None or not request.CHANGES:
                return await self._once(envelope, request, None)
            async with self._one_at_a_time((request.TYPE, key)):
                return await self._once(envelope, request, key)
        except Refused as refused:
            # Nothing was written, so nothing is stored: sent again, it is evaluated again.
            return _refused(refused.refusal)
        except DependencyDown as down:
            log.debug(
                "A request cannot be carried out now.",
                action="request_unavailable",
                type=request.TYPE,
                reason=str(down),
            )
            return _Answered("unavailable", encode_refusal(Refusal(slug=UNAVAILABLE)))
        except (RequestExpired, TimeoutError):
            raise
        except Exception as error:
            log.error(
                "A request failed.",
                action="request_failed",
                type=request.TYPE,
                error_type=type(error).__name__,
                frames=frames(error),
            )
            return _Answered("failed", encode_refusal(Refusal(slug=INTERNAL_ERROR)))

    @asynccontextmanager
    async def _one_at_a_time(self, request_key: tuple[str, str]) -> AsyncIterator[None]:
        """Wait while the same request is being handled here, so that it is prepared and counted
        once.

        Between processes the claim in the transaction does the same, after the preparation.
        """
        while earlier := self._running.get(request_key):
            await earlier.wait()
        done = self._running[request_key] = asyncio.Event()
        try:
            yield
        finally:
            del self._running[request_key]
            done.set()

    async def _once(self, envelope: Envelope, request: Request, key: str | None) -> _Answered:
        row = self._rows[request.TYPE]
        digest = b"" if key is None else content_hash(request)
        if key is not None and row.prepare is not None:
            # Checked first, so that a repeated request does not hash a password in vain.
            async with acquire(self._pool) as connection:
                kept = await replies.find(connection, request.TYPE, key)
            if kept is not None:
                return _stored_answer(kept, digest)
        prepared: Any = None
        refusal: Refusal | None = None
        if row.prepare is not None:
            try:
                prepared = await row.prepare(request, self.deps, self._pool)
            except Refused as refused:
                # Raised after the claim: a reply stored meanwhile is the answer. Not the exception
                # itself, whose frames hold what was opened, such as a password.
                refusal = refused.refusal
        events = ReservedEvents(self._service, self._clock)
        # A question changes nothing; without BEGIN and COMMIT it costs two round trips less.
        opened = transaction(self._pool) if request.CHANGES else acquire(self._pool)
        async with opened as tx:
            if key is not None:
                claimed = await replies.claim(tx, request, key, digest)
                if not claimed:
                    kept = await replies.find(tx, request.TYPE, key)
                    return _stored_answer(kept, digest)
            if refusal is not None:
                raise Refused(refusal)
            context = RequestContext(
                tx=tx,
                deps=self.deps,
                envelope=envelope,
                now=self._clock,
                _emit=events.emit,
                prepared=prepared,
                settings=self.settings,
            )
            reply = await row.handler(request, context)
            answer = _encoded(reply)
            if key is not None and not (isinstance(reply, RefusalReply) and not reply.stored):
                subject = replies.subject_of(request, reply)
                await replies.save(tx, request.TYPE, key, answer.body, subject, events.rows)
            else:
                if key is not None:
                    await replies.release(tx, request.TYPE, key)
                await events.insert(tx)
        if events.rows:
            self._on_commit(events.rows)
        return answer

    async def _reply(self, message: DeliveredMessage, body: bytes) -> None:
        """Send the answer. Lost with the connection, it is asked for again with the same key."""
        asked = message.header.properties
        if not REPLY_KEY.fullmatch(asked.reply_to or ""):
            return
        properties = Basic.Properties(
            content_type=CONTENT_TYPE,
            delivery_mode=1,
            correlation_id=asked.correlation_id,
            message_type=asked.message_type,
            user_id=self._connection.user,
        )
        try:
            # Not mandatory: who does not wait any more has no queue, and asks again.
            channel = await self._reply_channel()
            self._answers_sent += 1
            await channel.basic_publish(
                body,
                exchange=REPLIES,
                routing_key=asked.reply_to or "",
                properties=properties,
                timeout=SEND_SECONDS,
                wait=self._answers_sent % ANSWERS_UNTIL_DRAIN == 0,
            )
        except asyncio.CancelledError:
            if cancellation_requested():
                raise
        except Exception as error:
            log.info("An answer was lost.", action="reply_lost", reason=describe(error))

    async def _reply_channel(self) -> Channel:
        """A channel of the publishing connection: a blocked one must not hold acknowledgements."""
        channel = self._channel
        if channel is not None and not channel.is_closed:
            return channel
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._channel = await self._connection.channel(confirms=False)
            return self._channel


def _unreadable(reason: str) -> _Answered:
    log.error("A request cannot be read.", action="request_bad", reason=reason)
    return _Answered("bad", encode_refusal(Refusal(slug=BAD_REQUEST)))


def _stored_answer(kept: replies.StoredReply | None, digest: bytes) -> _Answered:
    if kept is None:
        raise RuntimeError("a stored reply vanished while it was read")
    if kept.content_hash != digest:
        return _Answered("bad", encode_refusal(Refusal(slug=KEY_MISMATCH)))
    return _Answered("repeated", kept.answer)


def _refused(refusal: Refusal) -> _Answered:
    return _Answered("refused", encode_refusal(refusal))


def _encoded(reply: Reply) -> _Answered:
    if isinstance(reply, RefusalReply):
        return _refused(reply.refusal)
    return _Answered("replied", encode_reply(reply))


def _seconds(properties: Basic.Properties) -> float:
    """How long the caller waits; the broker gives no request out later than that."""
    text = properties.expiration or ""
    if re.fullmatch("[0-9]{1,4}", text) and 0 < int(text) < MAX_TIMEOUT * 1_000:
        return int(text) / 1_000
    return MAX_TIMEOUT


def _key(properties: Basic.Properties) -> str | None:
    value = (properties.headers or {}).get(IDEMPOTENCY_KEY)
    return value if isinstance(value, str) and 0 < len(value) <= MAX_KEY_LENGTH else None
