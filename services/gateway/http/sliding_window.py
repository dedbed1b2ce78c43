"""How often something may be asked: a sliding count in the memory of one process.

For what costs us little and gives nothing away (look-ups while typing, browsers' reports). Limits
that protect people are registration's, in its database.
"""

from __future__ import annotations

from collections import OrderedDict, deque

#: Askers remembered at most; the one asked for longest ago is forgotten first.
MOST_KEYS = 10_000


class Window:
    """At most `most` times within `seconds` for each key."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """0 and counted, or the seconds until asking again may succeed. `now` never goes back."""
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        if len(self._times) > MOST_KEYS:
            self._times.popitem(last=False)
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self._most:
            return times[0] + self._seconds - now
        times.append(now)
        return 0.0
