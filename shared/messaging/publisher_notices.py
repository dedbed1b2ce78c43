"""The dead letters of a service once more, for the publishers who must hear of them.

Every dead letter passes through one exchange, whoever moved it: the service with its reason, or the
broker after too many deliveries. A copy waits in a queue of the service, whose `refused` notifies
the publisher in a transaction with the copy's inbox row: once for each dead letter, whatever dies.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

from aiormq.abc import DeliveredMessage

from shared.contracts.base import EVENTS, Event
from shared.database import TRANSIENT_ERRORS, Connection, Pool, transaction
from shared.errors import DependencyDown
from shared.messaging.envelope import Envelope, decode
from shared.messaging.errors import Undecodable
from shared.messaging.failures import CODE, FAILED, PUBLISHED_BY, history
from shared.messaging.queue_consumer import Probe, QueueConsumer, ack_or_requeue
from shared.messaging.topology import PARTNER_NAME
from shared.outbox import emit_to, mark_processed

#: Of what a publisher wrote no more is repeated.
MAX_REPEATED = 255
_COPIES = UUID("8f0a1d52-6a83-5f0e-8a3c-0f7b3a0d9e61")


@dataclass(frozen=True, kw_only=True)
class DeadMessage:
    """A message that became a dead letter of this service.

    `publisher` is the broker user who published it. `message_id` and `type` are as it wrote them,
    cut. `envelope` is None where the message cannot be read.
    """

    publisher: str
    message_id: str
    type: str
    reason: str
    detail: str
    envelope: Envelope | None


class EmitTo(Protocol):
    """Puts an event for one partner into the outbox of the transaction."""

    async def __call__(self, event: Event, *, partner: str) -> None: ...


RefusedHandler = Callable[[DeadMessage, Connection, datetime, EmitTo], Awaitable[None]]


class RefusalNotices:
    """Has `refused` notify the publishers of the dead letters of `service`."""

    def __init__(
        self,
        service: str,
        refused: RefusedHandler,
        *,
        pool: Pool,
        clock: Callable[[], datetime],
        on_commit: Callable[[], None],
        probe: Probe,
    ) -> None:
        self._service = service
        self._refused = refused
        self._pool = pool
        self._clock = clock
        self._on_commit = on_commit
        self._probe = probe
        self.queue_consumer: QueueConsumer | None = None

    async def handle_delivery(self, message: DeliveredMessage) -> None:
        """Handle one copy and settle it; waits while the database cannot store what came of it."""
        while True:
            try:
                await self._process(message)
            except TRANSIENT_ERRORS as error:
                if self.queue_consumer is None:
                    raise
                probe = self._probe if isinstance(error, DependencyDown) else None
                if not await self.queue_consumer.pause(error, probe):
                    return  # Unsettled: closing the channel gives it back.
                continue
            await ack_or_requeue(message)
            if self.queue_consumer is not None:
                self.queue_consumer.reset_backoff()
            return

    async def _process(self, message: DeliveredMessage) -> None:
        dead = describe(self._service, message)
        if dead is None:
            return
        failed_at = (message.header.properties.headers or {}).get("failed_at")
        place = f"{dead.publisher}/{dead.message_id}/{failed_at!r}"
        async with transaction(self._pool) as tx:
            consumer = f"{self._service}.refusals"
            if not await mark_processed(tx, consumer, str(uuid5(_COPIES, place))):
                return

            async def emit(event: Event, *, partner: str) -> None:
                await emit_to(tx, self._service, event, partner=partner, now=self._clock())

            await self._refused(dead, tx, self._clock(), emit)
        self._on_commit()


def describe(service: str, message: DeliveredMessage) -> DeadMessage | None:
    """The dead letter, or None where nobody is to be notified: a service published it, or it is not
    known who did."""
    properties = message.header.properties
    headers: dict[str, Any] = dict(properties.headers or {})
    own = properties.user_id == service
    publisher = str(history(message).get(PUBLISHED_BY, "")) if own else properties.user_id or ""
    try:
        envelope = decode(message.body)
    except Undecodable:
        envelope = None
    known = EVENTS.get(envelope.type) if envelope is not None else None
    of_service = known is not None and publisher == known.OWNER and not known.BY_PARTNERS
    if of_service or not PARTNER_NAME.fullmatch(publisher):
        return None
    return DeadMessage(
        publisher=publisher,
        message_id=str(properties.message_id or "")[:MAX_REPEATED],
        type=str(properties.message_type or "")[:MAX_REPEATED],
        # Without a copy of ours the broker moved it: the service ended or hung on it.
        reason=str(headers.get(CODE, FAILED)) if own else FAILED,
        detail=str(headers.get("error", "")) if own else "",
        envelope=envelope,
    )
