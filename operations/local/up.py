"""`impex up`: all services and their servers on one machine, until Ctrl-C.

Ends what an earlier run left behind, starts the servers that the settings do not name, prepares
them, starts every service, waits until all are ready and prints one table of addresses. Restarts a
part that ends by itself, after a pause that grows.
"""

import argparse
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from operations import service_registry
from operations.install.paths import ADMIN, ROOT, Paths, paths, short_path
from operations.local.log_retention import begin_logs
from operations.local.processes import Misconfigured, StartFailed, wait_until
from operations.local.settings import StackSettings, unknown_variables, validate_settings
from operations.local.stack import Stack, service_command
from operations.local.state import read_running_state, stop_orphans, take_lock
from operations.local.supervisor import SourceWatch, Supervisor
from operations.printing import done, note, pending, print_rows, say, step
from shared.errors import ImpexError
from shared.runtime.telemetry import configure_logging

#: How long a server or a service may take to be ready.
READY_SECONDS = 120
#: Seconds between two looks, which start a process or ask one that is starting.
POLL_SECONDS = 0.05


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM while starting or watching."""


def _on_signal(number: int, _frame: object) -> None:
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)


def main(options: argparse.Namespace) -> int:
    """Exit code 0 after an orderly stop, 1 after a failure, 2 where a setting is wrong.

    ConfigurationError names all mistakes in the settings, or the unknown service of `--without`,
    before anything is started.
    """
    for name in options.without:
        service_registry.service(name)
    where = paths()
    where.make()
    lock = take_lock(where)
    if lock is None:
        other = read_running_state(where)
        pid = f" (process {other.launcher.pid})" if other else ""
        say(f"IMPEXWEB already runs from this folder{pid}; `{command()} status` shows it.")
        return 1
    for name in unknown_variables(os.environ):
        print(f"impex: no setting is called {name}; it is left aside", file=sys.stderr)
    settings = validate_settings(os.environ)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    begin_logs(where.logs, datetime.now(UTC))
    with lock, (where.logs / "launcher.log").open("a") as log:
        # Our own log lines are for the file; the terminal gets sentences.
        configure_logging(settings.log_level, log)
        return _up(where, settings, options)


def _up(where: Paths, settings: StackSettings, options: argparse.Namespace) -> int:
    begun = time.monotonic()
    code = 0
    stack: Stack | None = None
    try:
        stop_orphans(where, note)
        watch = SourceWatch(ROOT) if options.watch else None
        stack = Stack(where, settings, options.without)
        _start(stack)
        print_table(stack, time.monotonic() - begun)
        print_debug_commands(stack)
        Supervisor(stack, watch).forever()
    except Interrupted:
        say("\nstopping")
    except (StartFailed, ImpexError, RuntimeError, OSError) as error:
        say(f"\nIMPEXWEB cannot start: {error}")
        code = 2 if isinstance(error, Misconfigured) else 1
    finally:
        if stack is not None:
            stack.stop()
            say("stopped")
    return code


def _start(stack: Stack) -> None:
    data = stack.paths.data()
    if data == stack.paths.outside:
        note(f"the servers' data is in {data}, because they cannot reach {stack.paths.home}")
    begun = time.monotonic()
    waiting = stack.start_servers()
    _await(waiting, "PostgreSQL", begun)
    stack.write_secrets()
    with step("database roles, schemas and migrations"):
        applied = stack.provision_database()
    if applied:
        note(f"{len(applied)} migrations applied")
    _await(waiting, "RabbitMQ", begun)
    with step("broker users, rights and exchanges"):
        stack.provision_broker()
    _await(waiting, "mail catcher", begun)
    begun = time.monotonic()
    stack.start_services()
    for name in stack.state.health:
        _await({name: partial(stack.service_ready, name)}, name, begun)
    stack.state.ready = True
    stack.save_state()
    for remark in stack.remarks:
        note(remark)


def _await(waiting: dict[str, Callable[[], bool]], name: str, begun: float) -> None:
    """Wait for one part that was started at `begun`; its line shows the seconds since then."""
    if name in waiting:
        pending(name)
        wait_until(waiting[name], READY_SECONDS, name, every=POLL_SECONDS)
        done(name, time.monotonic() - begun)


def print_table(stack: Stack, seconds: float) -> None:
    """The addresses, and what to try first."""
    where = stack.addresses()
    rows = [("portal", where["portal"], ""), ("desk", where["desk"], "for the agency's agents")]
    if "mail_catcher" in where:
        rows.append(("mail catcher", where["mail_catcher"], "every mail that is sent lands here"))
    login = _login(stack, "rabbitmq-administrator") if stack.rabbit else ""
    rows.append(("RabbitMQ management", where["broker_management"], login))
    if "broker_metrics" in where:
        rows.append(("RabbitMQ metrics", where["broker_metrics"], ""))
    login = _login(stack, "postgresql-administrator") if stack.postgres else ""
    rows.append(("database", where["database"], login))
    rows += [(f"{name} metrics", where[f"{name}_metrics"], "") for name in stack.state.health]
    say(f"\nIMPEXWEB is ready after {seconds:.1f} s.\n")
    print_rows((), rows)
    logs = short_path(stack.paths.logs)
    say(f"\n  logs are in {logs}; `{command()} status` shows services and queues")
    say(f"\nNext: open {where['portal']}, create an account, and read the mail")
    say(f"in {where.get('mail_catcher', 'your mailbox')}. Ctrl-C stops everything; data stays.")
    say(f"`{command()} agent add ADDRESS --role supervisor` invites the first agent to the desk.\n")


def _login(stack: Stack, name: str) -> str:
    """An administrator's name, and the password only where a person reads it, not into a file."""
    path = stack.secrets_dir.path(name)
    return f"{ADMIN} / {path.read_text().strip() if sys.stdout.isatty() else short_path(path)}"


def print_debug_commands(stack: Stack) -> None:
    """How to start each service of `--without`, with the environment that it needs."""
    for name in stack.without:
        file = shlex.quote(str(stack.paths.environment_file(name)))
        folder, command_line = shlex.quote(str(ROOT)), shlex.join(service_command(name))
        say(f"{name} was not started. To start it, or in a debugger with this environment file:")
        say(f"  (cd {folder} && set -a && . {file} && exec {command_line})\n")


def command() -> str:
    """`impex` as a person in the current folder would type it."""
    own = Path(sys.executable).with_name("impex")
    return "impex" if shutil.which("impex") or not own.exists() else short_path(own)
