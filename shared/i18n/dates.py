"""Dates, times and numbers as people read them, moments in Paris time."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_date
from babel.numbers import format_decimal

PARIS = ZoneInfo("Europe/Paris")
ZONE = {"fr": "(heure de Paris)", "en": "(Paris time)"}
AT = {"fr": "à", "en": "at"}
ON = {"fr": "le", "en": "on"}
SHORT = {"fr": "dd/MM/y", "en": "d MMM y"}


def format_date(at: date, language: str) -> str:
    """`23 novembre 2026` or `1er mars 2026`; a moment's day is that of Paris.

    >>> format_date(date(2026, 3, 1), "fr"), format_date(date(2026, 3, 1), "en")
    ('1er mars 2026', '1 March 2026')
    """
    day = at.astimezone(PARIS).date() if isinstance(at, datetime) else at
    first = language == "fr" and day.day == 1
    return babel_date(day, "d'er' MMMM y" if first else "d MMMM y", locale=language)


def format_day(iso: str, language: str) -> str:
    """A day written `2026-11-23` in words; any other text unchanged."""
    try:
        return format_date(date.fromisoformat(iso), language)
    except ValueError:
        return iso


def format_short(day: date, language: str) -> str:
    """`23/11/2026` or `23 Nov 2026`, for tables."""
    return babel_date(day, SHORT[language], locale=language)


def format_time(at: datetime, language: str) -> str:
    """`10:42 (heure de Paris)`, in French too: it is another hour in La Réunion (P-19)."""
    return f"{at.astimezone(PARIS):%H:%M} {ZONE[language]}"


def format_clock(at: datetime, language: str) -> str:
    """`10:42`, for lists that say once that hours are those of Paris."""
    del language
    return f"{at.astimezone(PARIS):%H:%M}"


def format_clock_seconds(at: datetime, language: str) -> str:
    """`10:42:07`, for what is read again while somebody looks at it."""
    del language
    return f"{at.astimezone(PARIS):%H:%M:%S}"


def format_time_from(now: datetime, at: datetime, language: str) -> str:
    """`10:42 (heure de Paris)`, with `le 24 novembre 2026` where it is not today in Paris."""
    time = format_time(at, language)
    if at.astimezone(PARIS).date() == now.astimezone(PARIS).date():
        return time
    return f"{time} {ON[language]} {format_date(at, language)}"


def format_datetime(at: datetime, language: str) -> str:
    """`23 novembre 2026 à 10:42 (heure de Paris)`."""
    return f"{format_date(at, language)} {AT[language]} {format_time(at, language)}"


def format_number(number: int, language: str) -> str:
    """`1 234` with a space that does not break, or `1,234`."""
    return format_decimal(number, locale=language)
