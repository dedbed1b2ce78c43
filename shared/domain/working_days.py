"""Working days of the support desk: Monday to Friday in Paris, without French public holidays.

The holidays are those of metropolitan France (labour code, L3133-1), from the package `holidays`.
Pure: the moment is passed in.
"""

from datetime import date, datetime, timedelta
from functools import cache

import holidays

from shared.i18n.dates import PARIS

SATURDAY = 5
ONE_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    """Whether the desk works on a day.

    >>> is_working_day(date(2026, 5, 14)), is_working_day(date(2026, 5, 15))
    (False, True)
    """
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


def add_working_days(day: date, days: int) -> date:
    """The `days`-th working day after `day`; `day` itself need not be one.

    >>> add_working_days(date(2026, 12, 24), 1)
    datetime.date(2026, 12, 28)
    """
    while days > 0:
        day += ONE_DAY
        if is_working_day(day):
            days -= 1
    return day


def paris_day(moment: datetime) -> date:
    """The day of a moment in Paris."""
    return moment.astimezone(PARIS).date()


def answer_day(received_at: datetime, days: int) -> date:
    """The day by which what was received is answered: the `days`-th working day after it."""
    return add_working_days(paris_day(received_at), days)


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", years=year))
