"""By when the support desk answers: a number of working days for each kind of request.

The gateway promises the day on its pages, support keeps it: both read the same settings, and the
gateway's events carry the day that was shown.
"""

from dataclasses import dataclass
from datetime import date, datetime

from shared.domain.working_days import answer_day
from shared.settings import ServiceSettings, setting


def _days(kind: str, default: int, what: str) -> int:
    days: int = setting(
        f"IMPEX_ANSWER_DAYS_{kind}",
        default=default,
        doc=f"By when the support desk answers {what}; must be the same for support and the "
        "gateway.",
        unit="working days",
        between=(1, 60),
    )
    return days


@dataclass(frozen=True, kw_only=True)
class AnswerDays(ServiceSettings):
    """The settings of what is promised to people who write to the support desk."""

    answer_days_lost_phone: int = _days("LOST_PHONE", 1, "a lost phone")
    answer_days_mailbox: int = _days("MAILBOX", 2, "that emails do not arrive")
    answer_days_departure: int = _days("DEPARTURE", 3, "a departure")
    answer_days_message: int = _days("MESSAGE", 3, "a message")
    answer_days_correction: int = _days("CORRECTION", 5, "a request for a correction")

    def answer_by(self, kind: str, received_at: datetime) -> date:
        """The day by which a request of `kind` is answered."""
        days: int = getattr(self, f"answer_days_{kind}")
        return answer_day(received_at, days)
