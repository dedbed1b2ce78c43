"""Every text of the pages has an English one, with the same values and the right typography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.gateway.web.i18n import TRANSLATIONS
from services.gateway.web.pages import TEMPLATES

VALUE = re.compile(r"\{\w+\}")
#: A plain space before a high sign or inside guillemets would let the line break there.
LOOSE = re.compile(r" [:;?!»](?!\w)|« ")


def _used() -> set[str]:
    """Every msgid that templates and the views' modules ask for; plurals by their first form."""
    methods = [("**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    found = extract_from_dir(TEMPLATES.parent, methods, {"**.html": {"silent": "false"}})
    return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


@pytest.fixture(scope="module")
def english() -> Catalog:
    """The English catalogue."""
    with (TRANSLATIONS / "en.po").open("rb") as file:
        return read_po(file, locale="en")


def _entries(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def _forms(texts: object) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)  # type: ignore[call-overload]


def test_every_text_of_the_pages_is_translated(english: Catalog) -> None:
    known = {_forms(message.id)[0] for message in _entries(english) if all(_forms(message.string))}
    used = _used()
    assert len(used) > 150
    assert used - known == set()


def test_the_catalogue_holds_nothing_else(english: Catalog) -> None:
    assert {_forms(message.id)[0] for message in _entries(english)} - _used() == set()


def test_no_translation_is_a_guess(english: Catalog) -> None:
    assert [message.id for message in _entries(english) if message.fuzzy] == []


def test_translations_carry_the_same_values(english: Catalog) -> None:
    for message in _entries(english):
        asked = set(VALUE.findall(_forms(message.id)[0]))
        for text in _forms(message.string):
            assert set(VALUE.findall(text)) == asked, message.id


def test_french_texts_never_break_before_a_high_sign() -> None:
    loose = [text for text in _used() if LOOSE.search(text)]
    for path in sorted(Path(TEMPLATES / "legal/fr").glob("*.html")):
        bare = re.sub(r"\{[{%].*?[}%]\}|<[^>]+>", "", path.read_text("utf-8"))
        loose += LOOSE.findall(bare)
    assert loose == []


def test_apostrophes_are_those_of_the_wording() -> None:
    assert [text for text in _used() if "’" in text] == []
