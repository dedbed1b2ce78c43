"""Every text has an English one, with the same placeholders and the right typography."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from operations.texts import ENGLISH, extracted, forms, messages, up_to_date, written
from services.gateway.portal.resources import GATEWAY
from shared.i18n.catalogue import PLACEHOLDER

#: A plain space before high punctuation or inside guillemets would allow a line break.
LOOSE = re.compile(r" [:;?!»](?!\w)|« ")


@pytest.fixture(scope="module")
def french() -> Catalog:
    return extracted()


@pytest.fixture(scope="module")
def english() -> Catalog:
    return up_to_date()


def test_the_catalogue_is_up_to_date(english: Catalog) -> None:
    assert len(english) > 150
    assert ENGLISH.read_text("utf-8") == written(english), "`make texts` writes it"


def test_every_text_has_an_english_one(english: Catalog) -> None:
    assert [one.id for one in messages(english) if not all(forms(one.string))] == []


def test_no_translation_is_a_guess(english: Catalog) -> None:
    assert [one.id for one in messages(english) if one.fuzzy] == []


def test_translations_have_the_same_placeholders(english: Catalog) -> None:
    for message in messages(english):
        ids = forms(message.id)
        asked = set(PLACEHOLDER.findall(ids[-1]))
        for text in ids + forms(message.string):
            assert set(PLACEHOLDER.findall(text)) == asked, message.id


def test_both_languages_have_the_same_plurals(english: Catalog) -> None:
    for message in messages(english):
        assert len(forms(message.id)) == len(forms(message.string)), message.id


def test_french_texts_leave_no_break_spaces_to_the_catalogue(french: Catalog) -> None:
    assert [one.id for one in messages(french) if "\u00a0" in "".join(forms(one.id))] == []


def test_legal_texts_never_break_before_a_high_sign() -> None:
    loose: list[str] = []
    for path in sorted(Path(GATEWAY / "features/legal/templates/legal/fr").glob("*.html")):
        bare = re.sub(r"\{[{%].*?[}%]\}|<[^>]+>", "", path.read_text("utf-8"))
        loose += LOOSE.findall(bare)
    assert loose == []


def test_each_language_has_its_own_quotation_marks(english: Catalog) -> None:
    wrong = [one.id for one in messages(english) if re.search("[“”]", "".join(forms(one.id)))]
    wrong += [one.id for one in messages(english) if re.search("[«»]", "".join(forms(one.string)))]
    assert wrong == []


def test_plurals_are_declined(english: Catalog) -> None:
    texts = [(*forms(one.id), *forms(one.string)) for one in messages(english)]
    assert [text for text in texts if re.search(r"\w\((s|es)\)", "".join(text))] == []


def test_apostrophes_are_straight(french: Catalog) -> None:
    assert [one.id for one in messages(french) if "’" in "".join(forms(one.id))] == []
