"""Waiting for another server at start, for a bounded time and saying so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import DependencyDown
from shared.telemetry import get_logger

T = TypeVar("T")

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 2.0

log = get_logger("start")


async def patiently(attempt: Callable[[], Awaitable[T]], seconds: float) -> T:
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
                "A server is not there yet; trying again.",
                action="start_waits",
                dependency=down.name,
                reason=down.reason,
                seconds_left=round(left, 1),
            )
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, LONGEST_PAUSE)
