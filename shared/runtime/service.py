"""One service as data, and the one main loop that runs any of them.

`Service` says what a service is; `build` makes its own things from the `House`. `run_services`
starts one or several in a process, watches them, and on a signal, or when a side task dies, drains
them within a deadline. It does not restart anything: that is the supervisor's work.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from shared.contracts.base import Event, Request
from shared.database import TRANSIENT_ERRORS, Pool
from shared.errors import ConfigurationError, ImpexError
from shared.messaging.connection import describe
from shared.outbox import MIGRATIONS as COMMON_MIGRATIONS
from shared.runtime.telemetry import configure_logging, get_logger
from shared.settings import load, unknown_names

if TYPE_CHECKING:
    from shared.messaging.handlers import Answer, Subscription
    from shared.messaging.rpc_client import RpcClient
    from shared.messaging.service_bus import ServiceBus

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 2
EXIT_INTERRUPTED = 130
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

Work = Callable[[], Coroutine[Any, Any, None]]

log = get_logger("service")


def utc_now() -> datetime:
    """The house's clock: aware, UTC."""
    return datetime.now(UTC)


class ServiceSettings(Protocol):
    """What the main loop reads of a service's settings: `CommonSettings` and three of its own."""

    @property
    def database_url(self) -> str: ...
    @property
    def amqp_url(self) -> str: ...
    @property
    def health_port(self) -> int: ...
    @property
    def health_host(self) -> str: ...
    @property
    def instance(self) -> str: ...
    @property
    def log_level(self) -> str: ...
    @property
    def database_pool(self) -> int: ...
    @property
    def start_seconds(self) -> int: ...
    @property
    def drain_seconds(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Service:
    """What one service hears, answers, says and asks, and how it is put together.

    `build(house, settings)` is its composition root: an async context manager whose value is the
    `deps` of its handlers and whose exit closes what it opened.
    """

    name: str
    settings: type[Any]
    build: Callable[[Runtime, Any], AbstractAsyncContextManager[Any]]
    migrations: Path
    hears: tuple[Subscription, ...] = ()
    answers: tuple[Answer, ...] = ()
    emits: tuple[type[Event], ...] = ()
    asks: tuple[type[Request], ...] = ()

    @property
    def migration_dirs(self) -> tuple[Path, ...]:
        """The common tables first, then the service's own."""
        return (COMMON_MIGRATIONS, self.migrations)


@dataclass(kw_only=True)
class Runtime:
    """What the house offers to a service's `build`."""

    name: str
    settings: Any
    pool: Pool
    clock: Callable[[], datetime] = utc_now
    bus: ServiceBus | None = None
    background_tasks: list[tuple[str, Work]] = field(default_factory=list)
    drain_callbacks: list[Work] = field(default_factory=list)

    @property
    def rpc_client(self) -> RpcClient:
        """Asks other services what this one declares in `asks`."""
        if self.bus is None:
            raise ImpexError("there is no broker in this house")
        return self.bus.rpc_client

    def background_task(self, name: str, work: Work) -> None:
        """Run `work` beside the handlers from the start on.

        It must not end by itself: if it does, the process stops. At the end it is cancelled, after
        the work of `on_drain` is done.
        """
        self.background_tasks.append((name, work))

    def every(self, seconds: float, name: str, work: Work) -> None:
        """Run `work` now and then every so many seconds as a background task.

        An error of the database that may pass is logged as `NAME_waits`; the next turn retries.
        """

        async def repeat() -> None:
            while True:
                try:
                    await work()
                except TRANSIENT_ERRORS as error:
                    get_logger(self.name).warning(
                        "A periodic task is waiting for the database.",
                        action=f"{name}_waits",
                        reason=describe(error),
                    )
                await asyncio.sleep(seconds)

        self.background_task(name, repeat)

    def on_drain(self, work: Work) -> None:
        """Run `work` first of all at the end, the latest registered first: stop taking new work.

        Not run where the start failed: closing what was opened is for the exit of `build`.
        """
        self.drain_callbacks.append(work)

    def wake_relay(self) -> None:
        """Something was emitted outside a handler: publish it now rather than at the next poll."""
        if self.bus is not None:
            self.bus.wake_relay()


def load_all(services: Sequence[Service], environ: Mapping[str, str]) -> list[ServiceSettings]:
    """The settings of each service; ConfigurationError holds the mistakes of all of them."""
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


def run_services(services: Sequence[Service], environ: Mapping[str, str] | None = None) -> int:
    """Run until a signal; returns the exit code.

    0 after a clean drain, 1 after a failure, 2 where the settings are wrong (one line each on
    standard error). A second signal ends the process at once with 130.
    """
    environ = os.environ if environ is None else environ
    try:
        settings = load_all(services, environ)
        configure_logging(settings[0].log_level)
        _warn_about_unknown_settings(services, environ)
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(_run(services, settings))
    except ConfigurationError as error:
        return _print_problems(error)


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop  # only a process that runs services needs it

    return uvloop.new_event_loop()


def _print_problems(error: ConfigurationError) -> int:
    for name, sentence in error.problems:
        print(f"impex: {name}: {sentence}", file=sys.stderr)  # noqa: T201
    return EXIT_MISCONFIGURED


def _warn_about_unknown_settings(services: Sequence[Service], environ: Mapping[str, str]) -> None:
    unknown = unknown_names([service.settings for service in services], environ)
    if unknown:
        log.warning(
            "Variables that no setting of this process reads; check their spelling.",
            action="settings_unknown",
            variables=unknown,
        )


async def _run(services: Sequence[Service], settings: Sequence[ServiceSettings]) -> int:
    from shared.runtime.lifecycle import ServiceRunner, supervise

    stop = asyncio.Event()
    _install_signal_handlers(stop)
    return await supervise(
        [ServiceRunner(one, its) for one, its in zip(services, settings, strict=True)], stop
    )


def _install_signal_handlers(stop: asyncio.Event) -> None:
    """First signal: drain. Second: exit at once, even where the loop is stuck."""
    loop = asyncio.get_running_loop()

    def at_once(_number: int, _frame: object) -> None:
        os._exit(EXIT_INTERRUPTED)

    def ask(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(stop.set)
        for number in STOP_SIGNALS:
            signal.signal(number, at_once)

    for number in STOP_SIGNALS:
        signal.signal(number, ask)


def main(*services: Service, argv: Sequence[str] | None = None) -> NoReturn:
    """The command of a service: run it, or with `--check` only judge its settings (exit 0 or 2)."""
    parser = argparse.ArgumentParser(
        prog="python -m services." + services[0].name,
        description=f"Runs {' and '.join(one.name for one in services)}.",
    )
    parser.add_argument("--check", action="store_true", help="judge the settings and exit")
    if parser.parse_args(argv).check:
        try:
            load_all(services, os.environ)
        except ConfigurationError as error:
            sys.exit(_print_problems(error))
        sys.exit(0)
    sys.exit(run_services(services))
