"""French and English: which one, the translations, and dates in Paris time.

French is written in the templates; `translations/<language>.po` holds the others, read once at the
start. Whatever has no translation shows in French.
"""

from __future__ import annotations

import gettext
import io
import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("fr", "en")
DEFAULT = "fr"
PARIS = ZoneInfo("Europe/Paris")
TRANSLATIONS = Path(__file__).with_name("translations")

MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
ACCEPTED = re.compile(
    r"\s*(fr|en|\*)(?:-[a-z0-9-]+)?\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*"
)


class French(gettext.NullTranslations):
    """The texts as written; nought is singular."""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if abs(n) < 2 else msgid2


def load_translations(language: str, folder: Path = TRANSLATIONS) -> gettext.NullTranslations:
    """The translations of one language, from its .po file."""
    path = folder / f"{language}.po"
    if language == DEFAULT or not path.exists():
        return French()
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)
    translations.add_fallback(French())
    return translations


def choose_language(cookie: str | None, accept_language: str) -> str:
    """The language remembered, else the best of Accept-Language, else French."""
    if cookie in LANGUAGES:
        return cookie
    best, best_weight = DEFAULT, 0.0
    for part in accept_language.lower().split(",")[:20]:
        found = ACCEPTED.fullmatch(part[:40])
        if found is None:
            continue
        weight = float(found[2]) if found[2] else 1.0
        if weight > best_weight:
            best = DEFAULT if found[1] == "*" else found[1]
            best_weight = weight
    return best


def format_date(at: datetime, language: str) -> str:
    """`23 novembre 2026`, in Paris; `1er` as French has it."""
    return _day(at.astimezone(PARIS).date(), language)


def format_day(iso: str, language: str) -> str:
    """A day written `2026-11-23` as it is said; anything else as it is."""
    try:
        return _day(date.fromisoformat(iso), language)
    except ValueError:
        return iso


def _day(day: date, language: str) -> str:
    month = MONTHS[language].split()[day.month - 1]
    number = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{number} {month} {day.year}"


def format_short(day: date, language: str) -> str:
    """`23/11/2026`, or `23 Nov 2026`: a day in a table."""
    if language == "fr":
        return f"{day:%d/%m/%Y}"
    return f"{day.day} {MONTHS[language].split()[day.month - 1][:3]} {day.year}"


def format_number(number: int, language: str) -> str:
    """`1 234`, its spaces unbreakable, or `1,234`."""
    return f"{number:,}".replace(",", "\u202f" if language == "fr" else ",")


def format_time(at: datetime) -> str:
    """`10:42`, in Paris."""
    return f"{at.astimezone(PARIS):%H:%M}"


def format_datetime(at: datetime, language: str) -> str:
    """`23 novembre 2026, 10:42`, in Paris."""
    return f"{format_date(at, language)}, {format_time(at)}"
