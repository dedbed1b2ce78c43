"""A service as data (`Service`) and what the process gives it (`Runtime`).

`Service.build` is the composition root: it receives the `Runtime` and the settings, opens what the
handlers need and closes it again. `shared.runtime.main` runs services described this way.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.contracts.base import Event, Request
from shared.database import Pool
from shared.errors import ConfigurationError, ImpexError
from shared.messaging.handlers import Answer, Subscription
from shared.messaging.publisher_notices import RefusedHandler
from shared.messaging.rpc_client import RpcClient
from shared.messaging.service_bus import ServiceBus
from shared.outbox import MIGRATIONS as COMMON_MIGRATIONS
from shared.outbox import OutboxRow
from shared.runtime.periodic import periodically
from shared.settings import ServiceSettings, load

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 2

Work = Callable[[], Coroutine[Any, Any, None]]


def utc_now() -> datetime:
    """The current time: aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Service:
    """The description of one service: its messages, settings, migrations and composition root.

    `hears` are the events that it subscribes to and `emits` those that it publishes; `answers` are
    the requests that it handles and `asks` those that it sends. Permissions on the broker follow
    from these four, and from `moves_letters`: the letters of every service are read, replayed and
    discarded under this one's user; and from `pushes_events`: it reads the queues of partners that
    have an address to push to. `build(runtime, settings)` is an async context manager whose
    value is the `deps` of its handlers and whose exit closes what it opened. `refused` notifies the
    publisher of a message that became a dead letter.
    """

    name: str
    settings: type[Any]
    build: Callable[["Runtime", Any], AbstractAsyncContextManager[Any]]
    migrations: Path
    hears: tuple[Subscription, ...] = ()
    answers: tuple[Answer, ...] = ()
    emits: tuple[type[Event], ...] = ()
    asks: tuple[type[Request], ...] = ()
    refused: RefusedHandler | None = None
    moves_letters: bool = False
    pushes_events: bool = False

    @property
    def migration_dirs(self) -> tuple[Path, ...]:
        """The common tables first, then the service's own."""
        return (COMMON_MIGRATIONS, self.migrations)


@dataclass(kw_only=True)
class Runtime:
    """What the process offers to the `build` of a service."""

    pool: Pool
    clock: Callable[[], datetime] = utc_now
    bus: ServiceBus | None = None
    background_tasks: list[tuple[str, Work]] = field(default_factory=list)
    drain_callbacks: list[Work] = field(default_factory=list)

    @property
    def rpc_client(self) -> RpcClient:
        """Sends the requests that the service declares in `asks`."""
        if self.bus is None:
            raise ImpexError("this process has no broker")
        return self.bus.rpc_client

    def background_task(self, name: str, work: Work) -> None:
        """Run `work` as a task from the start until the drain.

        `work` must not return: if it does, the process stops. It is cancelled after the callbacks
        of `on_drain`.
        """
        self.background_tasks.append((name, work))

    def every(self, seconds: float, name: str, work: Work) -> None:
        """Run `work` at once and then every `seconds`, as the background task `name`.

        A database or broker error is logged under the action `NAME_waits`; `work` runs again after
        the pause.
        """
        self.background_task(name, lambda: periodically(work, seconds, name))

    def on_drain(self, work: Work) -> None:
        """Run `work` when the drain begins, the latest registered first, to stop taking new work.

        It does not run where the start failed: the exit of `build` closes what was opened.
        """
        self.drain_callbacks.append(work)

    def is_heard(self, event: type[Event], partner: str) -> bool:
        """Whether a partner may hear events of this type that are for it alone."""
        return self.bus is None or self.bus.relay.is_heard(event, partner)

    def publish(self, rows: Sequence[OutboxRow]) -> None:
        """Publish now what `insert_reserved`, or a statement with it, committed."""
        if self.bus is not None and rows:
            self.bus.relay.publish_reserved(rows)

    def wake_relay(self) -> None:
        """Publish now what was emitted outside a handler, without waiting for the next poll."""
        if self.bus is not None:
            self.bus.relay.wake()


def load_all(services: Sequence[Service], environ: Mapping[str, str]) -> list[ServiceSettings]:
    """The settings of each service; ConfigurationError holds the problems of all of them."""
    problems: dict[tuple[str, str], None] = {}
    loaded: list[ServiceSettings] = []
    for service in services:
        try:
            loaded.append(load(service.settings, environ))
        except ConfigurationError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise ConfigurationError(list(problems))
    return loaded
