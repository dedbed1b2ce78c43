"""Dates and times as the mails say them: Paris time, in words, in either language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
#: The first one is what an unknown language falls back to.
LANGUAGES = ("fr", "en")
#: Written out here: with « 1er » they are not quite Babel's.
MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}


def paris_date(when: datetime, language: str) -> str:
    """`1er mars 2026` or `1 March 2026`."""
    local = when.astimezone(PARIS)
    known = "fr" if language == "fr" else "en"
    day = "1er" if known == "fr" and local.day == 1 else str(local.day)
    return f"{day} {MONTHS[known].split()[local.month - 1]} {local.year}"


def paris_time(when: datetime) -> str:
    """`09:05`."""
    return f"{when.astimezone(PARIS):%H:%M}"
