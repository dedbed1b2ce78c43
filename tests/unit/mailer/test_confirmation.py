"""The confirmation mail: the words of G-35, the establishment and the position as people read
them."""

from __future__ import annotations

import pytest

from services.mailer.handlers.changes import as_line
from services.mailer.messages import Messages
from shared.domain.brand import DEFAULT_BRAND
from tests.support.mail.sample_mails import BASE_URL, facts_of, html_of, text_of

#: Letter for letter; the foot of every mail comes after.
SAID = {
    "fr": """\
Bonjour Élodie d’Été-O'Brien,

Vos informations sont validées : votre compte est complet.

Pharmacie des Lilas & Cie, Saint-Étienne, Belgique · Pharmacien Responsable

Votre page d'accueil : https://portail.exemple.fr/accueil

Ces informations ne sont plus modifiables directement. Une erreur, un nouveau nom, une nouvelle \
adresse ? “Demander une correction”, dans votre compte, ou répondez à ce message.

« le compte est nominatif » : chaque collègue crée le sien, ne partagez ni mot de passe ni code. \
Si vous quittez l'établissement, dites-le-nous : le compte sera désactivé, vos dossiers resteront.

Vous recevez ce message parce que ces informations ont été validées le 1er décembre 2026 à 06:30. \
Ce n'était pas vous ? Appelez-nous sans attendre.


""",
    "en": """\
Hello Élodie d’Été-O'Brien,

Your information is validated: your account is complete.

Pharmacie des Lilas & Cie, Saint-Étienne, Belgium · Responsible Pharmacist

Your home page: https://portail.exemple.fr/accueil

This information can no longer be changed directly. A mistake, a new name, a new address? “Ask \
for a correction”, in your account, or answer this message.

The account is personal: each colleague creates their own; share neither password nor code. If \
you leave the establishment, tell us: the account will be deactivated, the files stay.

You receive this because this information was validated on 1 December 2026 at 06:30 (Paris time). \
It was not you? Call us at once.


""",
}
POSITIONS = [
    (0, "Pharmacien Responsable", "Responsible Pharmacist"),
    (1, "Pharmacien Responsable Intérimaire", "Interim Responsible Pharmacist"),
    (2, "Personne qualifiée", "Personne qualifiée"),
]


@pytest.mark.parametrize("language", SAID)
def test_g_35_the_confirmation_is_worded_letter_for_letter(language: str) -> None:
    text = text_of("confirmation", language).replace("\u00a0", " ")
    assert text.startswith(SAID[language])


@pytest.mark.parametrize(("case", "french", "english"), POSITIONS)
def test_g_31_the_position_is_in_words_or_what_the_person_typed(
    case: int, french: str, english: str
) -> None:
    for language, country, position in (("fr", "Belgique", french), ("en", "Belgium", english)):
        line = f"Saint-Étienne, {country} · {position}"
        assert f"{line}\n" in text_of("confirmation", language, case)
        assert f"{line}</p>" in html_of("confirmation", language, case)


def test_g_32_a_country_that_nobody_names_is_said_by_its_code() -> None:
    facts = facts_of("confirmation", country="XX")
    assert ", Saint-Étienne, XX ·" in text_of("confirmation", "fr", facts=facts)


def test_in_03_what_was_typed_is_inert_in_html() -> None:
    facts = facts_of("confirmation", 2, company_name="<b>A</b> & Co", position_other="<i>Moi</i>")
    html = html_of("confirmation", "fr", facts=facts)
    assert "&lt;b&gt;A&lt;/b&gt; &amp; Co, " in html
    assert "· &lt;i&gt;Moi&lt;/i&gt;</p>" in html
    assert "<b>A</b> & Co, " in text_of("confirmation", "fr", facts=facts)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("Pharmacie\u00a0Durand", "Pharmacie Durand"),
        ("A\r\nBcc: x@y.example", "A Bcc: x@y.example"),
        ("  Laboratoires\u2028\u202eDurand\x00 ", "Laboratoires Durand"),
        ("", ""),
    ],
)
def test_em_08_what_was_typed_is_one_line(typed: str, line: str) -> None:
    assert as_line(typed) == line


def test_b_12_the_start_tries_each_position() -> None:
    assert list(Messages(DEFAULT_BRAND, BASE_URL).check()) == []
