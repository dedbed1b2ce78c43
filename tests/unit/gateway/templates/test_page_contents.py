"""Contents of particular pages, by requirement."""

import re
from dataclasses import fields
from datetime import timedelta

import pytest

from services.gateway.sessions.request_state import FLASH_SECONDS, LANGUAGE_SECONDS
from services.gateway.sessions.saved_forms import ACCOUNT_LIFETIME, BROWSER_LIFETIME
from services.gateway.settings import GatewaySettings
from services.registration.settings import RegistrationSettings
from services.support.journal_rules import RETENTION as JOURNAL_RETENTION
from tests.support.pages.page_basis import State, me
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import Page, render
from tests.unit.gateway.templates.parsed_pages import ALL, FRENCH, one
from tests.unit.gateway.templates.parsed_pages import soup as read
from tests.unit.gateway.templates.parsed_pages import state as in_state


def test_ax_01_titles_are_distinct() -> None:
    titles: dict[str, set[str]] = {}
    for page in FRENCH:
        title = one(page, "head > title").get_text().removeprefix("Erreur\u00a0: ")
        titles.setdefault(title, set()).add(page.state.template)
    shared = {title: found for title, found in titles.items() if len(found) > 1}
    # The terms have one title on every page.
    assert list(shared.values()) == [{"terms.html", "terms_public.html"}]


TYPED = "input:not([type=hidden], [type=checkbox], [aria-hidden])"
AUTOCOMPLETE = {
    "sign_in": {"address": "username", "password": "current-password"},
    "register": {
        "first_name": "given-name",
        "last_name": "family-name",
        "address": "email",
        "password": "new-password",
    },
    "validation": {"code": "one-time-code"},
    "correct_address": {"address": "email", "password": "current-password"},
    "link-elsewhere": {"password": "current-password"},
    "code": {"code": "one-time-code"},
    "enrol": {"code": "one-time-code"},
    "address": {"code": "one-time-code"},
    "recovery": {"recovery_code": "off"},
    "forgotten": {"address": "username"},
    "lost_phone": {"address": "username"},
    "reset": {"password": "new-password"},
    "account_password-code": {
        "current_password": "current-password",
        "code": "one-time-code",
        "password": "new-password",
    },
    "account_phone": {"password": "current-password", "code": "one-time-code"},
    "account_recovery": {"password": "current-password", "code": "one-time-code"},
}


@pytest.mark.parametrize("name", ["account_password", "account_password-code"])
def test_t_20_a_new_password_comes_with_its_user_name(name: str) -> None:
    """For the password manager that stores both: before the password, and never sent."""
    inputs = read(in_state(name)).select("main form input:not([type=hidden])")
    user_name = inputs[0]
    assert (user_name["autocomplete"], user_name["value"]) == ("username", me().address)
    assert not user_name.has_attr("name")
    assert user_name.has_attr("readonly")


@pytest.mark.parametrize("name", AUTOCOMPLETE)
def test_ax_02_fields_have_an_autocomplete_value(name: str) -> None:
    fields = read(in_state(name)).select(f"main {TYPED}")
    assert {str(field["name"]): field["autocomplete"] for field in fields} == AUTOCOMPLETE[name]
    for field in fields:
        assert one(in_state(name), f"label[for={field['id']}]").get_text(strip=True)


STEPS = {"register": 1, "validation": 2, "correct_address": 2, "link": 2, "verified": 2, "terms": 3}


@pytest.mark.parametrize(("name", "step"), STEPS.items())
def test_g_04_every_step_can_be_cancelled_and_shows_its_number(name: str, step: int) -> None:
    page = in_state(name)
    cancel = one(page, "main a[href='/inscription/annuler']")
    shown = "Annuler" if name == "register" else "Abandonner la création du compte"
    assert cancel.get_text(strip=True) == shown
    stepper = one(page, ".fr-stepper__steps")
    assert (stepper["data-fr-current-step"], stepper["data-fr-steps"]) == (str(step), "5")


WORDS = {
    "welcome": ("Bienvenue", "Se connecter", "Première connexion - Créer un compte"),
    "sign_in": (
        "IMPEX IDENTIFICATION",
        "Se connecter pour utiliser les applications disponibles",
        "Entrer l'adresse email et le mot de passe",
        "Première connexion - Créer un compte",
        "Description détaillée de la procédure de création de compte",
        "Mot de passe oublié",
    ),
    "register": (
        "Enregistrement d'un nouvel utilisateur IMPEXWEB",
        "L'adresse email saisie sera par la suite votre identifiant.",
        "Le mot de passe est sensible à la casse.",
        "Doit comporter au moins 8 caractères.",
        "Ne doit pas comporter plus de 20 caractères.",
        "Ne doit comporter aucune des valeurs suivantes\u00a0: password test.",
    ),
    "validation": ("Code", "Vérifier le code", "Envoyer un autre message", "indésirables"),
    "verified": ("Enregistrement de votre compte", "a été vérifiée", "Continuer"),
    "terms": ("J'accepte", "Continuer", "version 2026-01 du 15 janvier 2026"),
    "creation-done": ("Votre compte existe.", "Se connecter"),
}


@pytest.mark.parametrize("name", WORDS)
def test_g_01_to_g_14_the_texts_of_the_guide_are_on_the_page(name: str) -> None:
    """G-01, G-02, G-03, G-05, G-06, G-10, G-12, G-13, G-14."""
    text = re.sub(r"[ \n]+", " ", one(in_state(name), "main").get_text())
    for words in WORDS[name]:
        assert words in text


def test_gd_01_the_privacy_notice_is_complete() -> None:
    text = one(in_state("privacy"), "main").get_text()
    for expected in (
        "responsabilité de l'ANSM",
        "base légale",
        "obligatoires",
        "réservé aux agents",
        "48 heures",
        "durée fixée par l'exploitant",
        "droit d'accès",
        "dpo@ansm.sante.fr",
        "CNIL",
        "Modèle à remplacer",
    ):
        assert expected in text
    assert "Modèle" not in one(in_state("privacy-own"), "main").get_text()


def default_of(settings: type, name: str) -> int:
    (field,) = (one for one in fields(settings) if one.name == name)
    assert isinstance(field.default, int)
    return field.default


#: Each duration of the privacy notice, in its order, and what keeps it.
PROMISED = (
    timedelta(hours=default_of(RegistrationSettings, "pending_hours")),
    BROWSER_LIFETIME,
    ACCOUNT_LIFETIME,
    JOURNAL_RETENTION,
    timedelta(minutes=default_of(RegistrationSettings, "verify_minutes")),
    timedelta(days=default_of(GatewaySettings, "known_browser_days")),
    timedelta(seconds=LANGUAGE_SECONDS),
    timedelta(seconds=FLASH_SECONDS),
)
DAY = timedelta(days=1)
UNITS = {
    "minute": timedelta(minutes=1),
    "heure": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "jour": DAY,
    "day": DAY,
    "mois": 365 * DAY / 12,
    "month": 365 * DAY / 12,
    "an": 365 * DAY,
    "year": 365 * DAY,
}
NUMBERS = {"un": 1, "une": 1, "one": 1, "douze": 12, "twelve": 12}
DURATION = re.compile(rf"\b(\d+|{'|'.join(NUMBERS)})\s({'|'.join(UNITS)})s?\b")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_o_19_the_privacy_notice_promises_what_is_kept_and_nothing_else(language: str) -> None:
    (page,) = (
        page
        for page in ALL
        if (page.state.name, page.language, page.theme) == ("privacy", language, "dsfr")
    )
    found = DURATION.findall(one(page, "main").get_text())
    durations = [(NUMBERS.get(n) or int(n)) * UNITS[unit] for n, unit in found]
    assert tuple(durations) == PROMISED


def test_g_03_the_form_shows_the_legal_notice_and_whom_to_write_to() -> None:
    text = one(in_state("register"), "section.fr-callout").get_text()
    for expected in (
        "L.5124-1 et L.5124-13",
        "dpo@ansm.sante.fr",
        "CNIL",
        "obligatoires",
        "48 heures",
    ):
        assert expected in text


def test_p_09_the_button_follows_the_rules_and_the_notice_comes_after() -> None:
    main = str(one(in_state("register"), "main"))
    parts = ['id="password"', 'id="regles"', 'id="continuer"', 'id="mentions"']
    assert sorted(parts, key=main.index) == parts


@pytest.mark.parametrize(
    ("name", "button"),
    [
        ("validation", "Vérifier le code"),
        ("validation-deferred", "Vérifier le code"),
        ("validation-refused", "Vérifier le code"),
        ("validation-bounced", "Corriger l'adresse"),
        ("validation-full", "Envoyer un autre message"),
        ("validation-void", "Envoyer un autre message"),
        ("validation-void-soon", "Envoyer un autre message"),
        ("address", "Vérifier le code"),
        ("address-void", "Envoyer un autre code"),
        ("address-void-soon", "Envoyer un autre code"),
        ("address_change_code", "Vérifier le code"),
        ("address_change_code-void", "Envoyer un autre code"),
    ],
)
def test_p_07_each_state_of_a_mailed_code_has_its_action(name: str, button: str) -> None:
    main = one(in_state(name), "main")
    (primary,) = main.select(".fr-btn:not(.fr-btn--secondary, .fr-btn--tertiary)")
    assert primary.get_text(strip=True) == button
    expects_code = button == "Vérifier le code"
    assert bool(main.select("#code")) == expects_code
    sent = re.search("Un message est envoyé à|nous envoyons|Nous envoyons", main.get_text())
    assert bool(sent) == expects_code


def test_p_08_giving_up_is_apart_and_going_back_is_the_main_button() -> None:
    main = one(in_state("cancel"), "main")
    assert (
        one(in_state("cancel"), "main .fr-btn:not(.fr-btn--secondary)")["href"]
        == "/inscription/validation"
    )
    assert [one.name for one in main.select(".fr-btn")] == ["a", "button"]
    for name in ("validation", "correct_address", "link", "verified", "terms"):
        (link,) = one(in_state(name), "main").select("a[href='/inscription/annuler']")
        assert link.find_parent("ul") is None
        assert link.find_parent("form") is None


def test_ax_11_the_statement_has_the_legal_contents() -> None:
    text = one(in_state("accessibility"), "main").get_text()
    for expected in (
        "non conforme",
        "RGAA",
        "Plan d'action",
        "Défenseur des droits",
        "01.55.87.40.90",
    ):
        assert expected in text


def test_english_sentences_give_the_telephone_as_dialled_from_abroad() -> None:
    page = next(p for p in ALL if p.state.name == "lost_phone_done" and p.language == "en")
    assert "Call +33 1 55 87 40 90." in one(page, "main").get_text()
    assert "Appelez le 01.55.87.40.90." in one(in_state("lost_phone_done"), "main").get_text()


def test_g_15_g_16_requirements_glossary_publisher_and_purpose_are_there() -> None:
    asked = one(in_state("help"), "main").get_text()
    for expected in ("messagerie", "Google Authenticator", "appareil photo", "Siret", "navigateur"):
        assert expected in asked
    glossary = [term.get_text() for term in read(in_state("glossary")).select("dt")]
    assert {"AI", "AMM", "ANSM", "CGU", "DEC", "DEI", "PR", "PRI", "PUI", "2FA"} <= set(glossary)
    legal = one(in_state("legal"), "main").get_text()
    assert "143-147, Boulevard Anatole France" in legal
    assert "dématérialisant" in legal


def test_g_05_a_suggestion_is_never_forced() -> None:
    """The Enter key presses the first button of the form, which keeps the input."""
    form = one(in_state("register-suggestion"), "form#inscription")
    first = form.select("button:not([type=button])")[0]
    assert "name" not in first.attrs
    choices = [button["value"] for button in form.select("button[name=address_choice]")]
    assert choices == ["pierre@gmail.com", "keep"]


def test_b_02_the_links_page_is_a_form_and_shows_no_name() -> None:
    page = in_state("link")
    form = one(page, "main form")
    assert (form["action"], form["method"]) == ("/inscription/lien", "post")
    assert form.select_one("input[name=token]")
    assert "Durand" not in one(page, "main").get_text()
    assert not form.select("input[name=password]")
    assert read(in_state("link-elsewhere")).select("input[name=password]")


def test_no_name_is_shown_before_the_address_is_proved() -> None:
    hidden: list[State] = [
        state for state in STATES if state.name.startswith(("validation", "link"))
    ]
    assert hidden
    for state in hidden:
        assert "Durand\u00a0" not in render(Page(state))
        assert "Pierre Durand" not in render(Page(state))
