"""Whether something synchronises this machine's clock, as its kernel knows it.

A container has the clock of its machine. Where the kernel is not Linux or does not answer, nothing
is known, and no alarm is raised.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

from shared.runtime.metrics import SERVICE, gauge
from shared.runtime.telemetry import get_logger

#: Seconds between two looks.
INTERVAL_SECONDS = 60
#: The kernel's flag of a clock that nothing synchronises (STA_UNSYNC).
UNSYNCHRONISED = 0x0040

SYNCHRONISED = gauge(
    "impex_clock_synchronised",
    "Whether the machine's clock is synchronised, 1 or 0; absent where that is not known.",
    service=SERVICE,
)
MAX_ERROR = gauge(
    "impex_clock_max_error_seconds",
    "How far the machine's clock may be off at most, by its kernel.",
    service=SERVICE,
)

log = get_logger("clock")


class _Timex(ctypes.Structure):
    """The beginning of the kernel's `struct timex`; the rest is only room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("max_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_char * 512),
    )


@dataclass(frozen=True)
class ClockState:
    """What the kernel knows: `max_error` in seconds."""

    synchronised: bool
    max_error: float


def read_clock() -> ClockState | None:
    """The kernel's own state of the clock, or None where it does not say; changes nothing."""
    timex = _Timex()
    try:
        if ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) < 0:
            return None
    except (AttributeError, OSError):
        return None
    return ClockState(not timex.status & UNSYNCHRONISED, timex.max_error / 1_000_000)


class ClockWatch:
    """Says once when the clock is not synchronised, and once when it is again (OT-06)."""

    def __init__(self, service: str, read: Callable[[], ClockState | None] = read_clock) -> None:
        self._service = service
        self._read = read
        self._synchronised = True

    async def look(self) -> None:
        """Ask the kernel, set the metrics, log a change."""
        state = self._read()
        if state is None:
            return
        SYNCHRONISED.labels(self._service).set(state.synchronised)
        MAX_ERROR.labels(self._service).set(state.max_error)
        if self._synchronised and not state.synchronised:
            log.warning(
                "Nothing synchronises this machine's clock: authenticator codes will be refused "
                "when it is off by more than 30 seconds.",
                action="clock_unsynchronised",
            )
        elif state.synchronised and not self._synchronised:
            log.info("The machine's clock is synchronised again.", action="clock_synchronised")
        self._synchronised = state.synchronised
