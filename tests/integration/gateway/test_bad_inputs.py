"""Invalid input: each error is shown at its field, and no input is lost."""

import pytest

from shared.domain.typed_text import clean_edges
from shared.i18n.catalogue import LANGUAGES
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

NAMES = {"first_name": "Pierre", "last_name": "Durand"}


async def refused(browser: HttpBrowser, **values: str) -> HttpResponse:
    """The account form sent with one invalid value."""
    page = await browser.get("/inscription")
    filled = {**NAMES, "address": "pierre@x.example.fr", "password": PASSWORD, **values}
    answer = await browser.post(page, "/inscription", filled)
    assert answer.refused, answer.text
    assert answer.soup.title
    assert answer.soup.title.text.replace("\u00a0", " ").strip().startswith("Erreur :")
    return answer


BAD = [
    ("first_name", "  ", "Saisissez votre prénom."),
    ("last_name", "x" * 101, "Le nom ne doit pas dépasser 100 caractères."),
    ("last_name", "Du\r\nBcc: x@y.fr", "Le nom contient un signe non accepté"),
    ("last_name", "<script>alert(1)</script>", "Le nom contient un signe non accepté"),
    ("first_name", "Gagnez sur http://x.fr", "Le prénom contient « http:// », qui se lit comme"),
    ("last_name", "a\u202eb", "Le nom contient un signe non accepté"),
    ("last_name", "a\x00b", "Le nom contient un signe non accepté"),
    ("address", "", "Saisissez votre adresse email."),
    ("address", "pierre", "Saisissez une adresse au format nom@exemple.fr"),
    ("address", "p@@x.fr", "un seul @ est permis"),
    ("address", "p..d@x.fr", "deux points se suivent"),
    ("address", "x" * 65 + "@x.fr", "La partie avant @ est trop longue : 64 caractères au plus."),
    ("address", "p@" + "x." * 130 + "fr", "L'adresse est trop longue : 254 caractères au plus."),
    (
        "address",
        "p@x.fr,q@x.fr",
        "Saisissez une seule adresse.",
    ),
    (
        "address",
        "p@localhost",
        "Le domaine, après @, ne reçoit pas de messages : vérifiez l'adresse.",
    ),
    ("address", "p@gmаil.com", "Le domaine mélange des lettres d'alphabets différents"),
    ("password", "", "Saisissez un mot de passe."),
    ("password", "Kvfz9rL", "Saisissez au moins 8 caractères (il y en a 7)."),
    ("password", "Kvfz9rLq#2Kvfz9rLq#2x", "Saisissez au plus 20 caractères (il y en a 21)."),
    ("password", "kvfzrlq9wx", "Ajoutez au moins une majuscule."),
    ("password", "MonPassWord8", "Retirez le mot « password »."),
    ("password", "Attestation9", "Retirez le mot « test »."),
    ("password", "Durand2026x", "Ce mot de passe contient « Durand », une partie de votre nom."),
    ("password", "Azerty123", "Ce mot de passe contient"),
    ("password", "Soleil2024", "Ce mot de passe contient"),
    ("password", "Abcd1234", "Ce mot de passe contient"),
]


@pytest.mark.parametrize(("field", "value", "text"), BAD)
async def test_each_invalid_input_has_its_error_at_the_field(
    browser: HttpBrowser, field: str, value: str, text: str
) -> None:
    """IN-09 too: a line end or a NUL in a name is refused by the form."""
    answer = await refused(browser, **{field: value})
    box = answer.soup.find(id=f"{field}-messages")
    assert box is not None
    assert text in " ".join(box.get_text(" ").replace("\u00a0", " ").split())
    typed = answer.form("/inscription")
    if field == "password":
        assert typed["password"] == ""
        assert not value or f'value="{value}"' not in answer.html
        assert typed["address"] == "pierre@x.example.fr"
    assert typed["first_name"] == ("  " if value == "  " else NAMES.get("first_name")) or (
        field == "first_name"
    )


async def test_all_errors_are_shown_at_once_in_both_languages(portal: Portal) -> None:
    for language in LANGUAGES:
        browser = portal.browser(language)
        page = await browser.get("/inscription")
        answer = await browser.post(page, "/inscription", {})
        assert answer.refused
        for field in ("first_name", "last_name", "address", "password"):
            box = answer.soup.find(id=f"{field}-messages")
            assert box is not None
            assert box.get_text().strip()


XSS = [
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>",
    "<body onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<math><mi xlink:href=javascript:alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button>",
    "<base href=//evil.example>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil>",
    "<style>@import'//evil'</style>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "{{7*7}}",
    "{% print(7*7) %}",
    "${7*7}",
    "%s%s%n{0}{__class__}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u2028<script>alert(1)</script>",
    "<ScRiPt\n>alert(1)</sCrIpT>",
]


@pytest.mark.parametrize("payload", XSS)
async def test_in_03_thirty_payloads_are_shown_as_text(browser: HttpBrowser, payload: str) -> None:
    page = await browser.get("/inscription")
    before = {
        name: len(page.soup.find_all(name))
        for name in ("script", "img", "svg", "iframe", "form", "base", "meta", "style", "object")
    }
    values = {"first_name": payload, "last_name": payload, "address": payload}
    answer = await browser.post(page, "/inscription", {**values, "password": PASSWORD})
    assert answer.refused
    typed = answer.form("/inscription")
    expected = clean_edges(payload.replace("\r\n", "\n"))
    assert typed["first_name"] == typed["last_name"] == typed["address"] == expected
    for name, number in before.items():
        assert len(answer.soup.find_all(name)) == number, name
    assert "49" not in answer.soup.find(id="first_name")["value"]  # type: ignore[index]


@pytest.mark.parametrize("password", ["", PASSWORD])
@pytest.mark.parametrize("confirmed_by", ["button", "again"])
async def test_g_05_t_05_a_likely_typo_gets_an_optional_suggestion(
    portal: Portal, browser: HttpBrowser, address: str, confirmed_by: str, password: str
) -> None:
    """Nothing is typed again; a password typed again counts."""
    typo = address.partition("@")[0] + "@gmial.com"
    page = await portal.asked(browser, typo)
    assert (page.status, page.path) == (200, "/inscription")
    assert f"Vouliez-vous écrire {typo.replace('gmial', 'gmail')} ?" in page.text
    assert "Le mot de passe saisi est gardé" in page.text
    values = {**NAMES, "address": typo, "password": password}
    if confirmed_by == "button":
        values["address_choice"] = "keep"
    page = await browser.post(page, "/inscription", values)
    assert page.path == "/inscription/validation"
    assert typo in page.text


@pytest.mark.parametrize("choice", ["keep", "corrected"])
async def test_t_05_a_corrected_address_is_doubted_without_a_second_password(
    portal: Portal, browser: HttpBrowser, address: str, choice: str
) -> None:
    await portal.asked(browser, address)
    typo = f"new-{address.partition('@')[0]}@gmial.com"
    meant = typo.replace("gmial", "gmail")
    form, path = await browser.get("/inscription/adresse"), "/inscription/adresse"
    page = await browser.post(form, path, {"address": typo, "password": PASSWORD})
    assert f"Vouliez-vous écrire {meant} ?" in page.text
    values = {"address": typo, "password": "", "address_choice": choice.replace("corrected", meant)}
    page = await browser.post(page, path, values)
    assert page.path == "/inscription/validation"
    assert (meant if choice == "corrected" else typo) in page.text


async def test_t_05_an_edited_form_needs_its_password(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """The stored password belongs to the names and the two addresses that it was checked for."""
    typo = address.partition("@")[0] + "@gmial.com"
    page = await portal.asked(browser, typo)
    values = {**NAMES, "last_name": "Dupont", "address": typo, "password": ""}
    page = await browser.post(page, "/inscription", values | {"address_choice": "keep"})
    assert page.refused
    assert "Saisissez un mot de passe." in page.text
    assert "Le mot de passe saisi est gardé" not in page.text
    values["password"] = PASSWORD
    page = await browser.post(page, "/inscription", values | {"address_choice": "keep"})
    assert page.path == "/inscription/validation"


async def test_g_05_t_05_one_button_accepts_the_suggestion(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    typo = address.partition("@")[0] + "@gmial.com"
    meant = typo.replace("gmial", "gmail")
    page = await portal.asked(browser, typo)
    values = {**NAMES, "address": typo, "password": "", "address_choice": meant}
    page = await browser.post(page, "/inscription", values)
    assert page.path == "/inscription/validation"
    assert meant in page.text


@pytest.mark.parametrize("code", ["12345", "abcdef", "1234567", "１２３４５", "", "-12345"])
async def test_a_code_must_have_six_digits(
    portal: Portal, browser: HttpBrowser, address: str, code: str
) -> None:
    page = await portal.asked(browser, address)
    answer = await browser.post(page, "/inscription/validation", {"code": code})
    assert answer.refused
    assert "Saisissez les 6 chiffres du code." in answer.text


async def test_five_wrong_codes_void_it(portal: Portal, browser: HttpBrowser, address: str) -> None:
    page = await portal.asked(browser, address)
    right = (await portal.sent_mails.to(address)).code
    wrong = "000000" if right != "000000" else "111111"
    for left in (4, 3, 2, 1):
        page = await browser.post(page, "/inscription/validation", {"code": wrong})
        field = page.soup.find(id="code")
        assert field["aria-invalid"] == "true"  # AX-04: as text, at the field too
        assert f"Encore {left}" in page.soup.find(id=field["aria-describedby"].split()[-1]).text
        assert page.refused
        assert f"Encore {left} essai{'s' if left > 1 else ''}." in page.text
    for code in (wrong, right):
        void = await browser.post(page, "/inscription/validation", {"code": code})
        assert void.refused
        assert "Trop d'essais" in void.text


async def test_the_box_must_be_ticked(portal: Portal, browser: HttpBrowser, address: str) -> None:
    await portal.proved(browser, address)
    page = await browser.get("/inscription/conditions")
    answer = await browser.post(page, "/inscription/conditions")
    assert answer.refused
    assert "Cochez la case pour continuer." in answer.text


async def test_au_08_unknown_and_known_addresses_are_answered_alike(
    portal: Portal, address: str
) -> None:
    await portal.asked(portal.browser(), address)
    answers = []
    for given in (address, f"unknown-{address}"):
        browser = portal.browser()
        page = await browser.get("/connexion")
        answer = await browser.post(
            page, "/connexion", {"address": given, "password": "Wr0ng-pass"}
        )
        assert answer.refused
        assert "Adresse ou mot de passe incorrect." in answer.text
        answers.append(answer.text.replace(given, ""))
    assert answers[0] == answers[1]


async def test_the_sixth_failure_waits(browser: HttpBrowser, address: str) -> None:
    page = await browser.get("/connexion")
    for _ in range(5):
        page = await browser.post(
            page, "/connexion", {"address": address, "password": "Wr0ng-pass"}
        )
        assert page.refused
    page = await browser.post(page, "/connexion", {"address": address, "password": "Wr0ng-pass"})
    assert page.status == 429
    assert 60 < int(page.headers["Retry-After"]) <= 90
    assert "Trop d'essais. Réessayez dans 2 min" in page.text
