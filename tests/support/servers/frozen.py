"""A server that accepts and does not answer: its processes stop, its connections stay open."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from operations.local.processes import Child


@contextmanager
def frozen(child: Child) -> Iterator[None]:
    """Freeze a server for as long as this lasts; the kernel still accepts connections."""
    assert child.pid is not None
    stopped: list[int] = []
    try:
        _stop(child.pid, stopped)  # first: it starts no process any more
        listed = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text()
        for pid in map(int, listed.split()):
            _stop(pid, stopped)
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _stop(pid: int, stopped: list[int]) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)
