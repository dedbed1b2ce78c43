"""Everything one service has on the broker, put together: connections, consumer, relay, requests.

The composition only; each part promises for itself. The order in `drain` matters: first nothing
new, then what is running, then what it said, then the connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.contracts.base import Event, Request
from shared.database import PASSING, Pool, ping
from shared.errors import ConfigurationError, DependencyDown
from shared.messaging.connection import (
    BROKER,
    PATIENCE_SECONDS,
    Link,
    describe,
    uninvited_cancellation,
)
from shared.messaging.consumer import PREFETCH, Consumer
from shared.messaging.handlers import Answer, Subscription
from shared.messaging.intake import Intake, Probe
from shared.messaging.metrics import OUTBOX_AGE
from shared.messaging.publisher import Publisher
from shared.messaging.requests import Requester
from shared.messaging.responder import PREFETCH as REQUESTS_PREFETCH
from shared.messaging.responder import Responder
from shared.messaging.topology import declare, requests_queue, service_topology
from shared.outbox import inbox, oldest
from shared.outbox.relay import Relay
from shared.patience import patiently
from shared.telemetry import get_logger

#: Seconds until a broker that does not answer to declarations counts as away.
DECLARE_SECONDS = 20
#: Seconds between two clean-ups of inbox and replies, and between two looks at the outbox's age.
CLEANING = 600
MEASURING = 15

NO_PROBES: Mapping[str, Probe] = MappingProxyType({})

log = get_logger("messaging")


class Node:
    """One service's place among the others; `probes` tell when a dependency is back."""

    def __init__(
        self,
        name: str,
        amqp_url: str,
        pool: Pool,
        hears: tuple[Subscription, ...] = (),
        answers: tuple[Answer, ...] = (),
        emits: tuple[type[Event], ...] = (),
        asks: tuple[type[Request], ...] = (),
        *,
        clock: Callable[[], datetime],
        probes: Mapping[str, Probe] = NO_PROBES,
        prefetch: int = PREFETCH,
    ) -> None:
        self.name = name
        self._pool = pool
        self._topology = service_topology(
            name, [row.event for row in hears], [row.request for row in answers]
        )
        self._publish = Link(amqp_url, f"{name}.publish")
        self._consume = Link(amqp_url, f"{name}.consume") if hears or answers else None
        self._check(hears, answers, emits)
        publisher = Publisher(self._publish)
        self.relay = Relay(pool, publisher)
        self.requester = Requester(self._publish, name, asks, clock)
        self._asks = bool(asks)
        self._consumer = Consumer(
            name,
            hears,
            pool=pool,
            publisher=publisher,
            clock=clock,
            committed=self.relay.wake,
            probes={"database": self._ping, BROKER: self._broker_up, **probes},
        )
        self._responder = Responder(
            name,
            answers,
            link=self._publish,
            pool=pool,
            clock=clock,
            committed=self.relay.wake,
        )
        self._intakes: list[Intake] = []
        if self._consume is not None and hears:
            events = Intake(self._consume, name, prefetch, self._consumer.take, self._declare)
            self._consumer.intake = events
            self._intakes.append(events)
        if self._consume is not None and answers:
            queue, take = requests_queue(name), self._responder.take
            self._intakes.append(
                Intake(self._consume, queue, REQUESTS_PREFETCH, take, self._declare)
            )
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
                raise ValueError(f"{event.TYPE} is not {self.name}'s to say")

    def wake_relay(self) -> None:
        """Publish what was just committed without waiting for the next look."""
        self.relay.wake()

    async def start(self, deps: Any, *, patience: float = PATIENCE_SECONDS) -> None:
        """Connect, declare, and begin to work with `deps` given to every handler.

        Raises DependencyDown where the broker stays away for `patience` seconds, and
        ConfigurationError where something on it does not fit.
        """
        self._consumer.deps = self._responder.deps = deps
        links = [self._publish, *([self._consume] if self._consume is not None else [])]
        for link in links:
            await link.open(patience)
        await patiently(self._declare, patience)
        for link in links:
            self._side_task(link.name, link.run())
        self._side_task("relay", self.relay.run())
        self._side_task("clean-up", _again_and_again(self._clean, CLEANING))
        self._side_task("measure", _again_and_again(self._measure, MEASURING))
        if self._asks:
            self._side_task("requester", self.requester.run())
        for intake in self._intakes:
            self._side_task(f"intake {intake.queue}", intake.run())

    def side_tasks(self) -> list[asyncio.Task[None]]:
        """The tasks that must not end before `drain`; watch them."""
        return list(self._tasks)

    @property
    def ready(self) -> tuple[bool, str]:
        """Whether the service takes part in everything it should, else why not."""
        if not self._tasks:
            return False, "not started"
        for link in (self._publish, self._consume):
            if link is not None and not link.is_up:
                return False, f"{link.name}: {link.problem}"
        for intake in self._intakes:
            if not intake.consuming:
                return False, f"{intake.queue}: {intake.problem}"
        if self._asks and not self.requester.is_ready:
            return False, "no reply channel"
        return True, ""

    async def drain(self, deadline: float) -> int:
        """Stop within about `deadline` seconds; returns how many handlers had to be cut.

        Their messages come again, to this service's other processes or after its restart.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        cut = 0
        if self._tasks:
            drains = (intake.drain(deadline) for intake in self._intakes)
            cut = sum(await asyncio.gather(*drains))
            await self.relay.stop(max(end - loop.time(), 0.5))
        for link in (self._consume, self._publish):
            if link is not None:
                await link.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return cut

    def _side_task(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"{self.name}: {what}"))

    async def _declare(self) -> None:
        """Make what this service owns, on a channel of its own: a mismatch closes the channel."""
        link = self._consume or self._publish
        channel = await link.channel(confirms=False)
        try:
            with uninvited_cancellation():
                async with asyncio.timeout(DECLARE_SECONDS):
                    await declare(channel, self._topology)
        except (ConfigurationError, DependencyDown):
            raise
        except Exception as error:
            # A broker that has just started may close the connection, or say nothing for a while.
            raise DependencyDown(BROKER, describe(error)) from error
        finally:
            link.release(channel)

    async def _ping(self) -> None:
        await ping(self._pool)

    async def _broker_up(self) -> None:
        await self._publish.wait_up()
        await self._declare()

    async def _clean(self) -> None:
        await inbox.forget(self._pool)

    async def _measure(self) -> None:
        OUTBOX_AGE.labels(self.name).set(await oldest(self._pool))


async def _again_and_again(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Upkeep that may be late but must not end the service."""
    while True:
        try:
            await work()
        except PASSING as error:
            log.warning("Upkeep waits.", action="upkeep_waits", reason=describe(error))
        await asyncio.sleep(seconds)
