"""The confirmation mail: the wording of G-35, the establishment and the labels of the position."""

import pytest

from services.mailer.handlers.changes import as_line
from services.mailer.messages import Messages
from shared.domain.brand import DEFAULT_BRAND
from tests.support.mail.sample_mails import BASE_URL, data_of, html_of, text_of

#: The exact wording; the footer of every mail follows.
TEXT = {
    "fr": """\
Bonjour Élodie d’Été-O'Brien,

Vos informations sont validées : votre compte est complet.

    Pharmacie des Lilas & Cie, Saint-Étienne, Belgique · Pharmacien Responsable

https://portail.exemple.fr/accueil

Vous ne pouvez plus modifier ces informations vous-même. Une erreur, un nouveau nom, une nouvelle \
adresse ? Choisissez « Demander une correction » dans votre compte, ou répondez à ce message.

Le compte est nominatif : chaque collègue crée le sien. Ne partagez ni mot de passe ni code. Si \
vous quittez l'établissement, dites-le-nous : le compte sera désactivé, vos dossiers seront gardés.

Vous recevez ce message parce que ces informations ont été validées le 1er décembre 2026 à 06:30 \
(heure de Paris). Ce n'était pas vous ? Appelez-nous maintenant.


""",
    "en": """\
Hello Élodie d’Été-O'Brien,

You have submitted your information: your account is complete.

    Pharmacie des Lilas & Cie, Saint-Étienne, Belgium · Responsible pharmacist

https://portail.exemple.fr/accueil

You can no longer change this information yourself. A mistake, a new name, a new address? Choose \
“Ask for a correction” in your account, or reply to this email.

The account is personal: each colleague creates their own. Do not share your password or codes. If \
you leave the establishment, tell us: the account will be deactivated, and your applications and \
declarations will be kept.

You are receiving this email because this information was submitted on 1 December 2026 at 06:30 \
(Paris time). Not you? Call us now.


""",
}
POSITIONS = [
    (0, "Pharmacien Responsable", "Responsible pharmacist"),
    (1, "Pharmacien Responsable Intérimaire", "Interim responsible pharmacist"),
    (2, "Personne qualifiée", "Personne qualifiée"),
]


@pytest.mark.parametrize("language", TEXT)
def test_g_35_the_confirmation_has_the_exact_wording(language: str) -> None:
    text = text_of("confirmation", language).replace("\u00a0", " ")
    assert text.startswith(TEXT[language])


@pytest.mark.parametrize(("case", "french", "english"), POSITIONS)
def test_g_31_the_position_is_a_label_or_the_input(case: int, french: str, english: str) -> None:
    for language, country, position in (("fr", "Belgique", french), ("en", "Belgium", english)):
        line = f"Saint-Étienne, {country} · {position}"
        assert f"{line}\n" in text_of("confirmation", language, case)
        assert f"{line}\n</p>" in html_of("confirmation", language, case)


def test_g_32_an_unknown_country_is_shown_by_its_code() -> None:
    data = data_of("confirmation", country="XX")
    assert ", Saint-Étienne, XX ·" in text_of("confirmation", "fr", data=data)


def test_in_03_input_is_inert_in_html() -> None:
    data = data_of("confirmation", 2, company_name="<b>A</b> & Co", position_other="<i>Moi</i>")
    html = html_of("confirmation", "fr", data=data)
    assert "&lt;b&gt;A&lt;/b&gt; &amp; Co, " in html
    assert "· &lt;i&gt;Moi&lt;/i&gt;\n</p>" in html
    assert "<b>A</b> & Co, " in text_of("confirmation", "fr", data=data)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("Pharmacie\u00a0Durand", "Pharmacie Durand"),
        ("A\r\nBcc: x@y.example", "A Bcc: x@y.example"),
        ("  Laboratoires\u2028\u202eDurand\x00 ", "Laboratoires Durand"),
        ("", ""),
    ],
)
def test_em_08_input_is_one_line(typed: str, line: str) -> None:
    assert as_line(typed) == line


def test_b_12_the_start_tries_each_position() -> None:
    assert list(Messages(DEFAULT_BRAND, BASE_URL).check()) == []
