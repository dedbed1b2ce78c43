"""What forms refuse, what they keep, and whose they are: CSRF, fields, texts, throttles."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlencode

import pytest
from yarl import URL

from services.gateway.web.i18n import LANGUAGES
from tests.integration.gateway.browser import Answer, Browser
from tests.integration.gateway.conftest import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

URLENCODED = "application/x-www-form-urlencoded"
FORMS = ("/connexion", "/inscription", "/inscription/annuler", "/langue")


async def fresh(browser: Browser, action: str) -> dict[str, str]:
    """The fields of a form, from the page that has it."""
    page = await browser.get("/aide" if action == "/langue" else action)
    return page.form(action)


@pytest.mark.parametrize("action", FORMS)
@pytest.mark.parametrize("token", ["missing", "empty", "wrong", "tampered", "other"])
async def test_wf_05_a_form_needs_the_token_of_its_own_browser(
    portal: Portal, action: str, token: str
) -> None:
    browser, other = portal.browser(), portal.browser()
    fields = await fresh(browser, action)
    theirs = await fresh(other, action)
    given = {
        "missing": None,
        "empty": "",
        "wrong": "a" * 43,
        "tampered": fields["csrf"][:-2] + ("AA" if not fields["csrf"].endswith("AA") else "BB"),
        "other": theirs["csrf"],
    }[token]
    fields.pop("csrf")
    if given is not None:
        fields["csrf"] = given
    answer = await browser.send_form(action, fields)
    assert answer.status == 403
    assert "Formulaire expiré" in answer.h1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{base}"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, 422),
        ({"Sec-Fetch-Site": "none"}, 422),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "{base}"}, 422),
        ({}, 422),
    ],
)
async def test_wf_05_sec_fetch_site_decides_and_origin_where_it_is_absent(
    portal: Portal, browser: Browser, headers: dict[str, str], status: int
) -> None:
    fields = await fresh(browser, "/inscription")
    given = {name: text.replace("{base}", portal.base) for name, text in headers.items()}
    assert (await browser.send_form("/inscription", fields, headers=given)).status == status


async def test_se_01_an_invented_cookie_is_never_adopted(portal: Portal) -> None:
    anonymous = (await portal.browser().get("/connexion")).headers["Set-Cookie"]
    signed = anonymous.partition("=")[2].partition(";")[0]
    for value in ("a" * 43, "b" * 200, signed[:-1] + "_", "a.1.x.t1.y", "é"):
        browser = portal.browser()
        headers = {"Cookie": f"impex-presession={quote(value)}"}
        page = await browser.send("GET", "/inscription", headers=headers)
        cookie = page.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
        assert page.status == 200
        assert cookie.startswith("a.")
        assert cookie != value


async def test_se_11_a_fixed_cookie_stays_anonymous_and_is_replaced_when_bound(
    portal: Portal, browser: Browser, address: str
) -> None:
    await browser.get("/inscription")
    fixed = browser.cookies["impex-presession"]
    await portal.asked(browser, address)
    bound = browser.cookies["impex-presession"]
    assert bound != fixed
    thief = portal.browser()
    headers = {"Cookie": f"impex-presession={fixed}"}
    page = await thief.send("GET", "/inscription/validation", headers=headers)
    assert (page.status, page.location) == (303, "/inscription")
    page = await portal.browser().get("/connexion")
    again = portal.browser()
    signed_in = await again.post(
        await again.get("/connexion"), "/connexion", {"address": address, "password": PASSWORD}
    )
    assert signed_in.path == "/inscription/validation"
    assert again.cookies["impex-presession"] not in (fixed, bound)


async def test_se_02_cookies_are_small_and_bound_to_the_session(
    portal: Portal, browser: Browser, address: str
) -> None:
    page = await browser.get("/inscription")
    fields = {
        **page.form("/inscription"),
        "first_name": "Pierre",
        "last_name": "Durand",
        "address": address,
        "password": PASSWORD,
    }
    sent = await browser.send_form("/inscription", fields)
    for cookie in [*page.headers.getall("Set-Cookie"), *sent.headers.getall("Set-Cookie")]:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie
        assert len(cookie) < 4096
        assert address not in cookie
        if cookie.startswith("impex-presession"):
            assert "Max-Age" not in cookie


@pytest.mark.parametrize(
    "extra",
    [
        [("role", "agent")],
        [("address", "second@x.fr")],
        [("csrf", "again")],
        [("__proto__", "x")],
        [(f"f{number}", "") for number in range(30)],
    ],
)
async def test_bad_53_repeated_and_unknown_fields_are_refused(
    browser: Browser, extra: list[tuple[str, str]]
) -> None:
    fields = await fresh(browser, "/inscription")
    answer = await browser.send_form("/inscription", [*fields.items(), *extra])
    assert answer.status == 400
    assert "Demande incomprise" in answer.h1


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (URLENCODED, b"address=%FF%FE&password=x", 400),
        (URLENCODED, b"address=\xff", 400),
        (URLENCODED + "; charset=utf-16", b"address=x", 415),
        ("text/plain", b"address=x", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("application/json", b"{}", 415),
        ("application/xml", b"<a/>", 415),
        (URLENCODED, b"address=" + b"x" * 65_600, 413),
    ],
)
async def test_bad_54_what_is_not_one_of_our_forms(
    browser: Browser, kind: str, body: bytes, status: int
) -> None:
    answer = await browser.send("POST", "/connexion", data=body, headers={"Content-Type": kind})
    assert answer.status == status
    assert answer.soup.find("a", href=True)


async def test_bad_54_a_packed_body_is_refused(browser: Browser) -> None:
    headers = {"Content-Type": URLENCODED, "Content-Encoding": "gzip"}
    answer = await browser.send("POST", "/connexion", data=b"\x1f\x8b", headers=headers)
    assert answer.status == 415


@pytest.mark.parametrize("size", [1_025, 60_000])
async def test_bad_24_a_huge_password_is_refused_before_anybody_is_asked(
    browser: Browser, size: int
) -> None:
    fields = await fresh(browser, "/connexion")
    answer = await browser.send_form(
        "/connexion", {**fields, "address": "p@x.fr", "password": "x" * size}
    )
    assert answer.status == 400


NAMES = {"first_name": "Pierre", "last_name": "Durand"}


async def refused(browser: Browser, **values: str) -> Answer:
    """The account form sent with one thing wrong."""
    page = await browser.get("/inscription")
    filled = {**NAMES, "address": "pierre@x.example.fr", "password": PASSWORD, **values}
    answer = await browser.post(page, "/inscription", filled)
    assert answer.status == 422, answer.text
    assert answer.soup.title
    assert answer.soup.title.text.replace("\u00a0", " ").strip().startswith("Erreur :")
    return answer


BAD = [
    ("first_name", "  ", "Saisissez votre prénom."),
    ("last_name", "x" * 101, "Le nom ne doit pas dépasser 100 caractères."),
    ("last_name", "Du\r\nBcc: x@y.fr", "Le nom contient des caractères non autorisés."),
    ("last_name", "<script>alert(1)</script>", "Le nom contient des caractères non autorisés."),
    ("first_name", "Gagnez sur http://x.fr", "Le prénom ne doit pas contenir d'adresse web."),
    ("last_name", "a\u202eb", "Le nom contient des caractères non autorisés."),
    ("last_name", "a\x00b", "Le nom contient des caractères non autorisés."),
    ("address", "", "Saisissez votre adresse email."),
    ("address", "pierre", "Saisissez une adresse au format nom@exemple.fr"),
    ("address", "p@@x.fr", "un seul @ est permis"),
    ("address", "p..d@x.fr", "deux points se suivent"),
    ("address", "x" * 65 + "@x.fr", "La partie avant @ est trop longue (64 au plus)."),
    ("address", "p@" + "x." * 130 + "fr", "Adresse trop longue (254 au plus)."),
    ("address", "p@x.fr,q@x.fr", "Saisissez une seule adresse, sans nom."),
    ("address", "p@localhost", "Ce domaine ne peut pas recevoir de courriel."),
    ("address", "p@gmаil.com", "Caractères d'alphabets différents dans le domaine"),
    ("password", "", "Saisissez un mot de passe."),
    ("password", "Kvfz9rL", "Au moins 8 caractères (7 saisis)."),
    ("password", "Kvfz9rLq#2Kvfz9rLq#2x", "Au plus 20 caractères (21 saisis)."),
    ("password", "kvfzrlq9wx", "Ajoutez au moins une majuscule."),
    ("password", "MonPassWord8", "Ne doit pas contenir le mot “password”."),
    ("password", "Attestation9", "Ne doit pas contenir le mot “test”."),
    ("password", "Durand2026x", "Ne doit pas contenir une partie de votre nom."),
    ("password", "Azerty123", "Mot courant ou suite connue."),
    ("password", "Soleil2024", "Mot courant ou suite connue."),
    ("password", "Abcd1234", "Mot courant ou suite connue."),
]


@pytest.mark.parametrize(("field", "value", "text"), BAD)
async def test_bad_1_to_22_each_has_its_text_at_the_field(
    browser: Browser, field: str, value: str, text: str
) -> None:
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


async def test_bad_inputs_are_told_all_at_once_in_both_languages(portal: Portal) -> None:
    for language in LANGUAGES:
        browser = portal.browser(language)
        page = await browser.get("/inscription")
        answer = await browser.post(page, "/inscription", {})
        assert answer.status == 422
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
async def test_in_03_thirty_payloads_come_back_as_text(browser: Browser, payload: str) -> None:
    page = await browser.get("/inscription")
    before = {
        name: len(page.soup.find_all(name))
        for name in ("script", "img", "svg", "iframe", "form", "base", "meta", "style", "object")
    }
    values = {"first_name": payload, "last_name": payload, "address": payload}
    answer = await browser.post(page, "/inscription", {**values, "password": PASSWORD})
    assert answer.status == 422
    typed = answer.form("/inscription")
    expected = payload.replace("\r\n", "\n")
    assert typed["first_name"] == typed["last_name"] == typed["address"] == expected
    for name, number in before.items():
        assert len(answer.soup.find_all(name)) == number, name
    assert "49" not in answer.soup.find(id="first_name")["value"]  # type: ignore[index]


@pytest.mark.parametrize("kept", ["button", "again"])
async def test_g_05_a_likely_slip_is_pointed_out_and_never_forced(
    portal: Portal, browser: Browser, address: str, kept: str
) -> None:
    slip = address.partition("@")[0] + "@gmial.com"
    page = await portal.asked(browser, slip)
    assert (page.status, page.path) == (200, "/inscription")
    assert f"Vouliez-vous écrire {slip.replace('gmial', 'gmail')} ?" in page.text
    values = {**NAMES, "address": slip, "password": PASSWORD}
    if kept == "button":
        values["address_choice"] = "keep"
    page = await browser.post(page, "/inscription", values)
    assert page.path == "/inscription/validation"
    assert slip in page.text


async def test_g_05_the_suggestion_is_taken_by_one_button(
    portal: Portal, browser: Browser, address: str
) -> None:
    slip = address.partition("@")[0] + "@gmial.com"
    meant = slip.replace("gmial", "gmail")
    page = await portal.asked(browser, slip)
    values = {**NAMES, "address": slip, "password": PASSWORD, "address_choice": meant}
    page = await browser.post(page, "/inscription", values)
    assert page.path == "/inscription/validation"
    assert meant in page.text


@pytest.mark.parametrize("code", ["12345", "abcdef", "1234567", "１２３４５６", "", "-12345"])
async def test_bad_25_a_code_has_six_figures(
    portal: Portal, browser: Browser, address: str, code: str
) -> None:
    page = await portal.asked(browser, address)
    answer = await browser.post(page, "/inscription/validation", {"code": code})
    assert answer.status == 422
    assert "Le code comporte 6 chiffres." in answer.text


async def test_bad_26_five_wrong_codes_void_it(
    portal: Portal, browser: Browser, address: str
) -> None:
    page = await portal.asked(browser, address)
    right = (await portal.letters.to(address)).code
    wrong = "000000" if right != "000000" else "111111"
    for left in (4, 3, 2, 1):
        page = await browser.post(page, "/inscription/validation", {"code": wrong})
        assert page.status == 422
        assert f"Encore {left} essai{'s' if left > 1 else ''}." in page.text
    for code in (wrong, right):
        page = await browser.post(page, "/inscription/validation", {"code": code})
        assert page.status == 422
        assert "Code invalidé, demandez-en un nouveau." in page.text


async def test_bad_30_the_box_must_be_ticked(
    portal: Portal, browser: Browser, address: str
) -> None:
    await portal.proved(browser, address)
    page = await browser.get("/inscription/conditions")
    answer = await browser.post(page, "/inscription/conditions")
    assert answer.status == 422
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
        assert answer.status == 422
        assert "Adresse ou mot de passe incorrect." in answer.text
        answers.append(answer.text.replace(given, ""))
    assert answers[0] == answers[1]


async def test_bad_32_the_sixth_failure_waits(browser: Browser, address: str) -> None:
    page = await browser.get("/connexion")
    for _ in range(5):
        page = await browser.post(
            page, "/connexion", {"address": address, "password": "Wr0ng-pass"}
        )
        assert page.status == 422
    page = await browser.post(page, "/connexion", {"address": address, "password": "Wr0ng-pass"})
    assert page.status == 429
    assert 60 < int(page.headers["Retry-After"]) <= 90
    assert "Trop d'essais. Réessayez dans 2 min" in page.text


@pytest.mark.parametrize("due", ["validation", "terms", "created"])
async def test_au_13_steps_are_taken_in_their_order(
    portal: Portal, browser: Browser, address: str, due: str
) -> None:
    home = {
        "validation": "/inscription/validation",
        "terms": "/inscription/conditions",
        "created": "/inscription/creation",
    }
    if due == "validation":
        await portal.asked(browser, address)
    else:
        await portal.proved(browser, address)
    if due == "created":
        page = await browser.get("/inscription/conditions")
        await browser.post(page, "/inscription/conditions", {"accept": "1"})
    for path in (
        "/inscription/validation",
        "/inscription/adresse",
        "/inscription/adresse-validee",
        "/inscription/conditions",
        "/inscription/creation",
    ):
        page = await browser.get(path)
        itself = due == "terms" and path == "/inscription/adresse-validee"
        itself = itself or (due == "validation" and path == "/inscription/adresse")
        assert page.path == (path if itself else home[due])
    stranger = await portal.browser().get("/inscription/conditions")
    assert stranger.path == "/inscription"


async def test_questions_while_typing_are_answered_with_data(
    portal: Portal, browser: Browser
) -> None:
    page = await browser.get("/inscription")
    headers = {"X-Impex-Csrf": page.form("/inscription")["csrf"]}
    word = await browser.send(
        "POST", "/inscription/mot-courant", json={"password": "xxSoleil99"}, headers=headers
    )
    assert word.status == 200
    assert b'"word": "soleil"' in word.body.lower()
    near = await browser.send(
        "POST", "/inscription/adresse-proche", json={"address": "p@gmial.com"}, headers=headers
    )
    assert near.body == b'{"suggestion": "p@gmail.com"}'
    for path, body, given, status in (
        ("mot-courant", {"password": "x"}, {}, 403),
        ("mot-courant", {"password": "x", "y": 1}, headers, 400),
        ("mot-courant", {"password": 1}, headers, 400),
        ("adresse-proche", ["x"], headers, 400),
    ):
        answer = await browser.send("POST", f"/inscription/{path}", json=body, headers=given)
        assert answer.status == status


async def test_questions_are_counted_by_network(
    another: Callable[..., Awaitable[Portal]],
) -> None:
    portal = await another(IMPEX_LOOKUPS_PER_MINUTE="3")
    browser = portal.browser()
    page = await browser.get("/inscription")
    statuses = []
    for number in range(100):
        headers = {
            "X-Impex-Csrf": page.form("/inscription")["csrf"],
            # AU-12: a stranger's header does not make another client.
            "X-Forwarded-For": f"192.0.{number}.1",
        }
        answer = await browser.send(
            "POST", "/inscription/mot-courant", json={"password": "x"}, headers=headers
        )
        statuses.append(answer.status)
    assert statuses == [200] * 3 + [429] * 97
    assert 0 < int(answer.headers["Retry-After"]) <= 60


async def test_au_12_a_trusted_proxy_names_the_client(
    another: Callable[..., Awaitable[Portal]],
) -> None:
    portal = await another(
        IMPEX_LOOKUPS_PER_MINUTE="1", IMPEX_TRUSTED_PROXIES="127.0.0.0/8,10.0.0.0/8"
    )
    browser = portal.browser()
    page = await browser.get("/inscription")
    token = page.form("/inscription")["csrf"]
    for forwarded, status in (
        ("198.51.100.7", 200),
        ("198.51.100.9, 10.1.2.3", 429),
        ("198.51.100.7, 203.0.113.5", 200),
        ("203.0.113.5, 203.0.113.6", 429),
        ("2001:db8::1", 200),
        ("2001:db8::ffff", 429),
    ):
        answer = await browser.send(
            "POST",
            "/inscription/mot-courant",
            json={"password": "x"},
            headers={"X-Impex-Csrf": token, "X-Forwarded-For": forwarded},
        )
        assert answer.status == status, forwarded


async def test_lg_04_what_is_typed_never_makes_a_line(
    portal: Portal, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    payload = '\n{"event":"x","action":"forged"}'
    page = await browser.get("/inscription")
    await browser.post(
        page, "/inscription", {"first_name": payload, "last_name": payload, "address": payload}
    )
    await browser.send("GET", "/" + quote(payload) + "?" + urlencode({"q": payload}))
    lines = capfd.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith('{"time"') for line in lines)
    assert not any('"action": "forged"' in line for line in lines)


async def test_lg_02_logs_hold_no_secret_and_name_what_happened(
    portal: Portal, browser: Browser, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    page = await portal.asked(browser, address)
    letter = await portal.letters.to(address)
    await browser.get(f"/inscription/lien?jeton={letter.token}")
    await browser.post(page, "/inscription/validation", {"code": letter.code})
    await browser.get("/inscription/creation")
    fields = {**page.form("/inscription/validation"), "csrf": "x"}
    await browser.send_form("/inscription/validation", fields)
    log = capfd.readouterr().err
    for secret in (
        PASSWORD,
        letter.token,
        f'"{letter.code}"',
        address,
        browser.cookies["impex-presession"],
        page.form("/inscription/validation")["csrf"],
    ):
        assert secret not in log
    for action in ("http_request", "session_created", "sequence_fail", "malicious_csrf"):
        assert f'"action": "{action}"' in log


async def test_lg_01_each_scenario_leaves_its_event(
    portal: Portal, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def wrong_password() -> None:
        browser = portal.browser()
        page = await browser.get("/connexion")
        for _ in range(6):
            given = {"address": address, "password": "Wr0ng-pass"}
            page = await browser.post(page, "/connexion", given)

    async def no_token() -> None:
        await portal.browser().send_form("/connexion", {})

    async def extra_field() -> None:
        await portal.browser().send_form("/connexion", {"role": "agent"})

    async def jump() -> None:
        await portal.browser().get("/inscription/conditions")

    async def invented_cookie() -> None:
        await portal.browser().send("GET", "/", headers={"Cookie": "impex-presession=x"})

    async def former_cookie() -> None:
        cookie = f"impex-presession={'x' * 43}"
        await portal.browser().send("GET", "/", headers={"Cookie": cookie})

    async def asked() -> None:
        await portal.asked(portal.browser(), address)

    async def not_http() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(portal.base).port)
        writer.write(b"x\r\n\r\n")
        await reader.read()
        writer.close()

    for scenario, actions in (
        (wrong_password, {"authn_login_fail", "authn_login_lock", "excess_rate_limit_exceeded"}),
        (no_token, {"malicious_csrf"}),
        (extra_field, {"input_validation_fail"}),
        (jump, {"sequence_fail"}),
        (invented_cookie, {"session_unknown"}),
        (former_cookie, {"session_use_after_expire"}),
        (asked, {"session_created"}),
        (not_http, {"input_validation_fail"}),
    ):
        capfd.readouterr()
        await scenario()
        found = {json.loads(line).get("action") for line in capfd.readouterr().err.splitlines()}
        assert actions <= found, scenario.__name__
