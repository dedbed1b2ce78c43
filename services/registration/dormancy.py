"""Accounts that nobody signs in to: when they are warned, and when deactivated. Pure.

A holder has at least 30 days from the first warning and 7 from the second, whatever happened to
our clock, our processes or the setting in between.
"""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_WARNING = timedelta(days=30)
SECOND_WARNING = timedelta(days=7)
#: A password given right so recently may be a sign-in of which we have not heard yet.
SIGNING_IN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class DormantAccount:
    """An account that was warned, and what became of it (`outcome`, None until it ends)."""

    account_id: str
    last_used_at: datetime
    warned_at: datetime
    warned_again_at: datetime | None = None
    deactivation_at: datetime
    outcome: str | None = None
    ended_at: datetime | None = None


def months_after(moment: datetime, months: int) -> datetime:
    """The same day so many months later (earlier: negative), or the last one of a shorter month."""
    years, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last_day = calendar.monthrange(years, month + 1)[1]
    return moment.replace(year=years, month=month + 1, day=min(moment.day, last_day))


def whole_months(since: datetime, now: datetime) -> int:
    """How many whole months passed since then."""
    months = (now.year - since.year) * 12 + now.month - since.month
    return months if months_after(since, months) <= now else months - 1


def warned_cutoff(now: datetime, months: int) -> datetime:
    """An account last used then or before is warned now."""
    return months_after(now + FIRST_WARNING, -months)


def first_deactivation_at(last_used_at: datetime, now: datetime, months: int) -> datetime:
    """When an account that is warned now is deactivated."""
    return max(months_after(last_used_at, months), now + FIRST_WARNING)


def second_deactivation_at(deactivation_at: datetime, now: datetime) -> datetime:
    """When an account that is warned again now is deactivated."""
    return max(deactivation_at, now + SECOND_WARNING)


def validate_months(months: int) -> str | None:
    """Why a setting is no number of months, or None."""
    return None if months == 0 or months >= 6 else "must be 0 (off) or at least 6"
