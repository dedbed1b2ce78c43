"""Retries while a server is unavailable, and logs each outage once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import DependencyDown
from shared.runtime.telemetry import get_logger

T = TypeVar("T")

FIRST_PAUSE = 0.2
MAX_PAUSE = 2.0

log = get_logger("waiting")


async def retry_while_down(attempt: Callable[[], Awaitable[T]], seconds: float) -> T:
    """The result of `attempt`, tried again while it raises DependencyDown, for `seconds` at most.

    The last DependencyDown is raised when the time is over; with zero seconds there is one try.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    pause = FIRST_PAUSE
    while True:
        try:
            return await attempt()
        except DependencyDown as down:
            left = deadline - loop.time()
            if left <= 0:
                raise
            log.warning(
                "A server is not available yet; trying again.",
                action="start_waits",
                dependency=down.name,
                reason=down.reason,
                seconds_left=round(left, 1),
            )
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, MAX_PAUSE)


class OutageLog:
    """Logs an outage that a loop waits for: the reason once, a changed reason, and its end.

    The actions are `<what>_waits` and `<what>_resumed`.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._reason = ""

    def started(self, error: BaseException) -> None:
        """Log the outage, unless it was logged with this reason."""
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        if reason != self._reason:
            log.warning(
                "Waiting for a server; retrying.", action=f"{self._what}_waits", reason=reason
            )
        self._reason = reason

    def ended(self) -> None:
        """Log the end of the outage, if one was logged."""
        if self._reason:
            log.info("The server is available again.", action=f"{self._what}_resumed")
        self._reason = ""
