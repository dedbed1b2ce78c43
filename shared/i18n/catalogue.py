"""Texts in the reader's language. French is written in the code, English in `translations/en.po`.

`make texts` collects the French texts from Python and Jinja and brings the `.po` file up to date.
French is written with plain spaces; the no-break spaces are added here.
"""

import gettext
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileParser
from markupsafe import escape

from shared.i18n.dates import format_date, format_datetime, format_number

LANGUAGES = ("fr", "en")
DEFAULT_LANGUAGE = "fr"
TRANSLATIONS = Path(__file__).with_name("translations")

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
#: Spaces where French typography forbids a line break.
FRENCH_NO_BREAK = re.compile(r"(?<=«) | (?=[»:;?!])")
NO_BREAK_SPACE = "\u00a0"


class Plural(NamedTuple):
    """Both forms of a text that depends on `{n}`. `make texts` collects it where it is written."""

    one: str
    other: str


def N_(text: str) -> str:
    """Mark a text of a table for `make texts`; `translate` it where it is shown."""
    return text


def known_language(code: str | None) -> str:
    """The language itself where there are texts in it, else the default one."""
    return code if code in LANGUAGES else DEFAULT_LANGUAGE


def translate(text: str, language: str, /, **values: object) -> str:
    """The text in one language, its `{name}` placeholders filled in.

    Moments and days are written in the language, moments in Paris time. A value that is HTML
    (`Markup`) makes the result HTML, the rest escaped. A placeholder without a value stays: a
    page is never lost to a mistake in a text.
    """
    return _fill(_translated(text, language) if text else "", language, values)


@lru_cache(maxsize=8_192)
def _translated(text: str, language: str) -> str:
    return translations(language).gettext(text)


def translate_plural(forms: tuple[str, str], n: int, language: str, /, **values: object) -> str:
    """The form of a text that goes with a number, which also fills `{n}`."""
    text = translations(language).ngettext(*forms, n)
    return _fill(text, language, {"n": format_number(n, language), **values})


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its `{name}` placeholders filled in.

    Unlike `str.format` this never raises: a value may hold braces or be missing.

    >>> fill("{n} codes, {other}", {"n": 3})
    '3 codes, {other}'
    """
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)


def no_break(text: str) -> str:
    """French text with the spaces that must not break.

    >>> no_break("Quoi ?") == "Quoi\\u00a0?"
    True
    """
    return FRENCH_NO_BREAK.sub(NO_BREAK_SPACE, text)


class French(gettext.NullTranslations):
    """The texts as the code has them; 0 and 1 are singular."""

    def gettext(self, message: str) -> str:
        return no_break(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return no_break(msgid1 if abs(n) < 2 else msgid2)


class Translated(French):
    """The texts of another language; one without a translation is French.

    `plural` says by C's expression of a `.po` file which form goes with a number.
    """

    def __init__(self, forms: Mapping[str, tuple[str, ...]], plural: str) -> None:
        super().__init__()
        self._forms = forms
        self._form_of = gettext.c2py(plural)

    def gettext(self, message: str) -> str:
        forms = self._forms.get(message)
        return forms[0] if forms else super().gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        forms = self._forms.get(msgid1, ())
        if len(forms) < 2:  # none, or a text that is translated without a number
            return super().ngettext(msgid1, msgid2, n)
        return forms[self._form_of(n)]


_Forms: TypeAlias = str | tuple[str, ...] | list[str]


def _forms(text: _Forms) -> tuple[str, ...]:
    """The singular and the plural, or the one form of a text without a number."""
    return (text,) if isinstance(text, str) else tuple(text)


class _FormsOnly(Catalog):
    """Keeps the forms of each translation and forgets the rest of its entry: all entries together
    take several megabytes, which a process never gives back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, tuple[str, ...]] = {}

    def __setitem__(self, id: _Forms, message: Message) -> None:
        if not id:
            super().__setitem__(id, message)  # the header, which holds the rule of plurals
            return
        strings = _forms(message.string or "")
        if all(strings) and not message.fuzzy:
            self.forms[_forms(id)[0]] = strings


def load_translations(language: str, folder: Path = TRANSLATIONS) -> gettext.NullTranslations:
    """The texts of one language, from its `.po` file; a text without a translation is French."""
    if language == DEFAULT_LANGUAGE:
        return French()
    catalog = _FormsOnly()
    with (folder / f"{language}.po").open("rb") as file:
        PoFileParser(catalog).parse(file)
    return Translated(catalog.forms, catalog.plural_expr)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The texts of one language, read once."""
    return load_translations(language)


def _fill(text: str, language: str, values: Mapping[str, object]) -> str:
    if not values:
        return text
    shown = {name: _shown(value, language) for name, value in values.items()}
    if any(hasattr(value, "__html__") for value in shown.values()):
        html = fill(escape(text), {name: escape(value) for name, value in shown.items()})
        return type(escape(""))(html)
    return fill(text, shown)


def _shown(value: object, language: str) -> object:
    if isinstance(value, datetime):
        return format_datetime(value, language)
    return format_date(value, language) if isinstance(value, date) else value
