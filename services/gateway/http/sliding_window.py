"""Rate limits in the memory of one process, over a sliding window.

For what costs little and discloses nothing (look-ups while typing, browsers' reports). Limits that
protect people are in registration's database.
"""

import asyncio
from collections import OrderedDict, deque

from aiohttp import web

from services.gateway.http.errors import HttpError
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.domain.rate_limits import widest_network
from shared.runtime.telemetry import get_logger

#: Keys held at most; the one used longest ago is dropped first.
MAX_KEYS = 10_000

log = get_logger("gateway")


class SlidingWindow:
    """At most `most` times within `seconds` for each key."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """0 where the call is counted, else the seconds to wait. `now` never goes back."""
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        if len(self._times) > MAX_KEYS:
            self._times.popitem(last=False)
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self._limit:
            return times[0] + self._seconds - now
        times.append(now)
        return 0.0


#: Questions that scripts ask while somebody types, by network.
LOOKUPS = web.AppKey("lookups", SlidingWindow)
#: Forms with a field that no person fills in, by network.
OVERSIZED = web.AppKey("oversized", SlidingWindow)
#: How many of them a network may send, and within how many seconds.
MAX_OVERSIZED = 30
OVERSIZED_SECONDS = 600


def count_lookup(request: web.Request) -> None:
    """Count a question of a script. Raises HttpError 429 beyond the limit of the network."""
    _count(request, LOOKUPS)


def count_oversized(request: web.Request, field: str) -> None:
    """Count and log a form whose `field` is longer than anybody types, or stacks marks upon marks.

    Raises HttpError 429 beyond the limit of the network.
    """
    log.warning(
        "A form held more text than its field takes.",
        action="input_validation_fail",
        field=field,
        network=request[REQUEST_STATE].network,
    )
    _count(request, OVERSIZED)


def _count(request: web.Request, counted: web.AppKey[SlidingWindow]) -> None:
    now = asyncio.get_running_loop().time()
    wait = request.app[counted].wait(widest_network(request[REQUEST_STATE].network), now)
    if wait:
        raise HttpError(429, event="excess_rate_limit_exceeded", retry_after=int(wait) + 1)
