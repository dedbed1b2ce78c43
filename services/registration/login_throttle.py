"""Scopes of the login throttle: what is counted, and its limit. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.rate_limits import Moments, Quota, Throttle, within


@dataclass(frozen=True)
class ThrottleScope:
    """One counter (`kind`, `keys`) of wrong passwords, and its limit."""

    kind: str
    keys: tuple[str, ...]
    limit: Throttle | Quota

    def reaches_ceiling(self, wrong: Moments, now: datetime) -> bool:
        """Whether the latest wrong password is the last one of the day."""
        most = self.limit.limit if isinstance(self.limit, Quota) else self.limit.ceiling
        return len(within(wrong, self.limit.window, now)) == most

    def locks_until(self, wrong: Moments, now: datetime) -> datetime | None:
        """Until when the latest wrong password locks the scope, or None where it starts no lock.

        The last free one and the one that reaches the ceiling start a lock; those between only make
        the wait longer.
        """
        count = len(within(wrong, self.limit.window, now))
        locking = (
            (self.limit.limit,)
            if isinstance(self.limit, Quota)
            else (self.limit.free, self.limit.ceiling)
        )
        if count not in locking:
            return None
        return now + timedelta(seconds=self.limit.wait(wrong, now))
