"""One service's side of the broker: connections, event processor, outbox relay, RPC.

Only the composition. The order in `drain` matters: first no new deliveries, then the running
handlers, then their outbox rows, then the connections.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.contracts.base import Event, Request
from shared.database import Pool, ping
from shared.errors import ConfigurationError, DependencyDown
from shared.messaging.connection import (
    BROKER,
    START_SECONDS,
    BrokerConnection,
    cancellation_as_outage,
    describe,
)
from shared.messaging.event_processor import PREFETCH, EventProcessor
from shared.messaging.handlers import Answer, Subscription
from shared.messaging.measurements import Measurements
from shared.messaging.outbox_relay import Relay
from shared.messaging.publisher import Publisher
from shared.messaging.publisher_notices import RefusalNotices, RefusedHandler
from shared.messaging.queue_consumer import Probe, QueueConsumer
from shared.messaging.rpc_client import RpcClient
from shared.messaging.rpc_server import PREFETCH as REQUESTS_PREFETCH
from shared.messaging.rpc_server import RpcServer
from shared.messaging.topology import (
    declare,
    refusals_queue,
    requests_queue,
    service_topology,
)
from shared.outbox import inbox
from shared.runtime.periodic import periodically
from shared.runtime.retrying import OutageLog, retry_while_down
from shared.runtime.telemetry import get_logger

#: Seconds after which a broker that does not answer declarations counts as unavailable.
DECLARE_SECONDS = 20
#: Seconds between two purges of inbox and replies, and between two measurements.
CLEANUP_SECONDS = 600
MEASURE_SECONDS = 15

#: Copies of dead letters handled at once: they are few.
REFUSALS_PREFETCH = 10
NO_PROBES: Mapping[str, Probe] = MappingProxyType({})

log = get_logger("messaging")


class ServiceBus:
    """The messaging of one service; each of `probes` returns once its dependency is available.

    Services of one process share `in_process`, the servers that take requests there by the name of
    their service; this one is in it from the end of `start` to the beginning of `drain`.
    """

    def __init__(
        self,
        name: str,
        amqp_url: str,
        pool: Pool,
        hears: tuple[Subscription, ...] = (),
        answers: tuple[Answer, ...] = (),
        emits: tuple[type[Event], ...] = (),
        asks: tuple[type[Request], ...] = (),
        refused: RefusedHandler | None = None,
        *,
        clock: Callable[[], datetime],
        in_process: dict[str, RpcServer] | None = None,
        probes: Mapping[str, Probe] = NO_PROBES,
        prefetch: int = PREFETCH,
    ) -> None:
        self.name = name
        self._pool = pool
        self._topology = service_topology(
            name,
            [row.event for row in hears],
            [row.request for row in answers],
            refusals=refused is not None,
        )
        outage = OutageLog("broker_lost", "broker_back")
        self._publish = BrokerConnection(amqp_url, f"{name}.publish", outage=outage)
        self._consume = (
            BrokerConnection(amqp_url, f"{name}.consume", outage=outage)
            if hears or answers
            else None
        )
        self._check(hears, answers, emits)
        publisher = Publisher(self._publish)
        self.relay = Relay(pool, publisher)
        self._in_process = {} if in_process is None else in_process
        self.rpc_client = RpcClient(self._publish, name, asks, clock, self._in_process)
        self._asks = bool(asks)
        self._answers = bool(answers)
        self._event_processor = EventProcessor(
            name,
            hears,
            pool=pool,
            publisher=publisher,
            clock=clock,
            on_commit=self.relay.publish_reserved,
            probes={"database": self._ping, BROKER: self._broker_up, **probes},
        )
        self._rpc_server = RpcServer(
            name,
            answers,
            connection=self._publish,
            pool=pool,
            clock=clock,
            on_commit=self.relay.publish_reserved,
        )
        self._queue_consumers: list[QueueConsumer] = []
        if self._consume is not None and hears:
            events = QueueConsumer(
                self._consume, name, prefetch, self._event_processor.handle_delivery, self._declare
            )
            self._event_processor.queue_consumer = events
            self._queue_consumers.append(events)
        if self._consume is not None and refused is not None:
            notices = RefusalNotices(
                name,
                refused,
                pool=pool,
                clock=clock,
                on_commit=self.relay.wake,
                probe=self._ping,
            )
            copies = QueueConsumer(
                self._consume,
                refusals_queue(name),
                REFUSALS_PREFETCH,
                notices.handle_delivery,
                self._declare,
            )
            notices.queue_consumer = copies
            self._queue_consumers.append(copies)
        if self._consume is not None and answers:
            queue, take = requests_queue(name), self._rpc_server.handle_delivery
            # Not while the other connection is lost: an answer would be lost, and its caller wait.
            self._queue_consumers.append(
                QueueConsumer(
                    self._consume,
                    queue,
                    REQUESTS_PREFETCH,
                    take,
                    self._declare,
                    answers_on=self._publish,
                )
            )
        self._measurements = Measurements(name, pool, self._publish, self._topology, clock)
        self._tasks: list[asyncio.Task[None]] = []

    def _check(
        self,
        hears: tuple[Subscription, ...],
        answers: tuple[Answer, ...],
        emits: tuple[type[Event], ...],
    ) -> None:
        if self._publish.user != self.name:
            sentence = f"must log in as {self.name}, not as {self._publish.user}"
            raise ConfigurationError([(f"IMPEX_{self.name.upper()}_AMQP_URL", sentence)])
        for kind in ([row.event.TYPE for row in hears], [row.request.TYPE for row in answers]):
            if doubled := {one for one in kind if kind.count(one) > 1}:
                raise ValueError(f"{self.name} has two handlers for {', '.join(doubled)}")
        for row in answers:
            if self.name != row.request.OWNER:
                raise ValueError(f"{row.request.TYPE} is not {self.name}'s to answer")
        for event in emits:
            if self.name != event.OWNER:
                raise ValueError(f"{event.TYPE} is not {self.name}'s to publish")

    async def start(
        self, deps: Any, *, settings: Any = None, timeout: float = START_SECONDS
    ) -> None:
        """Connect, declare, and begin to work with `deps` given to every handler, and `settings` to
        those of requests.

        Raises DependencyDown if the broker stays unavailable for `timeout` seconds, and
        ConfigurationError if an exchange or a queue on it does not match.
        """
        self._event_processor.deps = self._rpc_server.deps = deps
        self._rpc_server.settings = settings
        connections = [self._publish, *([self._consume] if self._consume is not None else [])]
        for connection in connections:
            await connection.open(timeout)
        await retry_while_down(self._declare, timeout)
        for connection in connections:
            self._start_task(connection.name, connection.run())
        self._start_task("relay", self.relay.run())
        self._start_task("clean-up", periodically(self._clean, CLEANUP_SECONDS, "upkeep"))
        measure = self._measurements.measure
        self._start_task("measure", periodically(measure, MEASURE_SECONDS, "measuring"))
        if self._asks:
            self._start_task("rpc client", self.rpc_client.run())
        for queue_consumer in self._queue_consumers:
            self._start_task(f"intake {queue_consumer.queue}", queue_consumer.run())
        if self._answers:
            self._in_process[self.name] = self._rpc_server

    def background_tasks(self) -> list[asyncio.Task[None]]:
        """The tasks that must not end before `drain`; the caller supervises them."""
        return list(self._tasks)

    @property
    def ready(self) -> tuple[bool, str]:
        """Whether every part works; else the reason why not."""
        if not self._tasks:
            return False, "not started"
        for connection in (self._publish, self._consume):
            if connection is not None and not connection.is_up:
                return False, f"{connection.name}: {connection.problem}"
        for queue_consumer in self._queue_consumers:
            if not queue_consumer.consuming:
                return False, f"{queue_consumer.queue}: {queue_consumer.problem}"
        if self._asks and not self.rpc_client.is_ready:
            return False, "no reply channel"
        return True, ""

    async def drain(self, deadline: float) -> int:
        """Stop within about `deadline` seconds; returns how many handlers had to be cut.

        Their messages come again, to this service's other processes or after its restart.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        cut = 0
        # From here on, requests of this process too go to the service's other processes.
        self._in_process.pop(self.name, None)
        if self._tasks:
            drains = [queue_consumer.drain(deadline) for queue_consumer in self._queue_consumers]
            cut = sum(await asyncio.gather(self._rpc_server.drain(deadline), *drains))
            await self.relay.stop(max(end - loop.time(), 0.5))
        for connection in (self._consume, self._publish):
            if connection is not None:
                await connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return cut

    def _start_task(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"{self.name}: {what}"))

    async def _declare(self) -> None:
        """Make what this service owns, on a channel of its own: a mismatch closes the channel."""
        connection = self._consume or self._publish
        channel = await connection.channel(confirms=False)
        try:
            with cancellation_as_outage():
                async with asyncio.timeout(DECLARE_SECONDS):
                    await declare(channel, self._topology)
        except (ConfigurationError, DependencyDown):
            raise
        except Exception as error:
            # A broker that has just started may close the connection or not answer for a while.
            raise DependencyDown(BROKER, describe(error)) from error
        finally:
            connection.release(channel)

    async def _ping(self) -> None:
        await ping(self._pool)

    async def _broker_up(self) -> None:
        await self._publish.wait_up()
        await self._declare()

    async def _clean(self) -> None:
        await inbox.purge(self._pool)
