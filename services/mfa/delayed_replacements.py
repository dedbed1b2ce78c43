"""A lost phone that may be replaced without a code of it, once a delay has passed. Pure.

Support says when one opens and ends. Whether the phone is in use after all is judged here, where
its codes are checked: that needs no message to arrive in time.
"""

from dataclasses import dataclass
from datetime import datetime

from services.mfa.enrolments import Authenticator
from services.mfa.totp import step_at
from shared.contracts.base import Refusal

#: What allows such an enrolment.
DELAY = "delay"
#: A code of the phone's own clock may be this many steps ahead.
STEPS_AHEAD = 1
NOT_OPEN = Refusal(slug="replacement_not_open")


@dataclass(frozen=True, kw_only=True)
class DelayedReplacement:
    """A replacement that support opened: asked for at `asked_at`, usable until `open_until`."""

    number: str
    account_id: str
    asked_at: datetime
    open_until: datetime

    def is_usable(self, authenticator: Authenticator, now: datetime) -> bool:
        """Whether another phone may take the place of this one: neither it nor a code of it is
        newer than the wish."""
        last_step = authenticator.code_state.last_step
        unused = last_step <= step_at(self.asked_at) + STEPS_AHEAD
        return unused and authenticator.enrolled_at <= self.asked_at and now < self.open_until
