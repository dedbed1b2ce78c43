"""Contents of the pages of signing in, of the account and of its recovery."""

import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from lxml.html import document_fromstring

from tests.support.each_row import each_row
from tests.support.pages.page_basis import ADDRESS, BRAND
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import Page, render
from tests.support.pages.sign_in_states import CODES, KEY, URI
from tests.unit.gateway.templates.parsed_pages import FRENCH, one
from tests.unit.gateway.templates.parsed_pages import soup as read
from tests.unit.gateway.templates.parsed_pages import state as in_state

#: Shown only where recovery codes are on.
WITH_CODES = (
    "enrol-recovered",
    "account",
    "account-validated",
    "account-requests",
    "account-requests-unavailable",
    "account-information-unavailable",
    "account-address-pending",
    "account-one-session",
    "account-few-codes",
)
INSIDE = [page for page in FRENCH if page.state.me is not None]


def _text(name: str, selector: str = "main") -> str:
    return re.sub(r"[ \n]+", " ", one(in_state(name), selector).get_text())


@each_row("page", INSIDE, ids=lambda page: page.name)
def test_se_06_signing_out_is_one_press_away_on_every_page(page: Page) -> None:
    """One visible control in the header, no menu before it, for half-open sessions too."""
    button = one(page, "header form[action='/deconnexion'][method=post] button")
    assert button.get_text(strip=True) == "Se déconnecter"
    assert button.find_parent("dialog") is None
    account = read(page).select("header a[href='/compte']")
    assert page.state.me is not None
    assert bool(account) == page.state.me.full
    assert (page.state.me.name or page.state.me.address) in one(page, "header").get_text()


def test_se_06_no_user_is_shown_where_nobody_is_signed_in() -> None:
    for page in FRENCH:
        if page.state.me is None:
            assert not read(page).select("form[action='/deconnexion'], #fin, [src*='session.mjs']")


def test_se_04_a_hidden_dialog_announces_the_end_of_the_session() -> None:
    dialog = one(in_state("home"), "dialog#fin[role=alertdialog]")
    assert (dialog["data-left"], dialog["data-extend"]) == ("1800", "1")
    assert "open" not in dialog.attrs
    assert dialog.get_text(strip=True).startswith("Votre session va se fermer")
    assert "après 30 min sans activité, et au plus tard 8 h" in _text("account")


WORDS = {
    "code": (
        "Authentification par TOTP application IMPEX",
        "Saisissez votre code TOTP",
        "Valider le code",
        "Saisissez les 6 chiffres de l'entrée IMPEXWEB",
        "le précédent reste accepté un instant",
        "Téléphone perdu ou changé",
    ),
    "code-wrong": ("Ce n'est pas le bon code.", "Encore 4 essais."),
    "code-slow": ("Votre téléphone retarde de 4 minutes", "heure sur automatique"),
    "code-locked": (
        "Réessayez dans 2 min, à 10:44 (heure de Paris). Un message vous le confirme.",
    ),
    "enrol": (
        "Procédure d'enrôlement du téléphone",
        "Google Authenticator",
        "une autre application d'authentification (TOTP)",
        "Scanner un code QR",
        "appareil photo",
        "Entrer le code du périphérique",
        "Recommencer",
        "application d'authentification sur cet ordinateur, ou un boîtier de codes programmable",
        "reprendre plus tard",
        "réglez-la sur automatique",
    ),
    "codes": (
        "Gardez ces codes de secours",
        "Une fois la case cochée, ils ne seront plus affichés.",
        "Ne les gardez ni dans votre téléphone ni dans votre messagerie.",
        "Mes codes sont en lieu sûr",
    ),
    "home": ("Aucun dossier pour l'instant.", "apparaîtront ici."),
    "forgotten_sent": ("a un compte, un message vient de partir", "60 minutes", "10 minutes"),
    "lost_phone": (
        "Vos informations et vos dossiers sont gardés.",
        "Changer de téléphone",
        "(vol, casse, perte)",
    ),
    "lost_phone_sent": ("ouvrez-le pour confirmer",),
    "disavow": (
        "Toutes les sessions ouvertes seront fermées",
        "Pour rouvrir",
        "Bloquer mon compte",
    ),
    "disavow-done": ("choisissez un nouveau mot de passe", "n'est pas le vôtre"),
    "disavowed": ("Mot de passe oublié", "Ce téléphone n'est pas le vôtre"),
    "help": ("Je ne peux pas me connecter", "que je n'ai pas faite", "Bloquer mon compte"),
    "help_phone": ("RFC 6238", "Android", "iPhone", "code de secours", "automatique", "boîtier"),
}


@pytest.mark.parametrize("name", WORDS)
def test_g_20_g_22_g_25_the_texts_are_on_the_page(name: str) -> None:
    """G-15, G-20, G-22, G-24, G-25, G-40, G-44, B-13."""
    text = _text(name)
    for words in WORDS[name]:
        assert words in text


def test_ot_17_the_key_is_there_without_the_picture() -> None:
    """Drawn in the page, named, with the same key in groups of four, spelt out, and as a link."""
    page = in_state("enrol")
    for device in (".impex-coarse", ".impex-fine"):
        picture = one(page, f"{device} [role=img]")
        assert picture.select_one("svg")
        assert "Pas d'image" in str(picture["aria-label"])
        assert one(page, f"{device} a[href^='otpauth:']")["href"] == URI
    assert one(page, "#cle").get_text().split() == [KEY[at : at + 4] for at in range(0, 32, 4)]
    spelt = one(page, "#cle").find_previous_sibling("p")
    assert spelt is not None
    assert spelt.get_text().startswith("J B S W, Y 3 D P, ")
    assert one(page, "[data-copy=cle]").find_parent(class_="impex-js")
    assert not read(page).select("main img")


def test_ot_18_the_key_is_in_no_address_but_the_phones_own() -> None:
    for element in read(in_state("enrol")).select("[href], [src], [action]"):
        for name in ("href", "src", "action"):
            value = str(element.get(name, ""))
            assert KEY not in value or value.startswith("otpauth://totp/")


@pytest.mark.parametrize("name", ["code", "enrol", "address", "account_phone"])
def test_ot_17_a_code_is_one_field_that_takes_spaces(name: str) -> None:
    field = one(in_state(name), "input[name=code]")
    assert (field["type"], field["inputmode"]) == ("text", "numeric")
    assert not {"maxlength", "pattern"} & set(field.attrs)


@pytest.mark.parametrize("name", ["enrol", "enrol-wrong", "address"])
def test_g_20_the_first_phone_is_the_fourth_step(name: str) -> None:
    assert one(in_state(name), ".fr-stepper__steps")["data-fr-current-step"] == "4"


@pytest.mark.parametrize("name", ["enrol-recovered", "enrol-alone", "enrol-replaces"])
def test_g_25_a_new_phone_is_no_step_and_the_page_shows_when_the_old_one_ends(name: str) -> None:
    assert not read(in_state(name)).select(".fr-stepper")
    assert "jusqu'au premier code exact du nouveau" in _text(name)


def test_g_25_the_current_phone_stays_until_a_new_one_is_enrolled() -> None:
    keep, drop = "L'ancienne entrée IMPEXWEB est encore valable", "Supprimez-la"
    for name in ("enrol-recovered", "enrol-replaces"):
        assert keep in _text(name)
        assert drop not in _text(name)
    assert drop in _text("enrol")
    assert keep not in _text("enrol")


def test_ot_14_after_a_recovery_code_the_enrolment_cannot_be_postponed() -> None:
    later = "reprendre plus tard"
    assert later not in _text("enrol-recovered")
    assert "le code de secours saisi sera perdu" in _text("enrol-recovered")
    for name in ("enrol", "enrol-alone", "enrol-replaces"):
        assert later in _text(name)
        assert "code de secours" not in _text(name)


def test_an_account_that_only_support_reopens_is_offered_no_new_password() -> None:
    for name in ("disavow-done-desk", "disavowed-desk"):
        page = in_state(name)
        assert not read(page).select("main [href='/mot-de-passe-oublie']")
        assert read(page).select("main a[href^='tel:']")
        shown = _text(name)
        assert "le secrétariat vérifiera" in shown
        assert "votre identité" in shown


@pytest.mark.parametrize("language", ["fr", "en"])
def test_b_13_a_portal_without_recovery_codes_does_not_speak_of_them(language: str) -> None:
    """Except for their own pages, which it never shows."""
    brand = replace(BRAND, recovery_codes=False)
    codes = ("recovery_codes.html", "recovery_codes_due.html")
    own = (*codes, "sign_in_recovery.html", "account_recovery.html")
    shown = ("de secours ?", "codes de secours", "recovery code", "en avez pas")
    for state in STATES:
        if state.template in own or state.variables.get("flash") or state.name in WITH_CODES:
            continue
        bare = replace(state, variables={**state.variables, "brand": brand})
        (main,) = document_fromstring(render(Page(bare, language))).iter("main")
        text = main.text_content()
        assert not [word for word in shown if word in text.lower()], state.name


def test_b_13_the_codes_can_be_downloaded_without_scripts() -> None:
    link = one(in_state("codes"), "a[download]")
    assert link["download"] == "impexweb-codes-de-secours.txt"
    head, _, body = str(link["href"]).partition(",")
    assert head == "data:text/plain;charset=utf-8"
    lines = unquote(body).split("\r\n")
    assert lines[0] == "Codes de secours IMPEXWEB, 23 novembre 2026"
    assert lines[-11:-1] == CODES


def test_p_21_the_file_of_the_codes_has_an_english_name() -> None:
    link = one(replace(in_state("codes"), language="en"), "a[download]")
    assert link["download"] == "impexweb-recovery-codes.txt"


def test_b_13_the_codes_are_confirmed_by_a_tick() -> None:
    field = one(in_state("codes"), "input[name=kept]")
    assert field["value"] == "1"
    assert one(in_state("codes"), "main input[name=list]")["value"] == "2026-11-23T09:42:00+00:00"
    assert "required" in field.attrs
    assert "checked" not in field.attrs
    assert "En voici de nouveaux" in _text("codes-renewed")


def test_b_11_sessions_are_listed_and_closed_one_by_one_or_all() -> None:
    page = in_state("account")
    assert one(page, "table caption").get_text(strip=True)
    rows = read(page).select("tbody tr")
    assert len(rows) == 3
    assert "Cette session" in rows[0].get_text()
    assert not rows[0].select("form")
    assert rows[1].select_one("form[action='/compte/sessions/fermer'] input[name=session]")
    button = rows[1].select_one("button")
    assert button is not None
    assert "Safari, iPhone" in button.get_text()
    one(page, "form[action='/compte/sessions/fermer-les-autres']")
    assert not read(in_state("account-one-session")).select("form[action*='fermer-les-autres']")


def test_b_13_the_number_of_codes_left_is_shown_and_warned_of() -> None:
    assert "Il vous reste 9 codes de secours." in _text("account")
    assert "Il vous reste 1 code de secours." in _text("account-few-codes", ".fr-alert--warning")
    assert "codes de secours" not in _text("account-without-codes").casefold()
    assert not read(in_state("code-without-recovery")).select("[href*='code-de-secours']")


@pytest.mark.parametrize("state", ["used", "replaced", "expired", "malformed", "gone"])
def test_g_44_an_expired_link_has_a_next_step(state: str) -> None:
    for name, again in (
        (f"reset-{state}", "/mot-de-passe-oublie"),
        (f"lost_phone_confirm-{state}", "/telephone-perdu"),
    ):
        page = in_state(name)
        assert one(page, "main a.fr-btn:not(.fr-btn--secondary)")["href"] == again
        assert not read(page).select("main form")


def test_re_04_a_mailed_link_acts_by_a_button_only() -> None:
    for name, action in (
        ("reset", "/mot-de-passe"),
        ("lost_phone_confirm", "/telephone-perdu/confirmer"),
        ("disavow", "/ce-n-est-pas-moi"),
    ):
        form = one(in_state(name), "main form")
        assert (form["action"], form["method"]) == (action, "post")
        assert form.select_one("input[name=token]")


def test_no_secret_is_shown_again() -> None:
    for page in FRENCH:
        for field in read(page).select(
            "input[name=code], input[name=current_password], input[name=recovery_code]"
        ):
            assert not field.get("value")


def test_p_07_every_page_but_lists_has_one_primary_button() -> None:
    """One primary action per page; others are secondary. On a phone, the link that adds the key
    comes a step before the code.
    """
    for state in STATES:
        page = read(Page(state))
        primary = [
            button
            for button in page.select("main .fr-btn")
            if not {"fr-btn--secondary", "fr-btn--tertiary"} & set(button["class"])
            and button.find_parent(hidden=True) is None
            and button.find_parent(class_="impex-coarse") is None
        ]
        assert len(primary) <= 1, (state.name, primary)


def test_the_sign_in_page_preserves_the_redirect_target() -> None:
    assert one(in_state("sign_in"), "main form input[name=next]")["value"] == ""
    assert "TOTP reste demandé" in _text("sign_in-password_reset")


def test_p_10_the_enrolment_begins_with_the_application_to_install() -> None:
    """With the shops' names; on a phone the link comes first and is the main button."""
    for name in ("enrol", "enrol-recovered", "enrol-replaces"):
        steps = [
            step.get_text(" ", strip=True)
            for step in read(in_state(name)).select("ol.impex-steps > li")
        ]
        assert len(steps) == 3
        assert steps[0].startswith("Installez «\u00a0Google Authenticator\u00a0»")
        for shop in ("Google Play", "App Store"):
            assert shop in steps[0]
        first, picture = read(in_state(name)).select(".impex-coarse :is(a, [role=img])")
        assert first["class"] == ["fr-btn"]
        assert picture.find_parent("details")


def test_p_11_after_the_creation_only_the_password_is_left_to_type() -> None:
    page = in_state("sign_in-created")
    assert one(page, "#address")["value"] == ADDRESS
    assert one(page, "[data-impex-begin]")["id"] == "password"
    assert "Votre compte est créé." in _text("sign_in-created")
    assert one(page, ".fr-stepper__steps")["data-fr-current-step"] == "4"
    assert not read(in_state("sign_in")).select("[data-impex-begin], .fr-stepper")
    assert "Votre compte est créé." not in _text("sign_in-created-refused")
    # A refusal names « Première connexion - Créer un compte ».
    register = 'main a[href="/inscription"]'
    assert not read(page).select(register)
    assert read(in_state("sign_in-created-refused")).select(register)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("validation", "code"),
        ("link-elsewhere", "password"),
        ("code", "code"),
        ("recovery", "recovery_code"),
        ("address", "code"),
        ("forgotten", "address"),
        ("reset", "password"),
        ("enrol", ""),
        ("register", ""),
        ("validation-refused", ""),
        ("code-wrong", ""),
        ("code-format", ""),
    ],
)
def test_p_11_a_page_of_one_field_begins_there(name: str, field: str) -> None:
    """Unless a refusal is to be read first, or the way to the field, as at the enrolment."""
    focused = [str(one["id"]) for one in read(in_state(name)).select("[data-impex-begin]")]
    assert focused == ([field] if field else [])


def test_the_stepper_goes_from_the_form_to_the_information() -> None:
    steps = {
        "register": "1",
        "validation": "2",
        "validation-bounced": "2",
        "correct_address": "2",
        "link": "2",
        "verified": "2",
        "terms": "3",
        "creation": "3",
        "sign_in-created": "4",
        "address": "4",
        "enrol": "4",
        "codes": "4",
        "information": "5",
    }
    for name, step in steps.items():
        assert one(in_state(name), ".fr-stepper__steps")["data-fr-current-step"] == step, name
    for name in ("sign_in", "code", "codes-validated", "enrol-replaces"):
        assert not read(in_state(name)).select(".fr-stepper"), name


def test_p_26_a_printed_list_and_the_file_explain_themselves() -> None:
    """What it is, whose, where and how it is used, and when it was made."""
    page = in_state("codes")
    paper = " ".join(line.get_text() for line in read(page).select(".impex-printed .impex-paper"))
    file = unquote(str(one(page, "a[download]")["href"])).partition(",")[2]
    for text in (paper, file):
        shown = text.replace("\u00a0", " ")
        for expected in (
            "Pierre Durand-Lefebvre",
            ADDRESS,
            "https://portail.exemple.fr/connexion",
            "« Utiliser un code de secours »",
            "Chaque code permet une fois d'enrôler un nouveau téléphone",
            "23 novembre 2026 à 10:42 (heure de Paris)",
        ):
            assert expected in shown, expected
    assert "Codes de secours IMPEXWEB" in file
