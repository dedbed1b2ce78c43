"""Child processes that end with us, and the means to recognise them later.

Every child ends with its launcher, writes to one log file and is stopped by its own id. Id and
start time identify a process of an earlier run: one that merely has the same id is never touched.
"""

import itertools
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

#: Runs the command only while the launcher is the parent: a launcher that ended before the kernel
#: was asked for a signal would leave the command running.
EXEC_IF_PARENT_LIVES = 'test "$PPID" = "$0" && exec "$@"'
PORTS = range(20_000, 32_000)


_first = secrets.randbelow(len(PORTS))
_ports: Iterator[int] = itertools.cycle([*PORTS[_first:], *PORTS[:_first]])


class StartFailed(Exception):
    """A child process ended, or was not ready in time."""


class Misconfigured(StartFailed):
    """A service ended because of its settings; its lines, in the message, name them."""


def free_port() -> int:
    """A loopback TCP port that nothing listens on at this moment, another one at each call.

    Below the ports that Linux gives to outgoing connections, since one of those may be in use
    before its server listens. Processes begin at different ports.
    """
    for _ in PORTS:
        port = next(_ports)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise StartFailed(f"no port from {PORTS.start} to {PORTS.stop - 1} is free")


def port_is_free(port: int) -> bool:
    """Whether `port` can be bound on every IPv4 address of this machine."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("", port))
        return True
    return False


def wait_until(
    ready: Callable[[], bool], seconds: float, what: str, *, every: float = 0.02
) -> None:
    """Poll `ready` every so many seconds; raises `StartFailed` after `seconds`."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise StartFailed(f"{what} was not ready after {seconds:.0f} s")
        time.sleep(every)


def started_at(pid: int) -> int | None:
    """The process's start time in clock ticks since boot; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def memory_of(pid: int) -> int | None:
    """Resident memory in bytes; None when the process is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Child:
    """One program that ends with the launcher: `start`, `stop` in order, or `kill`.

    `setpriv` changes the user, asks the kernel for `stop_signal` at the launcher's end and becomes
    the command, which keeps the process id. A `user` of /etc/passwd is given by name; one of a
    service is an id, of its group too, and gains no other privilege than `capability`.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    user: str | int = ""
    capability: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _log_begins: int = field(default=0, repr=False)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it; from the main thread, whose end is what the kernel watches for."""
        launch = ["setpriv", "--pdeathsig", self.stop_signal.name]
        if self.user and os.getuid() == 0:
            launch += self._change_user()
        launch += ["sh", "-c", EXEC_IF_PARENT_LIVES, str(os.getpid())]
        program = shutil.which(self.command[0], path=self.environment.get("PATH"))
        if program is None:
            raise StartFailed(f"{self.name}: there is no program {self.command[0]}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # Ours alone, whatever the umask, and also where an earlier version left it open to others.
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(log, 0o600)
        with os.fdopen(log, "ab") as output:
            self._log_begins = output.tell()
            self.process = subprocess.Popen(
                [*launch, program, *self.command[1:]],
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
            )

    def _change_user(self) -> list[str]:
        """The options of `setpriv`; without names it looks nobody up."""
        if isinstance(self.user, str):
            group = str(pwd.getpwnam(self.user).pw_gid)
            return ["--reuid", self.user, "--regid", group, "--clear-groups"]
        own = str(self.user)
        kept = ["-all", *([f"+{self.capability}"] if self.capability else [])]
        options = ["--reuid", own, "--regid", own, "--clear-groups", "--no-new-privs"]
        return [*options, *(f"--{kind}-caps={','.join(kept)}" for kind in ("inh", "ambient"))]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process if it still runs."""
        if self.process is not None and self.alive:
            self.process.send_signal(number)

    def stop(self, seconds: float = 30) -> int | None:
        """Ask it to end in order, kill it after `seconds`; returns its exit code."""
        if self.process is None:
            return None
        self.signal(self.stop_signal)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int | None:
        """End it at once, as a crash would."""
        self.signal(signal.SIGKILL)
        return self.process.wait(10) if self.process else None

    def require_alive(self) -> None:
        """Raise `StartFailed` with the end of its log when it has ended."""
        if not self.alive:
            code = self.process.returncode if self.process else None
            raise StartFailed(f"{self.name} ended with code {code}\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """The end of its log since its last start, for a person who asks why it failed."""
        try:
            with self.log.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                begins = self._log_begins if self._log_begins <= size else 0  # it was cut meanwhile
                log.seek(max(begins, size - 16_384))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return f"(no log at {self.log})"
        return "\n".join([f"(end of {self.log})", *map(_readable, lines[-count:])])


def _readable(line: str) -> str:
    """The sentence of a log line of ours, and the reason if there is one."""
    try:
        entry = json.loads(line)
        error = str(entry.get("exception") or entry.get("reason") or "").strip().splitlines()[-1:]
        return ": ".join([entry["sentence"].rstrip("."), *error])
    except (ValueError, KeyError, AttributeError, TypeError):
        return line
