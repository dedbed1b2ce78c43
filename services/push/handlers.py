"""An event for a partner, of whatever type it hears, becomes a delivery.

What is no event of ours goes to the partner's dead letters, by the policy of its queue.
"""

from collections.abc import Callable
from datetime import datetime

from aiormq.abc import DeliveredMessage
from asyncpg import DataError, ForeignKeyViolationError

from services.push import store
from shared.database import TRANSIENT_ERRORS, Pool, acquire, ping
from shared.errors import DependencyDown
from shared.messaging.envelope import Envelope, decode, is_published_by
from shared.messaging.errors import Undecodable
from shared.messaging.queue_consumer import QueueConsumer, ack_or_requeue
from shared.messaging.topology import (
    EVENTS,
    OPERATORS,
    PARTNERS,
    partner_key,
    retry_exchange,
)
from shared.outbox import apply_once
from shared.runtime.telemetry import get_logger, log_context, trace_id
from shared.runtime.tracing import span

log = get_logger("push")


class EventHandler:
    """Handles what comes from the queue of `partner`; `wake` is called when it is stored."""

    def __init__(
        self, partner: str, pool: Pool, clock: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        self._partner = partner
        self._pool = pool
        self._clock = clock
        self._wake = wake
        self.queue_consumer: QueueConsumer | None = None

    async def handle_delivery(self, message: DeliveredMessage) -> None:
        """Store one event as a delivery, then acknowledge it."""
        names = {"message_id": message.header.properties.message_id, "partner": self._partner}
        with log_context(**names):
            try:
                envelope = self._read(message)
                with (
                    log_context(trace_id=trace_id(envelope.traceparent)),
                    span("push", f"handle {envelope.type}", "consumer", of=envelope.traceparent),
                ):
                    if await self._stored(envelope, message.body):
                        await ack_or_requeue(message)
                        self._wake()
            except Undecodable as error:
                log.error(
                    "A message for a partner is no event: it goes to the dead letters.",
                    action="push_unreadable",
                    reason=str(error),
                )
                await message.channel.basic_reject(message.delivery_tag or 0, requeue=False)

    def _read(self, message: DeliveredMessage) -> Envelope:
        envelope = decode(message.body)
        properties = message.header.properties
        if properties.message_id != envelope.id:
            raise Undecodable("message_id is not the envelope's id")
        user, exchange = properties.user_id, message.exchange
        if user in OPERATORS and exchange == retry_exchange(self._partner):
            return envelope
        key = message.routing_key or ""
        if exchange not in (EVENTS, PARTNERS) or not is_published_by(user, envelope, key):
            raise Undecodable("not published by the owner of its type")
        if key not in (envelope.type, partner_key(envelope.type, self._partner)):
            raise Undecodable("its type is not the one that it was sent as")
        return envelope

    async def _stored(self, envelope: Envelope, body: bytes) -> bool:
        """Store it, through outages of the database; False where it is left to come again.

        Raises `Undecodable` where no table can hold it.
        """
        consumer = self.queue_consumer
        assert consumer is not None
        while True:
            try:
                async with acquire(self._pool) as connection:
                    effect = store.insertion(self._partner, envelope, body, self._clock())
                    inbox = f"push.{self._partner}"
                    if not await apply_once(connection, inbox, envelope.unique_id, effect):
                        log.info("Handled before.", action="message_duplicate", type=envelope.type)
                consumer.reset_backoff()
                return True
            except ForeignKeyViolationError:
                # The partner was removed meanwhile, and its queue with it.
                log.info("The partner is gone.", action="push_receiver_gone")
                return False
            except DataError as error:
                raise Undecodable("the database cannot hold it") from error
            except TRANSIENT_ERRORS as error:
                probe = self._ping if isinstance(error, DependencyDown) else None
                if not await consumer.pause(error, probe):
                    return False

    async def _ping(self) -> None:
        await ping(self._pool)
