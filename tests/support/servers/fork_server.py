"""Starts Python processes that have everything imported already.

A service or a command needs most of a second to import its modules, more than most tests need of
it afterwards. This process imports them once and forks: each fork has the given variables and
files, runs its module as `python -m` does and can be killed like any process. The gateway's pages
are compiled and our mails are checked by the first start that needs them; passwords are hashed
cheaply. What a start needs and does in a fresh interpreter is seen where `impex up` starts the
services (tests/operations/test_up.py), and for commands in tests/operations/test_commands.py.

multiprocessing's fork server would be shorter, but forks outlive a test process that is killed, and
nothing could be prepared for them once more than imports.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from types import SimpleNamespace
from typing import IO, Any
from unittest.mock import patch

from operations.install.paths import ROOT
from tests.support.cheap_hashes import cheap_hashes

COMMANDS = ("operations.local", "operations.operate", "operations.provision")
SIGNED_NUMBER = struct.Struct("q")


class Forked:
    """A process of the fork server, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, module: str, line: socket.socket) -> None:
        self.returncode: int | None = None
        self._module = module
        self._line = line
        message, handles, _, _ = socket.recv_fds(line, SIGNED_NUMBER.size, 1)
        if not message:
            raise RuntimeError(f"the fork server ended before it started {module}")
        (self._handle,) = handles
        (self.pid,) = SIGNED_NUMBER.unpack(message)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, minus the signal that ended it; subprocess.TimeoutExpired if it runs."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                message = self._line.recv(SIGNED_NUMBER.size)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self._module, timeout or 0) from None
            (self.returncode,) = SIGNED_NUMBER.unpack(message)
            self._line.close()
            os.close(self._handle)
        return self.returncode

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: signal.Signals) -> None:
        """Send it if the process still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def start(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: IO[Any],
    errors: IO[Any],
) -> Forked:
    """`python -m module arguments` with exactly these variables and no input."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = {"module": module, "arguments": list(arguments), "environment": dict(environment)}
    with its, open(os.devnull) as nothing:
        files = [its.fileno(), *(one.fileno() for one in (nothing, output, errors))]
        socket.send_fds(_server(), [json.dumps(request).encode()], files)
    return Forked(module, ours)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], seconds: float = 180
) -> subprocess.CompletedProcess[str]:
    """One `impex` command with exactly these variables, to its end."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = start("operations", arguments, environment, output, errors)
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
            process.wait()
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(list(arguments), code, *texts)


@cache
def _server() -> socket.socket:
    """The line to this process's fork server, which ends with it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(its.fileno())],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the tests, which end it
        )
    server.returncode = 0  # it ends after us; Popen would warn about that
    atexit.register(ours.close)
    return ours


def _import_all() -> None:
    from operations import service_registry
    from services.mailer import settings
    from tests.support.mail.checked_once import CheckedOnce

    service_registry.services()
    patch.object(settings, "Messages", CheckedOnce).start()
    importlib.import_module("uvloop")
    importlib.import_module("shared.runtime.main")
    for package in COMMANDS:
        folder = ROOT / package.replace(".", "/")
        for module in pkgutil.iter_modules([str(folder)]):
            importlib.import_module(f"{package}.{module.name}")


@cache
def _compile_pages() -> None:
    """What every gateway compiles when it starts."""
    from services.gateway.http.rendering import Renderer
    from services.gateway.portal.resources import TEMPLATES

    brand: Any = SimpleNamespace(names=lambda _language: {})
    Renderer(brand, str, str, TEMPLATES).compile_all()


def _check_mails(environment: Mapping[str, str]) -> None:
    """What a mailer checks when it starts."""
    from services.mailer.settings import MailerSettings
    from shared.settings import load

    load(MailerSettings, environment)


def _prepare(request: Mapping[str, Any]) -> None:
    """Do once for all forks what the start of a service does at length.

    What fails here fails again in the fork, which reports it.
    """
    if request["arguments"][:1] == ["run"]:
        with suppress(Exception):
            if "gateway" in request["arguments"]:
                _compile_pages()
            if "mailer" in request["arguments"]:
                _check_mails(request["environment"])


class _ForkServer:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._running: dict[int, tuple[int, socket.socket]] = {}
        self._watched = select.poll()
        self._watched.register(control, select.POLLIN)

    def next_fork(self) -> dict[str, Any]:
        """Serve until the tests end; returns in every fork, with what it must run."""
        while True:
            for number, _event in self._watched.poll():
                if number != self._control.fileno():
                    self._report(number)
                    continue
                message, files, _, _ = socket.recv_fds(self._control, 1_000_000, 4)
                if not message:
                    self._end()
                request = dict(json.loads(message))
                _prepare(request)
                if self._fork(files):
                    return request

    def _fork(self, files: list[int]) -> bool:
        """Whether this is the fork."""
        line = socket.socket(fileno=files[0])
        pid = os.fork()
        if pid == 0:
            for handle, (_, other) in self._running.items():
                os.close(handle)
                other.close()
            line.close()
            self._control.close()
            for number, file in enumerate(files[1:]):
                os.dup2(file, number)
                os.close(file)
            return True
        for file in files[1:]:
            os.close(file)
        handle = os.pidfd_open(pid)
        self._running[handle] = (pid, line)
        self._watched.register(handle, select.POLLIN)
        socket.send_fds(line, [SIGNED_NUMBER.pack(pid)], [handle])
        return False

    def _report(self, handle: int) -> None:
        """Tell the tests how a fork ended."""
        self._watched.unregister(handle)
        os.close(handle)
        pid, line = self._running.pop(handle)
        _, status = os.waitpid(pid, 0)
        with line, suppress(OSError):  # the tests may no longer ask
            line.send(SIGNED_NUMBER.pack(os.waitstatus_to_exitcode(status)))

    def _end(self) -> None:
        for pid, _ in self._running.values():
            os.kill(pid, signal.SIGKILL)
        sys.exit()


def main(control: int) -> None:
    """Import, then serve; what returns here is a fork."""
    _import_all()
    assert threading.active_count() == 1, "a fork has no other threads"
    gc.collect()
    gc.freeze()  # else the collector would copy every page in every fork
    request = _ForkServer(socket.socket(fileno=control)).next_fork()
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    with cheap_hashes():
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
