"""Failed codes of one account: how long the next attempt has to wait (AU-02, OT-09). Pure.

A right code resets the growing wait; only time lifts the daily limit.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.rate_limits import Quota, Throttle, within


@dataclass(frozen=True, kw_only=True)
class FailedCodes:
    """`times` are the wrong codes of a day, `failures` counts those since the last right code,
    however long ago."""

    times: tuple[datetime, ...] = ()
    failures: int = 0

    def wait(self, throttle: Throttle, now: datetime) -> int:
        """Seconds until the next code is checked; 0 means now."""
        return max(
            throttle.wait(self._consecutive, now), _daily_quota(throttle).wait(self.times, now)
        )

    def attempts_left(self, throttle: Throttle, now: datetime) -> int:
        """How many more codes may be wrong before codes are locked."""
        recent = within(self._consecutive, throttle.window, now)
        left_today = _daily_quota(throttle).left(self.times, now)
        return max(0, min(throttle.free - len(recent), left_today))

    def with_failure(self, throttle: Throttle, now: datetime) -> "FailedCodes":
        """With one more wrong code at `now`."""
        recent = within(self.times, throttle.window, now)
        return FailedCodes(times=(*recent, now), failures=self.failures + 1)

    @property
    def _consecutive(self) -> tuple[datetime, ...]:
        return self.times[-self.failures :] if self.failures else ()


def _daily_quota(throttle: Throttle) -> Quota:
    return Quota(name="codes", limit=throttle.ceiling, window=throttle.window)
