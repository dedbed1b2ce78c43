"""Consumes one queue: subscribe, pause, resubscribe, drain.

Each delivery is handled in a task of our own, because the library cancels its tasks when a channel
closes. Losing the connection, the channel or the consumer leads back to declaring the topology and
subscribing again. The handler of a delivery acknowledges it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from aiormq import Channel
from aiormq.abc import DeliveredMessage

from shared.errors import ConfigurationError, DependencyDown
from shared.messaging.connection import (
    CONNECT_SECONDS,
    SEND_SECONDS,
    BrokerConnection,
    describe,
)
from shared.runtime.cancellation import cancellation_requested, raise_if_cancelled
from shared.runtime.retrying import OutageLog
from shared.runtime.telemetry import get_logger

#: Seconds between two tries; even after a long outage work resumes within a few seconds.
FIRST_PAUSE = 0.2
MAX_PAUSE = 3.0

log = get_logger("messaging")

DeliveryHandler = Callable[[DeliveredMessage], Coroutine[Any, Any, None]]
Probe = Callable[[], Awaitable[None]]


class QueueConsumer:
    """Deliveries of `queue` to `handle`, `prefetch` at a time; `prepare` declares the queue.

    None is taken while the connection `answers_on` is lost.
    """

    def __init__(
        self,
        connection: BrokerConnection,
        queue: str,
        prefetch: int,
        handle: DeliveryHandler,
        prepare: Probe,
        *,
        answers_on: BrokerConnection | None = None,
    ) -> None:
        self.queue = queue
        self._connection = connection
        self._answers_on = answers_on
        self._prefetch = prefetch
        self._handle = handle
        self._prepare = prepare
        self._tasks: set[asyncio.Task[None]] = set()
        self._channel: Channel | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._paused = asyncio.Event()
        self._probing: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._outage = OutageLog("consumer_paused", "consumer_resumed")
        self.consuming = False
        self.problem = "not subscribed yet"

    @property
    def stopping(self) -> bool:
        """Whether a drain has begun."""
        return self._stopping.is_set()

    async def run(self) -> None:
        """Consume until `drain`; recovers from every loss by itself."""
        pause = FIRST_PAUSE
        try:
            while not self.stopping:
                raise_if_cancelled()
                try:
                    if await self._until_ready():
                        await self._serve()
                        pause = FIRST_PAUSE
                except asyncio.CancelledError:
                    if cancellation_requested():
                        raise
                    self._lost("cancelled by the connection")
                except (DependencyDown, ConfigurationError) as error:
                    self._lost(str(error))
                except Exception as error:
                    self._lost(describe(error))
                if not self.stopping and not self.consuming:
                    await wait_first(self._stopping.wait(), asyncio.sleep(pause))
                    pause = min(pause * 2, MAX_PAUSE)
        finally:
            self.consuming = False
            self._stopped.set()

    async def _until_ready(self) -> bool:
        await wait_first(self._connection.wait_up(), self._stopping.wait())
        await wait_first(self._may_answer(), self._stopping.wait())
        if self.stopping:
            return False
        await self._prepare()
        return True

    async def _serve(self) -> None:
        """Consume on one channel until it closes, its consumer goes, or a drain begins."""
        channel = self._channel = await self._connection.channel(confirms=False)
        closed, cancelled = channel.closing, asyncio.Event()
        channel.on_consumer_cancel_callbacks.add(lambda _frame: cancelled.set())
        try:
            await channel.basic_qos(prefetch_count=self._prefetch, timeout=CONNECT_SECONDS)
            while not self.stopping and not closed.done() and not cancelled.is_set():
                await wait_first(self._open.wait(), self._stopping.wait(), closed)
                await wait_first(self._may_answer(), self._stopping.wait(), closed)
                if self._open.is_set() and not self.stopping and not closed.done():
                    await self._consume(channel, closed, cancelled)
        finally:
            self.consuming = False
            closed.cancel()
        if not self.stopping:
            self._lost("the queue went away" if cancelled.is_set() else "the channel was closed")
            # Acknowledgements of running handlers fail from here on; their messages come again.
            self._connection.release(channel)

    async def _consume(
        self, channel: Channel, closed: asyncio.Future[Any], cancelled: asyncio.Event
    ) -> None:
        reply = await channel.basic_consume(self.queue, self._on_delivery, timeout=CONNECT_SECONDS)
        self.consuming = True
        self.problem = ""
        lost = () if self._answers_on is None else (self._answers_on.wait_lost(),)
        await wait_first(
            closed, cancelled.wait(), self._paused.wait(), self._stopping.wait(), *lost
        )
        self.consuming = False
        if not closed.done() and not cancelled.is_set() and reply.consumer_tag:
            await channel.basic_cancel(reply.consumer_tag, timeout=CONNECT_SECONDS)

    async def _may_answer(self) -> None:
        if self._answers_on is not None:
            await self._answers_on.wait_up()

    async def _on_delivery(self, message: DeliveredMessage) -> None:
        task = asyncio.create_task(
            self._handle(message), name=f"{self.queue}: {message.header.properties.message_id}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A delivery was left unsettled.", action="delivery_unsettled", exc_info=error)

    def _lost(self, reason: str) -> None:
        self.consuming = False
        if reason != self.problem and not self.stopping:
            # A lost connection is logged by the connection.
            log.log(
                logging.WARNING if self._connection.is_up else logging.DEBUG,
                "Not consuming; trying again.",
                action="consumer_lost",
                queue=self.queue,
                reason=reason,
            )
        self.problem = reason

    async def pause(self, error: Exception, probe: Probe | None) -> bool:
        """Stop taking deliveries until `probe` succeeds; without one, for a growing pause.

        Returns True when work may go on, False when a drain has begun. Without a probe the outage
        lasts, for the log, until `reset_backoff`.
        """
        if self._probing is None:
            self._open.clear()
            self._paused.set()
            self._probing = asyncio.create_task(
                self._probe(error, probe), name=f"{self.queue}: probe"
            )
        await wait_first(self._open.wait(), self._stopping.wait())
        return not self.stopping

    def reset_backoff(self) -> None:
        """A delivery was handled: the outage is over, and the next pause is short again."""
        self._pause = FIRST_PAUSE
        self._outage.ended(self.queue)

    async def _probe(self, error: Exception, probe: Probe | None) -> None:
        self._outage.started(error, self.queue)
        self.problem = describe(error)
        answered = False
        try:
            while not answered:
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, MAX_PAUSE)
                try:
                    if probe is not None:
                        await probe()
                    answered = True
                except Exception as error:
                    self.problem = describe(error)
        finally:
            self._probing = None
            self._paused.clear()
            self._open.set()
        if probe is not None:
            self._outage.ended(self.queue)

    async def drain(self, seconds: float) -> int:
        """Take nothing more and wait for what is running; returns how many had to be cut."""
        self._stopping.set()
        await wait_first(self._stopped.wait(), asyncio.sleep(min(seconds, 5)))
        if self._probing is not None:
            self._probing.cancel()
        if not self._tasks:
            return 0
        _, running = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in running:
            log.warning("A handler is cut.", action="handler_cut", task=task.get_name())
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=5)
        return len(running)


async def wait_first(*things: Coroutine[Any, Any, Any] | asyncio.Future[Any]) -> None:
    """Wait for whichever comes first; coroutines that do not are cancelled, futures are left."""
    tasks = [asyncio.ensure_future(thing) for thing in things]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task, thing in zip(tasks, things, strict=True):
            if asyncio.iscoroutine(thing):
                task.cancel()


async def ack_or_requeue(message: DeliveredMessage, *, requeue: bool = False) -> None:
    """Acknowledge, or give back with `requeue`. On a lost channel the broker does the latter."""
    tag = message.delivery_tag or 0
    try:
        async with asyncio.timeout(SEND_SECONDS):
            if requeue:
                # `reject`, not `nack`: newer brokers no longer count a nack towards the limit.
                await message.channel.basic_reject(tag, requeue=True, wait=False)
            else:
                await message.channel.basic_ack(tag, wait=False)
    except asyncio.CancelledError:
        if cancellation_requested():
            raise
    except Exception as error:
        log.info(
            "A delivery could not be settled; it will come again.",
            action="ack_failed",
            reason=describe(error),
        )
