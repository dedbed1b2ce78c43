"""From a delivery to its effect: decode, check the publisher, inbox, handler, commit, acknowledge.

A failing message is copied, with the reason and its count, to a retry queue or to the dead letters
under confirm, and only then acknowledged: a crash in between makes a duplicate, which the inbox
removes. While a required server is unavailable, the consumer pauses and no attempt is counted.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiormq.abc import DeliveredMessage
from prometheus_client import Counter

from shared.contracts.base import Event
from shared.database import Pool, acquire, transaction
from shared.errors import DependencyDown, Reject, Retry
from shared.messaging.connection import BROKER
from shared.messaging.envelope import (
    Envelope,
    contract,
    decode,
    is_published_by,
    owner_of,
    traceparent,
)
from shared.messaging.errors import WRONG_PUBLISHER, PublishNotConfirmed, Undecodable
from shared.messaging.failures import (
    Dead,
    attempt_of,
    decide,
    describe_failure,
    failed_copy,
    frames,
)
from shared.messaging.handlers import Context, Subscription
from shared.messaging.publisher import Publisher
from shared.messaging.queue_consumer import Probe, QueueConsumer, ack_or_requeue
from shared.messaging.topology import DEAD, EVENTS, OPERATOR, retry_exchange
from shared.outbox import apply_once, emit, mark_processed
from shared.runtime.telemetry import REGISTRY, get_logger, log_context, trace_id

#: How many handlers of one process may run at once.
PREFETCH = 50
#: Seconds; far below the broker's own limit of half an hour.
HANDLER_SECONDS = 60

MESSAGES = Counter(
    "impex_messages",
    "Facts heard, by what became of the delivery: handled, duplicate, retry or dead.",
    ("service", "outcome"),
    registry=REGISTRY,
)

log = get_logger("messaging")


class HandlerTimeout(Exception):
    """A handler took longer than it may."""


class EventProcessor:
    """Handles what `service` hears. `take` is given to an `QueueConsumer` as its handler."""

    def __init__(
        self,
        service: str,
        hears: tuple[Subscription, ...],
        *,
        pool: Pool,
        publisher: Publisher,
        clock: Callable[[], datetime],
        on_commit: Callable[[], None],
        probes: Mapping[str, Probe],
        seconds: float = HANDLER_SECONDS,
    ) -> None:
        self._service = service
        self._rows = {row.event.TYPE: row for row in hears}
        self._types: dict[str, type[Event]] = {row.event.TYPE: row.event for row in hears}
        self._pool = pool
        self._publisher = publisher
        self._clock = clock
        self._on_commit = on_commit
        self._probes = probes
        self._seconds = seconds
        self.deps: Any = None
        self.queue_consumer: QueueConsumer | None = None

    async def handle_delivery(self, message: DeliveredMessage) -> None:
        """Handle one delivery and settle it."""
        with log_context(service=self._service, message_id=message.header.properties.message_id):
            while True:
                try:
                    await self._process(message)
                except DependencyDown as down:
                    if not await self._pause(down, down.name):
                        return  # Unsettled: closing the channel gives it back.
                    continue
                except PublishNotConfirmed as error:
                    await self._pause(error, BROKER)
                    await ack_or_requeue(message, requeue=True)
                    return
                await ack_or_requeue(message)
                if self.queue_consumer is not None:
                    self.queue_consumer.reset_backoff()
                return

    async def _pause(self, error: Exception, dependency: str) -> bool:
        if self.queue_consumer is None:
            raise error
        return await self.queue_consumer.pause(error, self._probes.get(dependency))

    async def _process(self, message: DeliveredMessage) -> None:
        """Handle `message`, or copy it to a retry queue or the dead letters."""
        try:
            envelope, event = self._read(message)
        except Undecodable as error:
            await self._retry_or_dead_letter(message, error)
            return
        traceparent.set(envelope.traceparent)
        with log_context(trace_id=trace_id(envelope.traceparent)):
            try:
                await self._handle(envelope, event)
            except (DependencyDown, asyncio.CancelledError):
                raise
            except Exception as error:
                await self._retry_or_dead_letter(message, error)

    def _read(self, message: DeliveredMessage) -> tuple[Envelope, Event]:
        envelope = decode(message.body)
        properties = message.header.properties
        if properties.message_id != envelope.id:
            raise Undecodable("message_id is not the envelope's id")
        self._check_publisher(message, envelope)
        return envelope, contract(envelope, self._types)

    def _check_publisher(self, message: DeliveredMessage, envelope: Envelope) -> None:
        """The broker verifies `user_id`; a type has one owner, known here or not."""
        user, exchange = message.header.properties.user_id, message.exchange
        if exchange == retry_exchange(self._service) and user in (self._service, OPERATOR):
            return
        if exchange != EVENTS or not is_published_by(user, envelope):
            raise Undecodable(f"{WRONG_PUBLISHER}{owner_of(envelope)}")

    async def _handle(self, envelope: Envelope, event: Event) -> None:
        row = self._rows[envelope.type]
        try:
            async with asyncio.timeout(self._seconds) as limit:
                first = None
                if row.effect is not None:
                    effect = row.effect(event, envelope, self._clock(), self.deps)
                    async with acquire(self._pool) as connection:
                        first = await apply_once(connection, self._service, envelope.id, effect)
                if first is None:
                    first = await self._in_transaction(row, envelope, event)
        except TimeoutError as error:
            if limit.expired():
                raise HandlerTimeout(f"took longer than {self._seconds} s") from error
            raise
        if not first:
            log.info("Handled before.", action="message_duplicate", type=envelope.type)
        MESSAGES.labels(self._service, "handled" if first else "duplicate").inc()

    async def _in_transaction(self, row: Subscription, envelope: Envelope, heard: Event) -> bool:
        """Run the handler; False if the message was processed before."""
        emitted = False

        async def emit_event(event: Event, *, subject: str | None) -> str:
            nonlocal emitted
            emitted = True
            return await emit(tx, self._service, event, subject=subject, now=self._clock())

        prepared = None
        if row.prepare is not None:
            prepared = await row.prepare(heard, self.deps, self._pool)
        async with transaction(self._pool) as tx:
            if not await mark_processed(tx, self._service, envelope.id):
                return False
            context = Context(
                tx=tx,
                deps=self.deps,
                envelope=envelope,
                now=self._clock,
                _emit=emit_event,
                prepared=prepared,
            )
            assert row.handler is not None
            await row.handler(heard, context)
        if emitted:
            self._on_commit()
        return True

    async def _retry_or_dead_letter(self, message: DeliveredMessage, error: Exception) -> None:
        """Copy `message` to a retry queue or to the dead letters, under confirm."""
        attempt = attempt_of(message)
        decision = decide(error, attempt)
        failure = describe_failure(error, self._service, self._clock())
        dead = isinstance(decision, Dead)
        exchange = DEAD if dead else retry_exchange(self._service)
        key = self._service if isinstance(decision, Dead) else decision.step
        copy = failed_copy(message, failure, attempt if dead else attempt + 1)
        await self._publisher.publish(message.body, copy, exchange=exchange, key=key)
        MESSAGES.labels(self._service, "dead" if dead else "retry").inc()
        expected = isinstance(error, Retry | Reject | Undecodable)
        write = log.error if dead else log.warning
        write(
            "Message copied to a retry queue or to the dead letters.",
            action="message_dead" if dead else "message_retry",
            type=message.header.properties.message_type,
            attempt=attempt,
            decision=str(decision),
            error_type=failure["error_type"],
            reason=failure["error"],
            fingerprint=failure["fingerprint"],
            frames=None if expected else frames(error),
        )
