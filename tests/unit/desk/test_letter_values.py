"""Values that are hidden on the page of a letter."""

import pytest

from services.gateway.desk.features.operations.letter_words import value_text


@pytest.mark.parametrize(
    ("value", "fr", "en"),
    [
        ("‹1 character›", "‹1 caractère›", "‹1 character›"),
        ("‹20 characters›", "‹20 caractères›", "‹20 characters›"),
        ("‹2 values›", "‹2 valeurs›", "‹2 values›"),
        ("‹hidden›", "‹masqué›", None),
        ("‹20 characters› more", "‹20 characters› more", "‹20 characters› more"),
        ("phone", "phone", "phone"),
    ],
)
def test_hidden_values_are_in_the_language_of_the_page(value: str, fr: str, en: str | None) -> None:
    assert value_text(value, "fr").replace("\u00a0", " ") == fr
    assert en is None or value_text(value, "en") == en
