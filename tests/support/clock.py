"""A clock that a test moves: the machine's time plus an offset."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.runtime.service import utc_now


@dataclass
class Clock:
    """Given to services as their clock; `advance` lets time pass for all of them at once."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def advance(self, **length: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(**length)
