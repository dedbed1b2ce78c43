"""Starts Python processes that have everything imported already.

A service or a command needs most of a second to import its modules, more than most tests need of
it afterwards. This process imports them once for all workers of a run and forks: each fork has the
given variables and files, runs its module as `python -m` does and can be killed like any process.
The gateway's pages are compiled and our mails are checked by the first start that needs them;
passwords are hashed cheaply. What a start needs and does in a fresh interpreter is seen where
`impex up` starts the services (tests/operations/test_up.py), and for commands in
tests/operations/test_commands.py.

multiprocessing's fork server would be shorter, but forks outlive a test process that is killed, and
nothing could be prepared for them once more than imports.
"""

import atexit
import fcntl
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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from operations.install.paths import ROOT
from tests.support.cheap_hashes import cheap_hashes
from tests.support.run_folder import current_run

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
    """This process's line to the fork server of the run, which kills its forks when it closes."""
    run, folder = current_run()
    address = folder / "forks"
    with (folder / "forks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            _launch(address, run)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(str(address))
    atexit.register(line.close)
    return line


def _launch(address: Path, run: int) -> None:
    """Start the fork server, which ends with the process `run`; lines to it may open at once."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(address))
        listening.listen()
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listening.fileno()), str(run)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the tests, which end it
        )
    server.returncode = 0  # it ends after us; Popen would warn about that


def _import_all() -> None:
    from operations import service_registry

    service_registry.services()
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


def _prepare(request: Mapping[str, Any]) -> None:
    """Do once for all forks what the start of a service does at length.

    What fails here fails again in the fork, which reports it.
    """
    if request["arguments"][:1] == ["run"]:
        with suppress(Exception):
            if "gateway" in request["arguments"]:
                _compile_pages()


@dataclass
class _Running:
    """A fork, the line to the tests that wait for its end, and their line to this server."""

    pid: int
    line: socket.socket
    client: int


class _ForkServer:
    def __init__(self, listening: socket.socket, run: int) -> None:
        self._listening = listening
        self._run = os.pidfd_open(run)
        self._clients: dict[int, socket.socket] = {}
        self._running: dict[int, _Running] = {}
        self._watched = select.poll()
        self._watched.register(listening, select.POLLIN)
        self._watched.register(self._run, select.POLLIN)

    def next_fork(self) -> dict[str, Any]:
        """Serve until the run ends; returns in every fork, with what it must run."""
        while True:
            for number, _event in self._watched.poll():
                if number == self._run:
                    self._end()
                elif number == self._listening.fileno():
                    self._accept()
                elif number in self._running:
                    self._report(number)
                elif request := self._serve(number):
                    return request

    def _accept(self) -> None:
        client, _ = self._listening.accept()
        self._clients[client.fileno()] = client
        self._watched.register(client, select.POLLIN)

    def _serve(self, client: int) -> dict[str, Any] | None:
        """Start what a client asks for; its request, in the fork only."""
        try:
            message, files, _, _ = socket.recv_fds(self._clients[client], 1_000_000, 4)
        except ConnectionError:
            message, files = b"", []
        if not message:
            self._leave(client)
            return None
        request = dict(json.loads(message))
        _prepare(request)
        return request if self._fork(client, files) else None

    def _leave(self, client: int) -> None:
        """A client has ended: nobody else ends its forks."""
        self._watched.unregister(client)
        self._clients.pop(client).close()
        for one in self._running.values():
            if one.client == client:
                one.client = -1
                os.kill(one.pid, signal.SIGKILL)

    def _fork(self, client: int, files: list[int]) -> bool:
        """Whether this is the fork."""
        line = socket.socket(fileno=files[0])
        pid = os.fork()
        if pid == 0:
            for handle, one in self._running.items():
                os.close(handle)
                one.line.close()
            for other in (line, self._listening, *self._clients.values()):
                other.close()
            os.close(self._run)
            for number, file in enumerate(files[1:]):
                os.dup2(file, number)
                os.close(file)
            return True
        for file in files[1:]:
            os.close(file)
        handle = os.pidfd_open(pid)
        self._running[handle] = _Running(pid, line, client)
        self._watched.register(handle, select.POLLIN)
        with suppress(OSError):  # the tests may have ended meanwhile
            socket.send_fds(line, [SIGNED_NUMBER.pack(pid)], [handle])
        return False

    def _report(self, handle: int) -> None:
        """Tell the tests how a fork ended."""
        self._watched.unregister(handle)
        os.close(handle)
        ended = self._running.pop(handle)
        _, status = os.waitpid(ended.pid, 0)
        with ended.line, suppress(OSError):  # the tests may no longer ask
            ended.line.send(SIGNED_NUMBER.pack(os.waitstatus_to_exitcode(status)))

    def _end(self) -> None:
        for one in self._running.values():
            os.kill(one.pid, signal.SIGKILL)
        sys.exit()


def main(listening: int, run: int) -> None:
    """Import, then serve; what returns here is a fork."""
    _import_all()
    assert threading.active_count() == 1, "a fork has no other threads"
    gc.collect()
    gc.freeze()  # else the collector would copy every page in every fork
    request = _ForkServer(socket.socket(fileno=listening), run).next_fork()
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    with cheap_hashes():
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
