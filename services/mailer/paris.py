"""Dates and times as the mails say them: Paris time, in words, in either language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

PARIS = ZoneInfo("Europe/Paris")
#: The first one is what an unknown language falls back to.
LANGUAGES = ("fr", "en")


def paris_date(when: datetime, language: str) -> str:
    """`1er mars 2026` or `1 March 2026`."""
    local = when.astimezone(PARIS)
    said = format_date(local, "d MMMM y", locale="fr" if language == "fr" else "en_GB")
    return said.replace("1 ", "1er ", 1) if language == "fr" and local.day == 1 else said


def paris_time(when: datetime) -> str:
    """`09:05`."""
    return f"{when.astimezone(PARIS):%H:%M}"
