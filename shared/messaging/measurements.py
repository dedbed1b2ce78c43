"""What a service measures of its own messages at intervals: its outbox, its queues, its clock."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from shared.database import Pool, acquire
from shared.errors import DependencyDown
from shared.messaging.connection import (
    BROKER,
    BrokerConnection,
    cancellation_as_outage,
    describe,
)
from shared.messaging.topology import REQUEST_TTL, Topology
from shared.outbox import read_backlog
from shared.runtime.metrics import SERVICE, gauge

#: A clock is compared only where the server answered within so many seconds: half of them is the
#: most that the comparison is wrong by.
MAX_ROUND_TRIP = 0.2
#: Seconds for the counts of all queues.
COUNT_SECONDS = REQUEST_TTL / 1_000

OUTBOX_ROWS = gauge(
    "impex_outbox_events",
    "Events not yet confirmed by the broker, counted up to 100,000.",
    service=SERVICE,
)
OUTBOX_AGE = gauge(
    "impex_outbox_oldest_seconds",
    "Age of the oldest event not yet confirmed by the broker.",
    service=SERVICE,
)
QUEUE_MESSAGES = gauge(
    "impex_queue_messages",
    "Messages that are ready in a queue of the service; every process of it says the same.",
    service=SERVICE,
    queue="name of the queue: the service's own, its retry queues, its dead letters, its requests",
)
CLOCK_OFFSET = gauge(
    "impex_clock_offset_seconds",
    "By how much the service's clock is ahead of the database server's; negative is behind.",
    service=SERVICE,
)


class Measurements:
    """The measurements of one service; its database and its broker may be away."""

    def __init__(
        self,
        service: str,
        pool: Pool,
        connection: BrokerConnection,
        topology: Topology,
        clock: Callable[[], datetime],
    ) -> None:
        self._service = service
        self._pool = pool
        self._connection = connection
        self._queues: Sequence[str] = [queue.name for queue in topology.queues]
        self._clock = clock

    async def measure(self) -> None:
        """Measure once. DependencyDown, or a database error, where a server is unavailable."""
        await self._measure_database()
        if self._queues:
            await self._measure_queues()

    async def _measure_database(self) -> None:
        async with acquire(self._pool) as connection:
            began, sent_at = time.perf_counter(), self._clock()
            backlog = await read_backlog(connection)
            took = time.perf_counter() - began
        OUTBOX_ROWS.labels(self._service).set(backlog.events)
        OUTBOX_AGE.labels(self._service).set(backlog.oldest_seconds)
        if took <= MAX_ROUND_TRIP:
            offset = (sent_at - backlog.server_time).total_seconds() + took / 2
            CLOCK_OFFSET.labels(self._service).set(offset)

    async def _measure_queues(self) -> None:
        """By a passive declaration: it needs no right that the service does not have."""
        channel = await self._connection.channel(confirms=False)
        try:
            for name in self._queues:
                with cancellation_as_outage():
                    found = await channel.queue_declare(name, passive=True, timeout=COUNT_SECONDS)
                QUEUE_MESSAGES.labels(self._service, name).set(found.message_count or 0)
        except DependencyDown:
            raise
        except Exception as error:
            raise DependencyDown(BROKER, describe(error)) from error
        finally:
            self._connection.release(channel)
