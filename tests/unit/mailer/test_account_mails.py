"""The mails with a code or a link, and the one for an address without an account."""

import re

import pytest

from services.mailer.mail_templates import REQUEST_MAILS, TEMPLATES
from tests.support.mail.sample_mails import BASE_URL, CODE, LANGUAGES, TOKEN, text_of

NBSP = "\u00a0"
FROZEN = {"fr": "Votre compte est bloqué.", "en": "Your account is frozen."}

SENTENCES = {
    ("password_reset", "fr"): [
        f"\n{BASE_URL}/mot-de-passe?jeton={TOKEN}\n",
        "Il est valable une fois, jusqu'au 2 décembre 2026 à 06:30 (heure de Paris).",
        "Votre code TOTP vous sera toujours demandé.",
        "pour le compte durand123456@labo654321.example, le 1er décembre 2026 à 06:30",
        f"Vous n'avez rien demandé{NBSP}? Ne faites rien{NBSP}: votre mot de passe ne change pas.",
    ],
    ("password_reset", "en"): [
        f"\n{BASE_URL}/mot-de-passe?jeton={TOKEN}\n",
        "It works once, until 2 December 2026 at 06:30 (Paris time).",
        "You will still need your TOTP code.",
        "Didn't ask for this? Do nothing: your password does not change.",
    ],
    ("address_code", "fr"): [
        f"Votre code{NBSP}: {CODE}\n",
        f"choisissez «{NBSP}Vérifier le code{NBSP}»",
        "Il est valable une fois, jusqu'au 1er décembre 2026 à 06:40 (heure de Paris)",
        "elle est vérifiée de nouveau avant l'enrôlement d'un téléphone",
        f"Ce n'était pas vous{NBSP}? Quelqu'un connaît votre mot de passe.",
        f"choisissez «{NBSP}Mot de passe oublié{NBSP}»",
    ],
    ("address_code", "en"): [
        f"Your code: {CODE}\n",
        "It works once, until 1 December 2026 at 06:40 (Paris time)",
        "Not you? Someone knows your password.",
    ],
    ("new_address_code", "fr"): [
        f"Votre code{NBSP}: {CODE}\n",
        f"choisissez «{NBSP}Vérifier le code{NBSP}»",
        "Il est valable une fois, jusqu'au 1er décembre 2026 à 06:40 (heure de Paris)",
        "comme nouvelle adresse d'un compte IMPEXWEB, depuis une session ouverte, le 1er décembre",
        f"Vous n'avez rien demandé{NBSP}? Ne faites rien et ne donnez ce code à personne",
    ],
    ("new_address_code", "en"): [
        f"Your code: {CODE}\n",
        "It works once, until 1 December 2026 at 06:40 (Paris time)",
        "Didn't ask for this? Do nothing and do not give this code to anyone",
    ],
    ("lost_phone", "fr"): [
        "La perte du téléphone lié au compte durand123456@labo654321.example",
        f"\n{BASE_URL}/telephone-perdu/confirmer?jeton={TOKEN}\n",
        f"D'ici là, rien n'est fermé ni changé{NBSP}: si vous retrouvez le téléphone",
        f"Vous n'avez rien demandé{NBSP}? Ne faites rien{NBSP}: sans confirmation, rien ne change.",
    ],
    ("lost_phone", "en"): [
        f"\n{BASE_URL}/telephone-perdu/confirmer?jeton={TOKEN}\n",
        "Until then nothing is closed or changed",
        "Didn't ask for this? Do nothing: without confirmation, nothing changes.",
    ],
    ("no_account", "fr"): [
        "Un nouveau mot de passe a été demandé pour l'adresse durand123456@labo654321.example",
        "Votre compte a peut-être une autre de vos adresses",
        f"Choisissez de nouveau «{NBSP}Première connexion - Créer un compte{NBSP}», avec la même",
        f"\n{BASE_URL}/connexion\n",
        "la personne qui a saisi l'adresse n'apprend rien",
    ],
    ("no_account", "en"): [
        "Someone asked for a new password for the address durand123456@labo654321.example",
        "Your account may have another of your addresses",
        "Choose “First time here - Create an account” again, with the same address.",
        f"\n{BASE_URL}/connexion\n",
    ],
}


@pytest.mark.parametrize(("template", "language"), SENTENCES)
def test_g_51_em_12_a_code_or_link_comes_with_its_validity_and_what_to_do(
    template: str, language: str
) -> None:
    text = text_of(template, language)
    for sentence in SENTENCES[template, language]:
        assert sentence in text, sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_with_an_unfreezing_link_mentions_the_freeze(language: str) -> None:
    assert FROZEN[language] not in text_of("password_reset", language, 0)
    assert FROZEN[language] in text_of("password_reset", language, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_b_03_an_address_without_account_is_notified_of_a_lost_phone_too(language: str) -> None:
    about = {"fr": "La perte d'un téléphone a été signalée", "en": "Someone reported a lost phone"}
    assert about[language] in text_of("no_account", language, 1)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", [2, 3])
def test_b_03_the_holder_of_a_frozen_or_deactivated_account_is_asked_to_call(
    language: str, case: int
) -> None:
    first = {
        "fr": "Votre compte est bloqué ou désactivé. "
        "Appelez le 01.55.87.40.90 (+33 1 55 87 40 90).",
        "en": "Your account is frozen or deactivated. Call +33 1 55 87 40 90.",
    }
    text = text_of("no_account", language, case)
    assert text.split("\n\n")[1] == first[language]
    assert "http" not in text
    for label in ("Créer un compte", "Create an account"):
        assert label not in text
    assert first[language] not in text_of("no_account", language, case - 2)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", ["password_reset"])
def test_em_12_a_mail_with_a_link_carries_no_code_of_six_digits(
    template: str, language: str
) -> None:
    text = text_of(template, language, address="anne@labo.example")
    assert re.findall(r"(?<!\d)\d{6}(?!\d)", text) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", ["address_code", "new_address_code", "recovery_address_code"])
def test_em_12_the_mail_with_a_code_carries_no_link(template: str, language: str) -> None:
    assert "http" not in text_of(template, language)


def test_only_what_carries_a_secret_is_sent_again_after_an_uncertain_attempt() -> None:
    opening = {name for name, template in TEMPLATES.items() if template.carries_secret}
    requests = {template.name for template in REQUEST_MAILS}
    codes = {"validation", "address_code", "new_address_code", "recovery_address_code"}
    links = {
        "password_reset",
        "lost_phone",
        "unlock",
        "agent_invited",
        "change_planned",
        "phone_removal_planned",
        "phone_removal_planned_second",
        "phone_replacement_planned",
        "phone_replacement_planned_second",
        "phone_replacement_open",
        "phone_replacement_open_second",
    }
    assert opening == codes | links | requests
