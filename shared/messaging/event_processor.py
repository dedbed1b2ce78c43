"""From a delivery to its effect: decode, check the publisher, inbox, handler, commit, acknowledge.

A failing message is copied, with the reason and its count, to a retry queue or to the dead letters
under confirm, and only then acknowledged: a crash in between makes a duplicate, which the inbox
removes. While a required server is unavailable, the consumer pauses and no attempt is counted.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from aiormq.abc import DeliveredMessage

from shared.contracts.base import Event
from shared.database import Connection, Pool, acquire, transaction
from shared.errors import DependencyDown, Reject, Retry
from shared.messaging.connection import BROKER, describe
from shared.messaging.effect_batches import EffectBatches
from shared.messaging.envelope import (
    Envelope,
    contract,
    decode,
    is_published_by,
    owner_of,
)
from shared.messaging.errors import WRONG_PUBLISHER, PublishNotConfirmed, Undecodable
from shared.messaging.failures import (
    REPLAYED_AT,
    Dead,
    attempt_of,
    decide,
    describe_failure,
    failed_copy,
    frames,
    history,
)
from shared.messaging.handlers import Context, SqlEffect, Subscription
from shared.messaging.message_metrics import EventMetrics
from shared.messaging.publisher import Publisher
from shared.messaging.queue_consumer import Probe, QueueConsumer, ack_or_requeue
from shared.messaging.topology import (
    DEAD,
    EVENTS,
    OPERATORS,
    REPLIES,
    TRIAL_KEY,
    retry_exchange,
)
from shared.messaging.trials import TRIAL, Undone, encode_outcome
from shared.outbox import OutboxRow, ReservedEvents, apply_once, mark_processed
from shared.runtime.telemetry import get_logger, log_context, trace_id
from shared.runtime.tracing import span, traceparent

#: How many handlers of one process may run at once.
PREFETCH = 50
#: Seconds; far below the broker's own limit of half an hour.
HANDLER_SECONDS = 60

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
        on_commit: Callable[[Sequence[OutboxRow]], None],
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
        self._metrics = EventMetrics(service, self._types)
        self._batches = EffectBatches(pool, service)
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
        if (reply_key := self._trial_of(message)) is not None:
            await self._try(message, reply_key)
            return
        self._log_replay(message)
        try:
            envelope, event = self._read(message)
        except Undecodable as error:
            await self._retry_or_dead_letter(message, error)
            return
        traceparent.set(envelope.traceparent)
        with log_context(trace_id=trace_id(envelope.traceparent)):
            try:
                with span(self._service, f"handle {envelope.type}", "consumer"):
                    await self._handle(envelope, event)
            except (DependencyDown, asyncio.CancelledError):
                raise
            except Exception as error:
                await self._retry_or_dead_letter(message, error)

    def _read(self, message: DeliveredMessage, *, trial: bool = False) -> tuple[Envelope, Event]:
        envelope = decode(message.body)
        properties = message.header.properties
        if properties.message_id != envelope.id and not trial:
            raise Undecodable("message_id is not the envelope's id")
        self._check_publisher(message, envelope)
        return envelope, contract(envelope, self._types)

    def _check_publisher(self, message: DeliveredMessage, envelope: Envelope) -> None:
        """The broker verifies `user_id`, and the right to publish the routing key; a type has one
        owner, known here or not."""
        if self._is_own_copy(message):
            return
        user = message.header.properties.user_id
        key = message.routing_key or ""
        if message.exchange != EVENTS or not is_published_by(user, envelope, key):
            raise Undecodable(f"{WRONG_PUBLISHER}{owner_of(envelope)}", "not_allowed")

    def _is_own_copy(self, message: DeliveredMessage) -> bool:
        """Whether this service or an operator published it for this service alone."""
        by_us = message.header.properties.user_id in (self._service, *OPERATORS)
        return by_us and message.exchange == retry_exchange(self._service)

    def _log_replay(self, message: DeliveredMessage) -> None:
        if attempt_of(message) > 1 or not self._is_own_copy(message):
            return
        past = history(message)
        if REPLAYED_AT in past:
            log.info(
                "A dead letter is handled again.",
                action="message_replayed",
                type=message.header.properties.message_type,
                **past,
            )

    def _trial_of(self, message: DeliveredMessage) -> str | None:
        """Where the outcome goes, if an operator asks for a trial."""
        properties = message.header.properties
        key = (properties.headers or {}).get(TRIAL)
        asked = properties.user_id in OPERATORS and self._is_own_copy(message)
        return key if asked and isinstance(key, str) and TRIAL_KEY.match(key) else None

    async def _try(self, message: DeliveredMessage, reply_key: str) -> None:
        """Handle `message`, undo it and tell the operator what would have become of it.

        Nothing remains of it, so a trial that is lost or told twice does no harm.
        """
        outcome = {"outcome": "handled"}
        with log_context(trial="undone"):
            try:
                envelope, event = self._read(message, trial=True)
                traceparent.set(envelope.traceparent)
                with log_context(trace_id=trace_id(envelope.traceparent)):
                    if not await self._handled(envelope, event, undo=True):
                        outcome = {"outcome": "duplicate"}
            except Exception as error:
                outcome = {
                    "outcome": "failed",
                    **describe_failure(error, self._service, self._clock()),
                }
            log.info("A dead letter was tried.", action="message_tried", outcome=outcome["outcome"])
            try:
                await self._publisher.publish(
                    *encode_outcome(outcome), exchange=REPLIES, key=reply_key
                )
            except Exception as error:
                log.warning(
                    "Nobody waits for the outcome of a trial.",
                    action="trial_not_told",
                    reason=describe(error),
                )

    async def _handle(self, envelope: Envelope, event: Event) -> None:
        began = time.perf_counter()
        try:
            first = await self._handled(envelope, event)
        finally:
            self._metrics.handler_took(envelope.type, time.perf_counter() - began)
        if not first:
            log.info("Handled before.", action="message_duplicate", type=envelope.type)
        elif self._rows[envelope.type].logged:
            log.info("Handled.", action="message_handled", type=envelope.type)
        if first:
            since = (self._clock() - envelope.time).total_seconds()
            self._metrics.handled_after(envelope.type, since)
        self._metrics.count(envelope.type, "handled" if first else "duplicate")

    async def _handled(self, envelope: Envelope, event: Event, *, undo: bool = False) -> bool:
        """Handle within the time limit; False if the message was handled before. With `undo`
        nothing of it remains."""
        row = self._rows[envelope.type]
        if not row.concerns(event):
            return True
        try:
            async with asyncio.timeout(self._seconds) as limit:
                first = None
                if row.effect is not None:
                    effect = row.effect(event, envelope, self._clock(), self.deps)
                    if row.batched and not undo:
                        first = await self._batches.apply(envelope.unique_id, effect)
                    else:
                        async with acquire(self._pool) as connection:
                            first = await self._apply(connection, envelope, effect, undo=undo)
                if first is None:
                    first = await self._in_transaction(row, envelope, event, undo=undo)
                return first
        except TimeoutError as error:
            if limit.expired():
                raise HandlerTimeout(f"took longer than {self._seconds} s") from error
            raise

    async def _apply(
        self, connection: Connection, envelope: Envelope, effect: SqlEffect, *, undo: bool
    ) -> bool | None:
        first = None
        if not undo:
            return await apply_once(connection, self._service, envelope.unique_id, effect)
        with suppress(Undone):
            async with connection.transaction():
                first = await apply_once(connection, self._service, envelope.unique_id, effect)
                raise Undone
        return first

    async def _in_transaction(
        self, row: Subscription, envelope: Envelope, heard: Event, *, undo: bool
    ) -> bool:
        """Run the handler; False if the message was processed before."""
        events = ReservedEvents(self._service, self._clock)
        prepared = None
        if row.prepare is not None:
            prepared = await row.prepare(heard, self.deps, self._pool)
        with suppress(Undone):
            async with transaction(self._pool) as tx:
                if not await mark_processed(tx, self._service, envelope.unique_id):
                    return False
                context = Context(
                    tx=tx,
                    deps=self.deps,
                    envelope=envelope,
                    now=self._clock,
                    _emit=events.emit,
                    prepared=prepared,
                )
                assert row.handler is not None
                await row.handler(heard, context)
                await events.insert(tx)
                if undo:
                    # What waits for the commit is checked too.
                    await tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    raise Undone
        if events.rows and not undo:
            self._on_commit(events.rows)
        return True

    async def _retry_or_dead_letter(self, message: DeliveredMessage, error: Exception) -> None:
        """Copy `message` to a retry queue or to the dead letters, under confirm."""
        attempt = attempt_of(message)
        decision = decide(error, attempt)
        failure = describe_failure(error, self._service, self._clock())
        dead = isinstance(decision, Dead)
        exchange = DEAD if dead else retry_exchange(self._service)
        key = self._service if isinstance(decision, Dead) else decision.step
        copy = failed_copy(
            message, failure, attempt if dead else attempt + 1, own=self._is_own_copy(message)
        )
        await self._publisher.publish(message.body, copy, exchange=exchange, key=key)
        self._metrics.count(message.header.properties.message_type, "dead" if dead else "retry")
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
