"""Wrong codes of one account: how long the next one has to wait (AU-02, OT-09). Pure.

A right code ends the wait that grows; the ceiling of a day is lifted by nothing but time.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from shared.domain.rate_limits import Quota, Throttle, within


@dataclass(frozen=True, kw_only=True)
class Tries:
    """`wrong` are the moments of a day's wrong codes, `failures` counts those since the last right
    one, however long ago they were."""

    wrong: tuple[datetime, ...] = ()
    failures: int = 0

    def wait(self, throttle: Throttle, now: datetime) -> int:
        """Seconds until the next code is looked at; 0 is now."""
        return max(throttle.wait(self._in_a_row, now), _ceiling(throttle).wait(self.wrong, now))

    def left(self, throttle: Throttle, now: datetime) -> int:
        """How many more may be wrong before the door closes."""
        recent = within(self._in_a_row, throttle.window, now)
        return max(0, min(throttle.free - len(recent), _ceiling(throttle).left(self.wrong, now)))

    def one_more(self, throttle: Throttle, now: datetime) -> Tries:
        """With a wrong code at `now`."""
        recent = within(self.wrong, throttle.window, now)
        return Tries(wrong=(*recent, now), failures=self.failures + 1)

    def forgiven(self) -> Tries:
        """After a right code."""
        return dataclasses.replace(self, failures=0)

    @property
    def _in_a_row(self) -> tuple[datetime, ...]:
        return self.wrong[-self.failures :] if self.failures else ()


def _ceiling(throttle: Throttle) -> Quota:
    return Quota(name="codes", limit=throttle.ceiling, window=throttle.window)
