"""The main loop: runs one or several services in a process until a signal.

On a signal, or when a background task dies, the services drain within a deadline. Nothing is
restarted here: that is the work of the supervisor (systemd, containers or `impex up`).
"""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from shared.errors import ConfigurationError
from shared.messaging.rpc_server import RpcServer
from shared.runtime import tracing
from shared.runtime.lifecycle import ServiceRunner, supervise
from shared.runtime.service import EXIT_MISCONFIGURED, Service, load_all
from shared.runtime.telemetry import configure_logging, get_logger
from shared.settings import ServiceSettings, unknown_names

EXIT_INTERRUPTED = 130
#: Objects made and not freed before the youngest are looked through; Python's default is 700.
GARBAGE_THRESHOLD = 5_000
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = get_logger("service")


def run_services(services: Sequence[Service], environ: Mapping[str, str] | None = None) -> int:
    """Run until a signal; returns the exit code.

    0 after a clean drain, 1 after a failure, 2 where settings are wrong (one line each on standard
    error). A second signal ends the process at once with 130.
    """
    environ = os.environ if environ is None else environ
    try:
        settings = load_all(services, environ)
        configure_logging(settings[0].log_level)
        if unknown := unknown_names([service.settings for service in services], environ):
            log.warning(
                "Variables that no setting of this process reads; check their spelling.",
                action="settings_unknown",
                variables=unknown,
            )
        tracing.start(settings[0].traces_endpoint, settings[0].instance)
        _collect_garbage_less_often()
        try:
            with asyncio.Runner(loop_factory=_new_loop) as runner:
                return runner.run(_run(services, settings))
        finally:
            tracing.stop()
    except ConfigurationError as error:
        return _print_problems(error)


def _collect_garbage_less_often() -> None:
    """What is imported stays, and nearly all that a request makes is freed without a collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop  # only processes that run services need it

    return uvloop.new_event_loop()


def _print_problems(error: ConfigurationError) -> int:
    for name, sentence in error.problems:
        print(f"impex: {name}: {sentence}", file=sys.stderr)  # noqa: T201
    return EXIT_MISCONFIGURED


async def _run(services: Sequence[Service], settings: Sequence[ServiceSettings]) -> int:
    stop = asyncio.Event()
    _install_signal_handlers(stop)
    in_process: dict[str, RpcServer] = {}
    runners = [
        ServiceRunner(one, its, in_process=in_process)
        for one, its in zip(services, settings, strict=True)
    ]
    return await supervise(runners, stop)


def _install_signal_handlers(stop: asyncio.Event) -> None:
    """First signal: drain. Second: exit at once, even where the loop is stuck."""
    loop = asyncio.get_running_loop()

    def exit_at_once(_number: int, _frame: object) -> None:
        os._exit(EXIT_INTERRUPTED)

    def request_stop(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(stop.set)
        for number in STOP_SIGNALS:
            signal.signal(number, exit_at_once)

    for number in STOP_SIGNALS:
        signal.signal(number, request_stop)


def main(*services: Service, argv: Sequence[str] | None = None) -> NoReturn:
    """The command of a service: run it, or with `--check` validate its settings (exit 0 or 2)."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {services[0].build.__module__.rpartition('.')[0]}",
        description=f"Runs {' and '.join(one.name for one in services)}.",
    )
    parser.add_argument("--check", action="store_true", help="validate the settings and exit")
    if parser.parse_args(argv).check:
        try:
            load_all(services, os.environ)
        except ConfigurationError as error:
            sys.exit(_print_problems(error))
        sys.exit(0)
    sys.exit(run_services(services))
