"""The application on a person's phone: a key and a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp

from shared.runtime.service import utc_now

STEP = 30


@dataclass
class Authenticator:
    """Shows six digits. `late` is how much the phone's clock is behind; negative for ahead."""

    key: str = field(repr=False)
    clock: Callable[[], datetime] = utc_now
    late: timedelta = field(default_factory=timedelta)

    def code(self, steps: int = 0) -> str:
        """What it shows now, or `steps` half minutes later."""
        step = int((self.clock() - self.late).timestamp()) // STEP + steps
        return pyotp.TOTP(self.key).generate_otp(step)

    def wrong(self) -> str:
        """Six digits that it shows at no moment of the ten minutes around."""
        shown = {self.code(steps) for steps in range(-25, 26)}
        return next(f"{number:06}" for number in range(1_000_000) if f"{number:06}" not in shown)
