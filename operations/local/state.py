"""What runs now, in a file: for `impex status`, and to end what a killed launcher left behind.

Id, start time and the machine's boot together identify a process, so one that merely has the same
id is never touched. A lock, which the kernel releases when its process ends, allows only one
launcher per folder.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

import msgspec

from operations.install.paths import Paths, write_for
from operations.local.processes import started_at

#: Seconds that an orphan may take to end after its own signal, and after SIGKILL.
STOP_SECONDS = 20
KILL_SECONDS = 5


def boot_id() -> str:
    """What distinguishes this boot of the machine from every other."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, so that it can be recognised."""

    pid: int
    started: int
    boot: str
    stop_signal: int = int(signal.SIGTERM)

    @classmethod
    def of(cls, pid: int, stop_signal: int = int(signal.SIGTERM)) -> "ProcessIdentity | None":
        """The process `pid` as it is now; None when it is gone."""
        started = started_at(pid)
        return None if started is None else cls(pid, started, boot_id(), stop_signal)

    def runs(self) -> bool:
        """Whether this very process still runs."""
        return self.boot == boot_id() and started_at(self.pid) == self.started


@dataclass(frozen=True)
class Restart:
    """How often a part ended by itself and was started again; the last time, and its exit code."""

    count: int
    at: str
    code: int | None


@dataclass
class State:
    """Everything that `impex status` shows without asking another process."""

    launcher: ProcessIdentity
    since: str
    addresses: dict[str, str] = field(default_factory=dict)
    health: dict[str, str] = field(default_factory=dict)
    children: dict[str, ProcessIdentity] = field(default_factory=dict)
    restarts: dict[str, Restart] = field(default_factory=dict)
    ready: bool = False

    def write(self, path: Path) -> None:
        """Replace the file in one step."""
        write_for("", path, json.dumps(asdict(self), indent=1) + "\n")


def read(path: Path) -> State | None:
    """The state that was last written; None when there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return None


def read_running_state(paths: Paths) -> State | None:
    """The state if its launcher runs, else None."""
    state = read(paths.state)
    return state if state is not None and state.launcher.runs() else None


def take_lock(paths: Paths) -> TextIO | None:
    """The launcher's lock, held while the file is open; None when another launcher holds it."""
    file = paths.lock.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def stop_orphans(paths: Paths, say: Callable[[str], None]) -> None:
    """End the children of a launcher that died without ending them; waits until they are gone."""
    state = read(paths.state)
    if state is None:
        return
    left = {name: one for name, one in state.children.items() if one.runs()}
    if left:
        say(f"ending what an earlier run left behind: {', '.join(left)}")
    for kill, seconds in ((False, STOP_SECONDS), (True, KILL_SECONDS)):
        for one in left.values():
            if one.runs():
                with suppress(ProcessLookupError):  # it ended in between
                    os.kill(one.pid, signal.SIGKILL if kill else one.stop_signal)
        end = time.monotonic() + seconds
        while any(one.runs() for one in left.values()) and time.monotonic() < end:
            time.sleep(0.05)
    paths.state.unlink(missing_ok=True)
