"""Retries while a server is unavailable, and logs each outage in one line at each end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import DependencyDown, plain_reason
from shared.runtime.telemetry import get_logger

T = TypeVar("T")

FIRST_PAUSE = 0.2
MAX_PAUSE = 2.0

#: Dependencies whose outages are logged by the connections themselves: the loops that wait for them
#: need not do it again.
LOGGED_BY_CONNECTIONS = frozenset({"broker", "database"})

log = get_logger("waiting")


async def retry_while_down(attempt: Callable[[], Awaitable[T]], seconds: float) -> T:
    """The result of `attempt`, tried again while it raises DependencyDown, for `seconds` at most.

    The last DependencyDown is raised when the time is over; with zero seconds there is one try.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    pause = FIRST_PAUSE
    outage = OutageLog("start_waits", "start_resumed")
    while True:
        try:
            result = await attempt()
        except DependencyDown as down:
            left = deadline - loop.time()
            if left <= 0:
                raise
            outage.started(str(down))
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, MAX_PAUSE)
        else:
            outage.ended()
            return result


class OutageLog:
    """Logs an outage once when it begins and once when it ends, however often it is met meanwhile.

    `away` and `back` are the actions of the two lines. Several parts of a service may share one:
    the outage begins with the first that meets it and ends with the last. Everything else about it
    is logged at the level `debug`.
    """

    def __init__(self, away: str, back: str) -> None:
        self._away = away
        self._back = back
        self._waiting: set[str] = set()
        self._level = logging.DEBUG

    def started(self, error: BaseException | str, part: str = "") -> None:
        """`part` meets the outage."""
        first = not self._waiting
        self._waiting.add(part)
        if first:
            known = isinstance(error, DependencyDown) and error.name in LOGGED_BY_CONNECTIONS
            self._level = logging.DEBUG if known else logging.WARNING
        if isinstance(error, str):
            reason = error
        else:
            words = str(error)
            reason = f"{type(error).__name__}: {words}" if words else plain_reason(error)
        log.log(
            self._level if first else logging.DEBUG,
            "Waiting for a server; retrying.",
            action=self._away,
            reason=reason.splitlines()[0][:200],
            **({"part": part} if part else {}),
        )

    def ended(self, part: str = "") -> None:
        """`part` meets it no longer."""
        if part not in self._waiting:
            return
        self._waiting.discard(part)
        if not self._waiting:
            level = min(self._level, logging.INFO)
            log.log(level, "The server is available again.", action=self._back)
