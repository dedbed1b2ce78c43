"""Sends requests and awaits the replies in a queue of this process's own.

At most once on the wire: a reply may be lost with the connection. Therefore a request that changes
something carries an idempotency key, and sending it again with the same key is safe. No reply is
awaited longer than the deadline, three seconds at most.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from aiormq import Channel
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import DeliveryError, PublishError
from pamqp.commands import Basic

from shared.contracts.base import Request
from shared.messaging.connection import (
    BROKER,
    CONNECT_SECONDS,
    BrokerConnection,
    describe,
)
from shared.messaging.envelope import CONTENT_TYPE, wrap
from shared.messaging.errors import RequestTimeout, ServiceUnavailable, Undecodable
from shared.messaging.handlers import Refused
from shared.messaging.queue_consumer import wait_first
from shared.messaging.rpc_codec import (
    IDEMPOTENCY_KEY,
    MAX_KEY_LENGTH,
    MAX_TIMEOUT,
    UNAVAILABLE,
    decode_reply,
)
from shared.messaging.rpc_server import ReceivedRequest, RpcServer
from shared.messaging.topology import REPLIES, REQUESTS, reply_queue
from shared.runtime.cancellation import cancellation_requested, raise_if_cancelled
from shared.runtime.retrying import OutageLog
from shared.runtime.telemetry import get_logger
from shared.runtime.tracing import span

#: Seconds that a request waits for a connection that is coming back.
RECONNECT_WAIT = 1.0
REOPEN_PAUSE = 0.2
CONNECTION_LOST = "the connection to the broker was lost"

log = get_logger("requests")


class RpcClient:
    """Sends the requests of `service`; `run` keeps its reply channel open, as a supervised task.

    `in_process` are the servers of the services that take requests in this process, by name. They
    are asked directly, without the broker.
    """

    def __init__(
        self,
        connection: BrokerConnection,
        service: str,
        asks: Iterable[type[Request]],
        clock: Callable[[], datetime],
        in_process: Mapping[str, RpcServer],
    ) -> None:
        self._connection = connection
        self._in_process = in_process
        self._service = service
        self._asks = {request.TYPE for request in asks}
        self._clock = clock
        self._channel: Channel | None = None
        self._reply_to = ""
        self._ready = asyncio.Event()
        self._outage = OutageLog("requester_lost", "requester_back")
        self._channel_suspect = asyncio.Event()
        self._pending: dict[str, tuple[str, asyncio.Future[bytes]]] = {}

    @property
    def is_ready(self) -> bool:
        """Whether a request can be sent now."""
        return self._ready.is_set()

    async def run(self) -> None:
        """Keep one channel for replies open, reopened whenever it is lost."""
        while True:
            raise_if_cancelled()
            await self._connection.wait_up()
            try:
                await self._listen()
            except asyncio.CancelledError:
                if cancellation_requested():
                    raise
            except Exception as error:
                if self._connection.is_up:  # else the connection has logged it
                    self._outage.started(describe(error))
            finally:
                self._ready.clear()
                self._channel = None
                self._fail_pending()
            await asyncio.sleep(REOPEN_PAUSE)

    async def _listen(self) -> None:
        channel = await self._connection.channel(confirms=True)
        closed = channel.closing
        # A new name each time: the queue of a lost connection may still be there for a while.
        queue = reply_queue(self._service, secrets.token_hex(8))
        await channel.queue_declare(
            queue.name,
            exclusive=True,
            auto_delete=True,
            arguments=dict(queue.arguments),
            timeout=CONNECT_SECONDS,
        )
        await channel.queue_bind(queue.name, REPLIES, queue.name, timeout=CONNECT_SECONDS)
        await channel.basic_consume(
            queue.name, self._on_reply, no_ack=True, timeout=CONNECT_SECONDS
        )
        self._reply_to = queue.name
        self._channel = channel
        self._channel_suspect.clear()
        self._ready.set()
        self._outage.ended()
        await wait_first(closed, self._channel_suspect.wait())
        if not closed.done():
            closed.cancel()
            self._connection.release(channel)

    async def ask(
        self, request: Request, *, idempotency_key: str | None = None, timeout: float = 3.0
    ) -> Any:
        """Ask the owner; returns an instance of `request.REPLY`.

        Raises `Refused` (with the owner's `.refusal`), `ServiceUnavailable` (broker or owner
        unavailable) or `RequestTimeout`. After the last two the request may still have been carried
        out; ask again with the same key. `timeout` is in seconds.
        """
        self._check(request, idempotency_key)
        timeout = min(timeout, MAX_TIMEOUT)
        try:
            async with asyncio.timeout(timeout):
                with span(self._service, f"ask {request.TYPE}", "client"):
                    body = await self._exchange(request, idempotency_key, timeout)
        except TimeoutError as error:
            raise RequestTimeout(
                f"no answer to {request.TYPE} within {timeout} s", self._silent(request.OWNER)
            ) from error
        return self._open(request, body)

    def _silent(self, owner: str) -> str:
        """Who left a request without an answer: the broker where it did not confirm it."""
        is_sent = self._ready.is_set() and not self._channel_suspect.is_set()
        return owner if is_sent or owner in self._in_process else BROKER

    async def _exchange(self, request: Request, key: str | None, timeout: float) -> bytes:
        server = self._in_process.get(request.OWNER)
        if server is not None:
            return await self._ask_in_process(server, request, key, timeout)
        return await self._ask_over_broker(request, key, timeout)

    def _check(self, request: Request, key: str | None) -> None:
        if request.TYPE not in self._asks:
            raise ValueError(f"{self._service} does not declare that it asks {request.TYPE}")
        if request.CHANGES and not key:
            raise ValueError(f"{request.TYPE} changes something and needs an idempotency key")
        if key is not None and len(key) > MAX_KEY_LENGTH:
            raise ValueError(f"an idempotency key has at most {MAX_KEY_LENGTH} characters")

    async def _ask_in_process(
        self, server: RpcServer, request: Request, key: str | None, timeout: float
    ) -> bytes:
        # Encoded as for the broker: the same contract, and only values that a message can carry.
        message_id, body = wrap(self._service, request, subject=None, now=self._clock())
        return await server.answer(ReceivedRequest(message_id, request.TYPE, body, timeout, key))

    async def _ask_over_broker(self, request: Request, key: str | None, timeout: float) -> bytes:
        channel = await self._ready_channel()
        message_id, body = wrap(self._service, request, subject=None, now=self._clock())
        properties = Basic.Properties(
            content_type=CONTENT_TYPE,
            delivery_mode=1,
            message_id=message_id,
            correlation_id=message_id,
            message_type=request.TYPE,
            reply_to=self._reply_to,
            expiration=str(int(timeout * 1_000)),
            user_id=self._connection.user,
            headers=None if key is None else {IDEMPOTENCY_KEY: key},
        )
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pending[message_id] = (request.OWNER, answer)
        try:
            await self._send(channel, body, properties, request)
            return await answer
        finally:
            del self._pending[message_id]
            # Where the send failed too, nobody reads the error that the lost channel gave it.
            if not answer.cancel() and not answer.cancelled():
                answer.exception()

    async def _ready_channel(self) -> Channel:
        if not self._ready.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECONNECT_WAIT):
                    await self._ready.wait()
        if self._channel is None or self._channel.is_closed:
            reason = self._connection.problem or "it does not answer"
            problem = f"the broker is unavailable: {reason}"
            raise ServiceUnavailable(problem, BROKER)
        return self._channel

    async def _send(
        self, channel: Channel, body: bytes, properties: Basic.Properties, request: Request
    ) -> None:
        try:
            await channel.basic_publish(
                body,
                exchange=REQUESTS,
                routing_key=request.TYPE,
                properties=properties,
                mandatory=True,
                wait=False,  # the confirm says more than that the socket took it
            )
        except PublishError as error:
            raise ServiceUnavailable(f"nobody answers {request.TYPE}", request.OWNER) from error
        except DeliveryError as error:
            problem = f"too many requests wait for {request.OWNER}"
            raise ServiceUnavailable(problem, request.OWNER) from error
        except asyncio.CancelledError as error:
            # Whether our deadline or a lost heartbeat: this publish has an unknown outcome.
            self._channel_suspect.set()
            if not cancellation_requested():
                raise ServiceUnavailable(CONNECTION_LOST, BROKER) from error
            raise
        except Exception as error:
            self._channel_suspect.set()
            problem = f"the broker is unavailable: {describe(error)}"
            raise ServiceUnavailable(problem, BROKER) from error

    async def _on_reply(self, message: DeliveredMessage) -> None:
        properties = message.header.properties
        owner, answer = self._pending.get(properties.correlation_id or "", ("", None))
        if answer is None:
            log.info("A reply came too late.", action="reply_late")
        elif properties.user_id != owner:
            log.error(
                "A reply came from another user than the owner.",
                action="reply_forged",
                user=properties.user_id,
            )
        elif not answer.done():
            answer.set_result(message.body)

    def _open(self, request: Request, body: bytes) -> Any:
        try:
            answered = decode_reply(body)
            if answered.refusal is None:
                return msgspec.convert(answered.reply, request.REPLY)
        except (Undecodable, msgspec.MsgspecError) as error:
            problem = f"{request.OWNER} answered what cannot be read"
            raise ServiceUnavailable(problem, request.OWNER) from error
        if answered.refusal.slug == UNAVAILABLE:
            raise ServiceUnavailable(f"{request.OWNER} cannot work for now", request.OWNER)
        raise Refused(answered.refusal)

    def _fail_pending(self) -> None:
        for _owner, answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ServiceUnavailable(CONNECTION_LOST, BROKER))
