"""Days that people type where their browser offers no calendar. Pure."""

import re
from datetime import date

from shared.domain.typed_text import ascii_line

#: Years outside are slips of the keyboard, and far from where calendars end.
YEARS = range(1900, 2200)
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")


def read_day(typed: str) -> date | None:
    """The day in what was typed, as browsers send it or as it is written in France.

    None for what is no day, and for years that nobody means.

    >>> read_day("2026-01-15") == read_day(" 15/1/2026"), read_day("31/02/2026")
    (True, None)
    """
    text = ascii_line("date", typed)
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None
