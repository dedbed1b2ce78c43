"""What runs now, in a file: for `impex status`, and to end what a killed launcher left behind.

A process is known by id, start time and the machine's boot together, which no other process ever
shares, so one that merely took over the id is never touched. Only one launcher runs per folder, by
a lock that the kernel frees at its death.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from operations.install.paths import Paths
from operations.local.processes import started_at

#: How long a leftover may take to end after its signal before it is killed.
ORPHAN_STOP_SECONDS = 20
KILLED_SECONDS = 5


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


@dataclass
class State:
    """Everything that `impex status` tells without asking anybody."""

    launcher: ProcessIdentity
    since: str
    addresses: dict[str, str] = field(default_factory=dict)
    health: dict[str, str] = field(default_factory=dict)
    children: dict[str, ProcessIdentity] = field(default_factory=dict)
    ready: bool = False

    def write(self, path: Path) -> None:
        """Replace the file in one step."""
        draft = path.with_suffix(".draft")
        draft.touch(0o600)
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n")
        draft.rename(path)


def read(path: Path) -> State | None:
    """The state that was last written; None when there is none that can be read."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        found["launcher"] = ProcessIdentity(**found["launcher"])
        found["children"] = {
            name: ProcessIdentity(**one) for name, one in found["children"].items()
        }
        return State(**found)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_running_state(paths: Paths) -> State | None:
    """The state if its launcher runs, else None."""
    state = read(paths.state)
    return state if state is not None and state.launcher.runs() else None


def take_lock(paths: Paths) -> TextIO | None:
    """The launcher's lock, kept while the file is open; None when another launcher holds it."""
    file = paths.lock.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def stop_orphans(paths: Paths, say: Callable[[str], None]) -> None:
    """End the children of a launcher that died without ending them; waits until they are gone."""
    state = read(paths.state)
    if state is None:
        return
    left = {name: one for name, one in state.children.items() if one.runs()}
    if left:
        say(f"ending what an earlier run left behind: {', '.join(left)}")
    for one in left.values():
        _signal(one, one.stop_signal)
    _wait_for(left.values(), ORPHAN_STOP_SECONDS)
    for one in left.values():
        _signal(one, signal.SIGKILL)
    _wait_for(left.values(), KILLED_SECONDS)
    paths.state.unlink(missing_ok=True)


def _signal(one: ProcessIdentity, number: int) -> None:
    if one.runs():
        with suppress(ProcessLookupError):  # it ended in between
            os.kill(one.pid, number)


def _wait_for(chosen: Iterable[ProcessIdentity], seconds: float) -> None:
    chosen = tuple(chosen)
    end = time.monotonic() + seconds
    while any(one.runs() for one in chosen) and time.monotonic() < end:
        time.sleep(0.05)
