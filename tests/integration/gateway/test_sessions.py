"""Sessions: access to routes, lifetimes, ends (AU-06, AU-14, AU-15, SE-01 to SE-12)."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from yarl import URL

from services.gateway.app import PAGES
from services.gateway.http.routes import Page, Routes
from services.gateway.http.security_headers import REPORTS
from services.gateway.sessions.guards import require_password_step, require_signed_in
from tests.support.actors.account_holder import AccountHolder
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

HALF = ("/connexion/code", "/connexion/code-de-secours", "/connexion/nouveau-telephone")
ENROLLING = ("/connexion/telephone", "/connexion/adresse")
FULL = (
    "/accueil",
    "/accueil/dossiers.csv",
    "/informations",
    "/informations/validation",
    "/informations/validation/code",
    "/compte",
    "/compte/sessions/code",
    "/connexion/conditions",
    "/compte/blocage",
    "/compte/activite",
    "/compte/consultations",
    "/compte/mot-de-passe",
    "/compte/telephone",
    "/compte/telephone/nouveau",
    "/compte/codes-de-secours",
    "/connexion/codes-de-secours",
    "/compte/adresse",
    "/compte/adresse/validation",
    "/compte/mes-donnees",
    "/compte/mes-donnees.html",
    "/compte/mes-donnees.json",
    "/compte/correction",
    "/compte/depart",
    "/compte/adresse-de-secours",
    "/compte/adresse-de-secours/validation",
    "/compte/adresse-de-secours/retrait",
    "/compte/demandes",
    "/compte/demandes/demande",
    "/compte/demandes/demande/annulation",
    "/compte/demandes/demande/appel",
)
POSTS = {
    "password": (
        "/connexion/code",
        "/connexion/code-de-secours",
        "/connexion/nouveau-telephone",
        "/connexion/telephone",
        "/connexion/telephone/recommencer",
        "/connexion/adresse",
        "/connexion/adresse/renvoi",
    ),
    "full": (
        "/connexion/codes-de-secours",
        "/informations",
        "/informations/validation",
        "/informations/validation/code",
        "/compte/mot-de-passe",
        "/compte/telephone",
        "/compte/telephone/nouveau",
        "/compte/telephone/recommencer",
        "/compte/codes-de-secours",
        "/compte/codes-de-secours/gardes",
        "/compte/sessions/fermer",
        "/compte/sessions/fermer-les-autres",
        "/compte/sessions/code",
        "/compte/blocage",
        "/connexion/conditions",
        "/compte/adresse",
        "/compte/adresse/validation",
        "/compte/adresse/validation/renvoi",
        "/compte/adresse/abandon",
        "/compte/mes-donnees",
        "/compte/correction",
        "/compte/depart",
        "/compte/adresse-de-secours",
        "/compte/adresse-de-secours/validation",
        "/compte/adresse-de-secours/retrait",
        "/compte/demandes/demande",
        "/compte/demandes/demande/annulation",
        "/compte/demandes/demande/arret",
    ),
}
COOKIE = "impex-session"


async def _redirect(browser: HttpBrowser, path: str) -> str:
    answer = await browser.send("GET", path)
    assert answer.status == 303, (path, answer.status)
    return answer.location


async def test_au_06_az_01_az_02_every_route_by_level_of_session(
    portal: Portal, address: str
) -> None:
    """The matrix: nothing, the password only, both factors; by GET and by POST."""
    full, half = (
        [page for page in PAGES if isinstance(page, Page) and page.guard is guard]
        for guard in (require_signed_in, require_password_step)
    )
    assert {page.path for page in full if page.is_shown} == set(FULL)
    assert {page.path for page in half if page.is_shown} == {*HALF, *ENROLLING}
    assert {page.path for page in full if page.submit} == set(POSTS["full"])
    assert {page.path for page in half if page.submit} == set(POSTS["password"])
    person = AccountHolder(portal, address)
    await person.settle()
    nobody, half = portal.browser(), portal.browser()
    for path in (*HALF, *ENROLLING, *FULL):
        assert (await _redirect(nobody, path)).split("?")[0] == "/connexion"
    await person.give_password(browser=half)
    for path in HALF:
        assert (await half.get(path)).status == 200
    for path in (*ENROLLING, *FULL, "/connexion"):
        assert await _redirect(half, path) == "/connexion/code", path
    for path in (*HALF, *ENROLLING, "/connexion", "/"):
        assert await _redirect(person.browser, path) == "/accueil", path
    for path in ("/accueil", "/informations", *FULL[4:7]):
        assert (await person.browser.get(path)).status == 200
    assert await _redirect(person.browser, "/informations/validation") == "/informations"
    assert await _redirect(person.browser, "/compte/telephone/nouveau") == "/compte/telephone"

    for path in (*POSTS["password"], *POSTS["full"]):
        bare = await nobody.send_form(path, {})
        assert bare.status == 303, path
        assert bare.location.startswith("/connexion"), path
    for path in POSTS["full"]:
        assert (await half.send_form(path, {})).location == "/connexion/code", path
    for path in POSTS["password"]:
        assert (await person.browser.send_form(path, {})).location == "/accueil", path
    # Every allowed caller needs the form's token; no request names the account.
    for path in POSTS["full"]:
        assert (await person.browser.send_form(path, {})).status == 403, path
        named = {"account_id": "00000000-0000-0000-0000-000000000000"}
        assert (await person.browser.send_form(path, named)).status == 400, path


async def test_se_02_the_cookies_of_a_session(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await browser.get("/connexion")
    given = {"address": person.address, "password": person.password}
    answer = await browser.post(page, "/connexion", given, follow=False)
    assert answer.status == 303
    cookies = [SimpleCookie(text) for text in answer.headers.getall("Set-Cookie")]
    (session,) = (one[COOKIE] for one in cookies if COOKIE in one)
    assert session["httponly"]
    assert session["samesite"] == "Strict"
    assert session["path"] == "/"
    assert not session["domain"]
    assert not session["max-age"]
    assert not session["expires"]
    (before,) = (one["impex-presession"] for one in cookies if "impex-presession" in one)
    assert before["max-age"] == "0", "the pre-session is destroyed, not promoted (SE-11)"


async def test_au_14_each_step_has_a_token_of_its_own_and_former_ones_are_invalid(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await person.give_password(browser=browser)
    half = browser.cookies[COOKIE]
    await person.give_code(page, browser=browser)
    full = browser.cookies[COOKIE]
    assert half != full
    thief = portal.browser()
    for path in ("/accueil", "/connexion/code"):
        answer = await thief.send("GET", path, headers={"Cookie": f"{COOKIE}={half}"})
        assert answer.location == "/connexion"
    assert (await browser.get("/accueil")).path == "/accueil"


async def test_s_10_b_08_a_form_whose_answer_was_lost_leads_to_the_same_page(
    portal: Portal, address: str
) -> None:
    """A second click after the first, or a gateway killed once it had opened the session."""
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    browser, stale = portal.browser(), portal.browser()
    page = await person.give_password(browser=browser)
    half, mark = browser.cookies[COOKIE], {"Sec-Fetch-Site": "same-origin"}
    portal.clock.advance(seconds=30)
    fields = {**page.form(page.path), "code": person.phone.code()}
    assert (await browser.send_form(page.path, fields)).location == "/accueil"
    full = browser.cookies[COOKIE]
    same = {COOKIE: half, "impex-form": browser.cookies["impex-form"]}
    stale.session.cookie_jar.update_cookies(same, URL(portal.base))
    again = await stale.send_form(page.path, fields, headers=mark)
    assert again.location == "/accueil"
    assert stale.cookies[COOKIE] == full
    # Only the same press leads to the session: no other field, key or token, and no other browser.
    given = {**mark, "Cookie": f"{COOKIE}={half}; impex-form={same['impex-form']}"}
    other_token = (await browser.get("/compte")).form("/deconnexion")["csrf"]
    for other in (
        {**fields, "key": secrets.token_urlsafe(32)},
        {**fields, "code": "123456"},
        {**fields, "csrf": ""},
        {**fields, "csrf": other_token},
        {name: value for name, value in fields.items() if name != "csrf"},
        {"code": "123456"},
    ):
        thief = portal.browser()
        refused = await thief.send_form(page.path, other, headers=given)
        assert refused.location == "/connexion"
        assert COOKIE not in thief.cookies
    elsewhere = {**mark, "Cookie": f"{COOKIE}={half}"}
    assert (await portal.browser().send_form(page.path, fields, headers=elsewhere)).status == 303
    portal.clock.advance(seconds=61)
    late = portal.browser()
    assert (await late.send_form(page.path, fields, headers=given)).location == "/connexion"
    assert COOKIE not in late.cookies, "only for a minute"
    home = await browser.get("/accueil")
    await browser.post(home, "/deconnexion")
    late = await portal.browser().send_form(page.path, fields, headers=given)
    assert late.location == "/connexion"


async def test_se_01_an_invented_session_is_anonymous(portal: Portal) -> None:
    for cookie in (secrets.token_urlsafe(32), secrets.token_hex(32), "x", "a" * 4000, "'; --"):
        browser = portal.browser()
        answer = await browser.send("GET", "/accueil", headers={"Cookie": f"{COOKIE}={cookie}"})
        assert (answer.status, answer.location) == (303, "/connexion")
        assert f'{COOKIE}="";' in " ".join(answer.headers.getall("Set-Cookie"))


async def test_se_03_thirty_idle_minutes_and_eight_hours(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    page = await person.browser.get("/compte")
    portal.clock.advance(minutes=29, seconds=40)
    page = await person.browser.get("/compte")
    assert page.path == "/compte"
    portal.clock.advance(minutes=30, seconds=1)
    expired = await person.browser.get("/compte")
    assert expired.path == "/connexion"
    assert "Session fermée par sécurité" in expired.text
    # Signing in redirects to the page.
    given = {"address": person.address, "password": person.password}
    code = await person.browser.post(expired, "/connexion", given)
    assert (await person.give_code(code)).path == "/compte"
    for _ in range(24):
        portal.clock.advance(minutes=20)
        last = await person.browser.get("/accueil")
    assert last.path == "/connexion", "eight hours are over whatever one does"


async def test_se_04_asking_how_long_is_no_activity_and_prolonging_is(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = person.browser
    page = await browser.get("/accueil")
    csrf = page.form("/deconnexion")["csrf"]
    portal.clock.advance(minutes=28)
    answer = await browser.send("GET", "/session/etat")
    assert answer.html
    left = _json(answer)["left"]
    assert 90 < left <= 120
    portal.clock.advance(minutes=1)
    assert _json(await browser.send("GET", "/session/etat"))["left"] < left
    headers = {
        "Content-Type": "application/json",
        "X-Impex-Csrf": csrf,
        "Sec-Fetch-Site": "same-origin",
    }
    for _ in range(10):
        answer = await browser.send(
            "POST", "/session/prolonger", data=b'{"go": "1"}', headers=headers
        )
        state = _json(answer)
        assert state["extend"] is True
        assert 1795 <= state["left"] <= 1800
        portal.clock.advance(minutes=29)
    portal.clock.advance(minutes=2)
    assert _json(await browser.send("GET", "/session/etat")) == {"left": 0, "extend": False}


async def test_se_05_signing_out(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    token = person.browser.cookies[COOKIE]
    page = await person.browser.get("/compte")
    assert page.headers["Cache-Control"] == "no-store"
    out = await person.browser.post(page, "/deconnexion", follow=False)
    assert (out.status, out.location) == (303, "/connexion")
    assert out.headers["Clear-Site-Data"] == '"cache"'
    former = await portal.browser().send("GET", "/compte", headers={"Cookie": f"{COOKIE}={token}"})
    assert former.status == 303
    closed = await portal.sent_mails.event("SessionClosed", await person.account_id())
    assert closed.data["reason"] == "signed_out"
    # A second press of the button, on a page that was still open, is no error.
    again = await person.browser.post(page, "/deconnexion")
    assert (again.status, again.path) == (200, "/connexion")


async def test_se_11_a_fixed_presession_stays_anonymous(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    await browser.get("/connexion")
    fixed = browser.cookies["impex-form"]
    await person.sign_in(browser)
    thief = portal.browser()
    cookies = f"impex-form={fixed}; impex-presession={fixed}; impex-session={fixed}"
    answer = await thief.send("GET", "/accueil", headers={"Cookie": cookies})
    assert answer.location == "/connexion"


async def test_any_number_of_gateways_share_the_sessions(
    portal: Portal, another: Callable[..., Awaitable[Portal]], address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    second = await another()
    token = person.browser.cookies[COOKIE]
    there = await second.browser().send("GET", "/accueil", headers={"Cookie": f"{COOKIE}={token}"})
    assert there.status == 200
    page = await person.browser.get("/accueil")
    await person.browser.post(page, "/deconnexion")
    there = await second.browser().send("GET", "/accueil", headers={"Cookie": f"{COOKIE}={token}"})
    assert there.status == 303


async def test_public_pages_name_the_signed_in_user(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    for path in ("/aide", "/aide/nouveau-telephone", "/plan", "/n-existe-pas"):
        page = await person.browser.get(path)
        assert "Se déconnecter" in page.text, path
    portal.clock.advance(**{"seconds": timedelta(minutes=31).total_seconds()})
    page = await person.browser.get("/aide")
    assert (page.status, "Se déconnecter" in page.text) == (200, False)


def _json(answer: HttpResponse) -> dict[str, int]:
    return dict(json.loads(answer.body))


SCRIPTS = [one.path for one in PAGES if Routes(PAGES).is_for_scripts(one.path)]


@pytest.mark.parametrize("path", [*SCRIPTS, REPORTS])
async def test_se_01_what_a_script_asks_with_former_cookies_clears_none(
    portal: Portal, path: str
) -> None:
    """Sent before another tab got new ones, and answered after: those would be gone."""
    former = "; ".join(f"impex-{name}={'x' * 43}" for name in ("presession", "session"))
    browser = portal.browser()
    for method in ("GET", "POST"):
        asked = await browser.send(method, path, headers={"Cookie": former})
        assert "Set-Cookie" not in asked.headers
    opened = await browser.send("GET", "/", headers={"Cookie": former})
    assert len(opened.headers.getall("Set-Cookie")) >= 2
