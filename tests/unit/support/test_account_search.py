"""What a text of the search is taken for."""

import pytest

from services.support.account_search import Unsearchable, guess

TABLE = (
    ("73282932000074", "siret"),
    (" 732 829 320 00074 ", "siret"),
    ("SIRET : 732 829 320 00074", "siret"),
    ("732829320", "siret dossier"),
    ("01 23 45 42 17", "phone"),
    ("01.23.45.42.17", "phone"),
    ("Tél. 01 23 45 42 17", "phone"),
    ("+33 1 23 45 42 17", "phone"),
    ("0033123454217", "phone"),
    ("12 34 56 78", "dossier phone establishment"),
    ("69003", "dossier establishment"),
    ("pierre.durand@labo.fr", "address"),
    ("pierre@", "address"),
    ("Léa Martin <lea@labo.fr>", "address"),
    ("Demande n° MSG-A44X2-YZ7EW", "request"),
    ("https://portail.example/assistance/demandes/MSG-A44X2-YZ7EW/appel", "request"),
    ("@labo.fr", "address"),
    ("Pierre . Durand @ labo.fr", "address"),
    ("durand", "name establishment address"),
    ("dur", "name establishment"),
    ("dura", "name establishment address"),
    ("r2d", "dossier"),
    ("pierre.dur", "name establishment address"),
    ("Zoé d’Été-Müller", "name establishment"),
    ("Été", "name establishment"),
    ("Παππά", "name establishment"),
    ("Pharmacie du 8 mai", "dossier name establishment"),
    ("AI-2026-000123", "dossier name establishment address"),
    ("TEL-A44X2-YZ7EW", "request"),
    (" msg a44x2 yz7ew", "request"),
)


@pytest.mark.parametrize(("typed", "kinds"), TABLE)
def test_b_05_a_text_is_taken_for_what_it_may_be(typed: str, kinds: str) -> None:
    assert [one.kind for one in guess(typed)] == kinds.split()


def test_what_is_searched_is_read_as_its_kind() -> None:
    assert guess("n° de SIRET 732 829 320 00074")[0].text == "73282932000074"
    assert guess("Pierre . Durand @ labo.fr")[0].text == "Pierre.Durand@labo.fr"
    assert guess("Léa Martin <lea@labo.fr>")[0].text == "lea@labo.fr"
    assert guess("tel a44x2 yz7ew")[0].text == "TEL-A44X2-YZ7EW"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "missing"),
        (" \u200b ", "missing"),
        ("ab", "too_short"),
        ("a@b", "too_short"),
        ("x" * 900, "too_long"),
    ],
)
def test_what_cannot_be_searched_has_a_reason(typed: str, code: str) -> None:
    with pytest.raises(Unsearchable) as raised:
        guess(typed)
    assert raised.value.code == code
