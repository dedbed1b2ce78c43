"""A lost phone replaced without an agent: whether it is offered, and after how long (OT-15).

Registration checks mailbox and password, support waits and tells, mfa lets the new phone in, the
gateway says so on its pages: they read the same settings.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.settings import Problem, ServiceSettings, setting

#: How long password and address must have been as they are.
UNCHANGED_PERIOD = timedelta(days=30)
#: The shortest delay outside a try-out.
MIN_DELAY_MINUTES = 72 * 60


@dataclass(frozen=True, kw_only=True)
class LostPhoneAlone(ServiceSettings):
    """Whether people may replace a lost phone without an agent."""

    lost_phone_alone: bool = setting(
        "IMPEX_LOST_PHONE_ALONE",
        default=False,
        doc="Whether people who lost their phone may do without an agent, by mailbox and password, "
        "where both are unchanged for 30 days; must be the same for registration, support and the "
        "gateway.",
    )


@dataclass(frozen=True, kw_only=True)
class LostPhoneAloneDelay(LostPhoneAlone):
    """The same, with the time that passes before the password enrols another phone."""

    lost_phone_alone_minutes: int = setting(
        "IMPEX_LOST_PHONE_ALONE_DELAY",
        default=MIN_DELAY_MINUTES,
        doc="How long a lost phone waits where no agent is asked; everybody who knows the account "
        "is told at the start, in the middle and at the end. At least 4320 (72 hours) off the "
        "loopback address. Must be the same for support and the gateway.",
        unit="minutes",
        between=(1, 43_200),
    )

    def check(self) -> list[Problem]:
        """Outside a try-out the delay is 72 hours at least."""
        short = self.lost_phone_alone_minutes < MIN_DELAY_MINUTES
        if self.lost_phone_alone and short and not self.try_out:
            sentence = f"must be at least {MIN_DELAY_MINUTES} off the loopback address"
            return [("IMPEX_LOST_PHONE_ALONE_DELAY", sentence)]
        return []
