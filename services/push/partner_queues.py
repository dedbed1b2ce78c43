"""Reads the queues of the partners whose events are posted.

The table of receivers says which partners these are; it is read again every few seconds. Without
any there is no connection.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.push import store
from services.push.handlers import EventHandler
from shared.database import Pool, acquire
from shared.messaging.connection import BrokerConnection
from shared.messaging.queue_consumer import QueueConsumer
from shared.messaging.topology import partner_queue
from shared.runtime.service import Runtime
from shared.runtime.telemetry import get_logger

#: Seconds between two readings of the table of receivers.
REFRESH_SECONDS = 3.0
#: Events of one partner in hand at once.
PREFETCH = 20
DRAIN_SECONDS = 10.0

log = get_logger("push")


@dataclass(frozen=True)
class _Reading:
    """The consumer of one partner's queue, and its task."""

    consumer: QueueConsumer
    task: asyncio.Task[None]


class PartnerQueues:
    """The queues of all partners with an address; `wake` is called when an event is stored."""

    def __init__(self, runtime: Runtime, amqp_url: str, wake: Callable[[], None]) -> None:
        self._pool: Pool = runtime.pool
        self._clock: Callable[[], datetime] = runtime.clock
        self._wake = wake
        self._connection = BrokerConnection(amqp_url, "push.partners")
        self._connecting: asyncio.Task[None] | None = None
        self._readings: dict[str, _Reading] = {}
        self._closing = False

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners whose queues are read."""
        return tuple(self._readings)

    async def refresh(self) -> None:
        """Begin and end to read queues, as the table says now."""
        async with acquire(self._pool) as connection:
            wanted = await store.read_receivers(connection)
        for partner in self._readings.keys() - wanted.keys():
            await self._end(self._readings.pop(partner))
        for partner in wanted.keys() - self._readings.keys():
            if not self._closing:
                self._readings[partner] = self._begin(partner)

    def _begin(self, partner: str) -> _Reading:
        if self._connecting is None:
            self._connecting = asyncio.create_task(
                self._connection.run(), name="push: partners' queues"
            )
        handler = EventHandler(partner, self._pool, self._clock, self._wake)
        queue = partner_queue(partner)
        consumer = QueueConsumer(
            self._connection, queue, PREFETCH, handler.handle_delivery, _nothing_to_declare
        )
        handler.queue_consumer = consumer
        log.info("Events of a partner are pushed.", action="push_begins", partner=partner)
        return _Reading(consumer, asyncio.create_task(consumer.run(), name=f"push: {queue}"))

    async def _end(self, reading: _Reading) -> None:
        await reading.consumer.drain(DRAIN_SECONDS)
        reading.task.cancel()
        await asyncio.gather(reading.task, return_exceptions=True)

    async def drain(self) -> None:
        """Take nothing more, and finish what is in hand."""
        self._closing = True
        readings, self._readings = list(self._readings.values()), {}
        await asyncio.gather(*map(self._end, readings))

    async def close(self) -> None:
        """Close the connection."""
        await self.drain()
        await self._connection.close()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)


async def _nothing_to_declare() -> None:
    """The queues are made with the partner."""
