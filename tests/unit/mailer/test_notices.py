"""The security notices: what happened, when and where, and the link « ce n'est pas moi »."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from services.mailer.handlers.notices import one_line
from services.mailer.mail_templates import TEMPLATES, NoticeData
from services.mailer.messages import NOT_ME_PURPOSE, not_me_token
from shared.security.sealing import KeyRing, new_key
from shared.security.signed_tokens import read
from tests.support.each_row import each_row
from tests.support.mail.sample_mails import (
    ACCOUNT,
    ASKED,
    BASE_URL,
    CODE,
    DISAVOWING,
    LANGUAGES,
    MAIL_ID,
    RING,
    data_of,
    html_of,
    mail,
    text_of,
)

NBSP = "\u00a0"
NOTICES = [name for name, template in TEMPLATES.items() if template.data_type is NoticeData]

#: The texts that only one variant has, in French and in English.
WORDS = {
    ("password_changed", 0): (
        "par un lien « Mot de passe oublié »",
        "through a “Forgotten password” link",
    ),
    ("password_changed", 1): ("depuis une session ouverte", "from an open session"),
    ("address_change_asked", 0): (
        "durand123456@labo654321.example reste votre identifiant",
        "durand123456@labo654321.example is still your username",
    ),
    ("address_changed", 0): ("a été vérifiée par un code", "confirmed with a code"),
    ("address_changed", 1): ("Le secrétariat a changé l'adresse", "The support desk changed the"),
    ("address_in_force", 0): (
        "Votre identifiant est désormais durand123456@labo654321.example.",
        "Your username is now durand123456@labo654321.example.",
    ),
    ("address_in_force", 1): ("Le secrétariat a changé l'adresse", "The support desk changed the"),
    ("phone_enrolled", 0): ("désormais demandé à chaque connexion", "a 6-digit code each time"),
    ("phone_replaced", 0): ("avec un code de l'ancien.", "with a code from the old one."),
    ("phone_replaced", 1): ("avec un code de secours.", "with a recovery code."),
    ("phone_replaced", 2): ("après le délai d'un téléphone", "after the delay of a phone"),
    ("phone_replaced_second", 0): (
        "l'adresse de secours d'un compte",
        "address for an account",
    ),
    ("phone_removed", 0): ("n'est plus lié à votre compte", "no longer linked to your account"),
    ("recovery_code_used", 0): ("Il vous reste 9 codes de secours.", "9 recovery codes left."),
    ("recovery_code_used", 1): ("Il vous reste 1 code de secours.", "1 recovery code left."),
    ("recovery_code_used", 2): ("C'était le dernier de la liste.", "It was the last one"),
    ("recovery_codes_replaced", 0): (
        "les codes précédents ne sont plus valables.",
        "the previous codes no longer work.",
    ),
    ("sign_in_locked", 0): (
        "vous pouvez aussi choisir un nouveau mot de passe :",
        "you can also choose a new password:",
    ),
    ("codes_locked", 0): ("puis des codes TOTP incorrects", "then wrong TOTP codes"),
    ("codes_locked", 1): ("puis des codes de secours incorrects", "then wrong recovery codes"),
    ("code_refused", 0): (
        "Quelqu'un a saisi votre mot de passe, puis 3 codes TOTP incorrects.",
        "Someone entered your password, then 3 wrong TOTP codes.",
    ),
    ("code_refused", 1): ("3 codes de secours incorrects", "3 wrong recovery codes"),
    ("new_device", 0): (
        "depuis un nouveau navigateur, ou pour la première fois depuis un changement de mot de "
        "passe ou de téléphone.\n",
        "from a new browser, or for the first time since a change of password or phone.\n",
    ),
    ("new_device", 1): ("1 mot de passe ou code incorrect", "1 wrong password or code was"),
    ("new_device", 2): ("4 mots de passe ou codes incorrects", "4 wrong passwords or codes were"),
    ("opened_after_failures", 0): ("après 3 mots de passe ou codes", "after 3 wrong passwords or"),
    ("account_thawed", 0): ("Votre compte est rouvert", "is open again"),
    ("account_frozen", 0): ("par le lien d'un de nos messages", "through a link in one of our"),
    ("account_frozen", 1): ("dans une session ouverte", "in an open session"),
    ("account_frozen", 2): ("Un nouveau mot de passe ne suffit pas", "password is not enough"),
    ("account_frozen", 3): ("Un nouveau mot de passe ne suffit pas", "password is not enough"),
    ("account_frozen", 4): ("le vol de votre téléphone a été confirmé", "the theft of your phone"),
    ("account_frozen", 5): ("choisissez un nouveau mot de passe par", "choose a new password"),
    ("account_frozen", 6): ("Un nouveau mot de passe ne suffit pas", "password is not enough"),
    ("account_frozen", 7): ("Un nouveau mot de passe ne suffit pas", "password is not enough"),
    ("account_frozen", 8): ("Le secrétariat a bloqué votre compte", "The support desk froze your"),
    ("account_frozen", 9): ("Le secrétariat a bloqué votre compte", "The support desk froze your"),
    ("account_frozen", 10): ("Un nouveau mot de passe ne suffit pas", "password is not enough"),
    ("account_frozen", 11): ("Un nouveau mot de passe ne suffit pas", "password is not enough"),
    ("call_without_result", 0): ("sans réponse.", "without an answer."),
    ("call_without_result", 1): ("n'avait rien demandé", "had asked for nothing"),
    ("call_without_result", 2): ("il doutait de son interlocuteur", "doubted who was on the line"),
    ("call_without_result", 3): ("trois mots dits au téléphone", "three words said by telephone"),
    ("call_without_result", 4): ("en 30 minutes", "within 30 minutes"),
    ("call_without_result", 5): ("a dû interrompre l'appel", "had to break off the call"),
    **{
        ("call_without_result", case): (
            "L'ancien téléphone est déjà détaché.",
            "The old phone is already unlinked.",
        )
        for case in range(6, 12)
    },
    ("resumption_code_told", 0): ("un code de reprise au téléphone", "a resumption code by"),
    ("lost_phone_stopped", 0): ("Une connexion complète", "A full sign-in"),
    ("lost_phone_stopped", 1): ("Votre compte est bloqué", "Your account is frozen"),
    ("lost_phone_stopped", 2): ("Deux appels n'ont pas permis", "Two calls could not verify"),
    ("lost_phone_stopped", 3): ("comme vous l'avez choisi", "as you chose"),
    ("lost_phone_stopped", 4): ("Le secrétariat a arrêté", "The support desk stopped"),
    ("lost_phone_stopped", 5): ("mot de passe ou des informations", "password or information"),
    ("lost_phone_stopped", 6): ("Votre compte est désactivé", "Your account is deactivated"),
    ("lost_phone_stopped", 7): ("lié à votre compte d'une autre façon", "another way"),
    ("lost_phone_stopped", 8): ("n'est plus proposé", "is no longer offered"),
    ("lost_phone_stopped", 9): ("n'a été enrôlé à temps", "was linked in time"),
    ("lost_phone_released", 0): ("vous dit un code de reprise", "tells you a resumption code"),
    ("resumption_code_voided", 0): ("n'est plus valable", "no longer valid"),
    ("account_resumed", 0): (
        "informations, établissement et dossiers",
        "information, establishment",
    ),
    ("recovery_address_changed", 0): ("a été ajoutée à votre compte", "was added to your account"),
    ("recovery_address_changed", 1): ("de votre compte a été retirée", "your account was removed"),
    ("account_deactivated", 0): ("appelez le 01.55.87.40.90", "call +33 1 55 87 40 90"),
    ("account_deactivated", 1): ("malgré nos deux messages", "in spite of our two emails"),
    ("account_dormant", 0): (
        "depuis 17 mois. Sans connexion avant le 2 décembre 2026",
        "for 17 months. Without a sign-in before 2 December 2026",
    ),
    ("account_dormant", 1): (
        "C'est notre dernier message avant cette date.",
        "This is our last email before that date.",
    ),
}


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_every_variant_of_every_notice_is_checked() -> None:
    cases = {(name, case) for name in NOTICES for case in range(len(TEMPLATES[name].variants))}
    assert set(WORDS) == cases


@each_row("language", LANGUAGES)
@each_row(("template", "case"), WORDS)
def test_g_50_g_51_au_07_a_notice_states_event_holder_time_and_place(
    template: str, case: int, language: str
) -> None:
    text = plain(text_of(template, language, case))
    assert WORDS[template, case][language == "en"] in text
    when = {
        "fr": "    Date : 1er décembre 2026 à 06:30 (heure de Paris)\n"
        "    Appareil : Firefox, Windows\n    Réseau : 203.0.113.0/24\n",
        "en": "    When: 1 December 2026 at 06:30 (Paris time)\n"
        "    Device: Firefox, Windows\n    Network: 203.0.113.0/24\n",
    }
    assert when[language] in text
    hello = {"fr": "Bonjour Élodie d’Été-O'Brien,\n", "en": "Hello Élodie d’Été-O'Brien,\n"}
    assert text.startswith(hello[language])
    assert "durand123456@labo654321.example" in text


@each_row("template", NOTICES)
def test_au_07_a_device_or_network_that_the_event_does_not_know_leaves_no_empty_line(
    template: str,
) -> None:
    text = text_of(template, "fr", data=data_of(template, device="", network=""))
    assert "Appareil" not in text
    assert "Réseau" not in text
    assert "(heure de Paris)\n\n" in text


@pytest.mark.parametrize(
    ("device", "shown"),
    [
        ("Firefox, Windows", "Firefox, Windows"),
        ("?, Mac OS X", "Mac OS X"),
        ("Firefox, ?", "Firefox"),
        ("?, ?", ""),
        ("", ""),
        ("a\r\nb\u2028https://x/", "abhttpsx"),
        ("x" * 200, "x" * 60),
    ],
)
def test_in_04_a_device_is_one_short_line_without_addresses(device: str, shown: str) -> None:
    assert one_line(device) == shown


@each_row("language", LANGUAGES)
@each_row("template", NOTICES)
def test_em_12_a_notice_carries_nothing_that_opens(template: str, language: str) -> None:
    text = re.sub(r"https://\S+", "", text_of(template, language, address="anne@labo.example"))
    own = [CODE] if template in DISAVOWING else []  # of the page of its link
    assert re.findall(r"(?<!\d)\d{6}(?!\d)", text) == own
    assert "otpauth:" not in text
    assert re.search(r"\b[A-Z2-7]{16,}\b", text) is None


@pytest.mark.parametrize("template", ["sign_in_locked", "codes_locked"])
def test_au_07_a_lock_notice_states_its_end(template: str) -> None:
    assert "le 2 décembre 2026 à 06:30 (heure de Paris)." in text_of(template, "fr")
    assert "on 2 December 2026 at 06:30 (Paris time)." in text_of(template, "en")


@pytest.mark.parametrize("template", ["codes_locked", "code_refused"])
def test_au_07_codes_refused_after_the_right_password_are_a_warning(template: str) -> None:
    assert "Quelqu'un connaît votre mot de passe." in text_of(template, "fr")
    assert "Someone knows your password." in text_of(template, "en")


@each_row("language", LANGUAGES)
@each_row("template", DISAVOWING)
def test_the_link_is_signed_for_this_account_and_mail_and_good_for_seven_days(
    template: str, language: str
) -> None:
    (link,) = re.findall(r"https://\S+", text_of(template, language))
    assert link.startswith(f"{BASE_URL}/ce-n-est-pas-moi?jeton=")
    (token,) = parse_qs(urlsplit(link).query)["jeton"]
    signed = read(RING, NOT_ME_PURPOSE, token)
    assert signed is not None
    assert signed.parts == (ACCOUNT.hex, MAIL_ID.replace("-", ""))
    assert signed.expires_at == ASKED + timedelta(days=7)
    assert read(RING, "another", token) is None
    until = {"fr": "jusqu'au 8 décembre 2026 à 06:30", "en": "until 8 December 2026 at 06:30"}
    assert until[language] in text_of(template, language)
    button = {"fr": ">Ce n&#39;est pas moi</a>", "en": ">This was not me</a>"}
    assert button[language] in html_of(template, language)


@each_row("template", DISAVOWING)
def test_the_mail_explains_that_the_link_leads_to_a_button(template: str) -> None:
    assert "choisissez « Bloquer mon compte »" in plain(text_of(template, "fr"))
    assert "choose “Freeze my account”" in text_of(template, "en")


@pytest.mark.parametrize("case", [0, 1])
def test_b_14_the_former_address_is_asked_to_call_support(
    case: int,
) -> None:
    french, english = (text_of("address_changed", language, case) for language in LANGUAGES)
    assert "Appelez ensuite le 01.55.87.40.90 (+33 1 55 87 40 90)" in french
    assert "Un message vous dira" not in french
    assert "était jusqu'ici l'adresse de votre compte IMPEXWEB" in french
    assert "Then call +33 1 55 87 40 90: the support desk will check your identity." in english
    assert "An email will tell you" not in english


def test_ot_14_after_a_recovery_code_the_new_phone_is_to_be_enrolled() -> None:
    assert "Terminez l'enrôlement du nouveau téléphone" in text_of("recovery_code_used", "fr")
    assert "until then, the old one still works" in text_of("recovery_code_used", "en")


def test_every_notice_has_that_link_but_those_where_it_does_not_help() -> None:
    assert set(NOTICES) - set(DISAVOWING) == {
        "account_frozen",
        "account_deactivated",
        "account_dormant",
        "lost_phone_released",  # nobody can sign in any more
        "resumption_code_voided",  # nor here
        "sign_in_locked",  # strangers provoke it (S-04)
    }
    for language in LANGUAGES:
        assert f"\n{BASE_URL}/mot-de-passe-oublie\n" in text_of("account_frozen", language, 0)
        assert "ce-n-est-pas-moi" not in text_of("account_frozen", language, 0)


def test_a_token_is_the_same_each_time_its_mail_is_built() -> None:
    made = [not_me_token(RING, ACCOUNT, UUID(MAIL_ID), ASKED) for _ in range(2)]
    assert made[0] == made[1]
    assert not_me_token(RING, ACCOUNT, UUID(int=1), ASKED) != made[0]
    assert read(KeyRing.parse(new_key()), NOT_ME_PURPOSE, made[0]) is None


def test_b_04_a_notice_shows_no_token_when_printed() -> None:
    written = mail("password_changed")
    assert written.link_token is not None
    assert written.link_token not in repr(written)


def test_in_03_the_user_agent_is_inert_in_html() -> None:
    data = data_of("new_device", device="<b>Firefox</b> & Co")
    assert "&lt;b&gt;Firefox&lt;/b&gt; &amp; Co" in html_of("new_device", "fr", data=data)
    assert "<b>Firefox</b> & Co" in text_of("new_device", "fr", data=data)
