"""A door that wrong passwords shut: what is counted, and the limit that judges it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.rate_limits import Moments, Quota, Throttle, within


@dataclass(frozen=True)
class Door:
    """One counter (`kind`, `key`) of wrong passwords, and its limit."""

    kind: str
    key: str
    limit: Throttle | Quota

    def shuts_until(self, wrong: Moments, now: datetime) -> datetime | None:
        """Until when the latest of these shuts the door, if it is the one that shuts it.

        That is the last free one, and the one that reaches the ceiling; those between only make the
        wait longer, and are not worth telling anybody.
        """
        count = len(within(wrong, self.limit.window, now))
        told = (
            (self.limit.limit,)
            if isinstance(self.limit, Quota)
            else (self.limit.free, self.limit.ceiling)
        )
        if count not in told:
            return None
        return now + timedelta(seconds=self.limit.wait(wrong, now))
