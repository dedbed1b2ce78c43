"""Listed and closed sessions, redirects after a sign-in, known browsers."""

import asyncio
import secrets
import uuid
from http.cookies import SimpleCookie

import pytest
from aiohttp import web
from yarl import URL

from services.gateway.app import PAGES
from services.gateway.front_end import setup_routes
from services.gateway.http.routes import Routes
from tests.integration.gateway.test_rights import PROOF, request_change, settled
from tests.support.actors.account_holder import AccountHolder, new_address
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_se_07_b_11_the_account_page_lists_and_closes_sessions(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    other, third = portal.browser(), portal.browser()
    await person.sign_in(other)
    await person.sign_in(third)
    page = await person.browser.get("/compte")
    assert "Cette session" in page.text
    assert "127.0.0.0/24" in page.text
    ids = page.soup.select("form[action='/compte/sessions/fermer'] input[name=session]")
    assert len(ids) == 2
    for wrong in (str(uuid.uuid4()), "x", ""):
        fields = page.form("/compte/sessions/fermer") | {"session": wrong}
        assert (await person.browser.send_form("/compte/sessions/fermer", fields)).status == 404
    fields = page.form("/compte/sessions/fermer-les-autres")
    one = page.form("/compte/sessions/fermer")
    closed = await person.browser.send_form("/compte/sessions/fermer", one)
    assert closed.location == "/compte#sessions"
    page = await person.browser.get("/compte")
    # P-14: beside the list, and which one: not « votre session est fermée ».
    beside = page.soup.select_one("#sessions ~ [role=status]")
    assert beside is not None
    assert "La session choisie est fermée." in beside.get_text()
    assert page.text.count("La session choisie est fermée.") == 1
    open_still = [await browser.get("/accueil") for browser in (other, third)]
    assert sorted(each.path for each in open_still) == ["/accueil", "/connexion"]
    after = await person.browser.send_form("/compte/sessions/fermer-les-autres", fields)
    assert after.location == "/compte#sessions"
    for browser in (other, third):
        assert (await browser.get("/accueil")).path == "/connexion"
    assert (await person.browser.get("/accueil")).path == "/accueil"


@pytest.mark.parametrize("which", ["fermer", "fermer-les-autres"])
async def test_v_04_se_07_closing_sessions_needs_a_code_where_the_last_one_is_old(
    portal: Portal, address: str, which: str
) -> None:
    """Nothing is closed without it; a wrong code is refused; the right one closes at once, and
    counts for the next minutes."""
    person = AccountHolder(portal, address)
    await person.settle()
    other, path, asks = portal.browser(), f"/compte/sessions/{which}", "/compte/sessions/code"
    await person.sign_in(other)
    portal.clock.advance(minutes=16)
    page = await person.browser.post(await person.browser.get("/compte"), path)
    assert page.path == asks, page.text
    assert (await other.get("/accueil")).path == "/accueil"
    wrong = await person.browser.post(page, asks, {"code": "000000"})
    assert "Ce n'est pas le bon code." in wrong.text
    assert (await other.get("/accueil")).path == "/accueil"
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    page = await person.browser.post(wrong, asks, {"code": person.phone.code()})
    assert page.path == "/compte", page.text
    assert (await other.get("/accueil")).path == "/connexion"
    portal.clock.advance(minutes=1)
    await person.sign_in(other)
    portal.clock.advance(minutes=12)
    page = await person.browser.post(await person.browser.get("/compte"), path)
    assert page.path == "/compte"
    assert (await other.get("/accueil")).path == "/connexion"


async def test_v_04_the_page_of_the_code_knows_no_other_session(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    for wrong in ("x", "%00", "1" * 36):
        page = await person.browser.get(f"/compte/sessions/code?session={wrong}")
        assert page.status == 404
    page = await person.browser.get(f"/compte/sessions/code?session={uuid.uuid4()}")
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    page = await person.browser.post(page, page.path, {"code": person.phone.code()})
    assert page.status == 404


async def test_az_02_a_session_of_another_account_cannot_be_closed(portal: Portal) -> None:
    mine, theirs = (
        AccountHolder(portal, f"a{secrets.token_hex(5)}@x.example.fr"),
        AccountHolder(portal, f"b{secrets.token_hex(5)}@x.example.fr"),
    )
    await mine.settle()
    await theirs.settle()
    opened = await portal.sent_mails.event("SessionOpened", await theirs.account_id())
    page = await mine.browser.get("/compte")
    csrf = page.form("/deconnexion")["csrf"]
    fields = {"csrf": csrf, "session": opened.data["session_id"]}
    answer = await mine.browser.send_form("/compte/sessions/fermer", fields)
    assert answer.status == 404
    assert (await theirs.browser.get("/accueil")).path == "/accueil"


async def test_se_10_a_fourth_session_ends_the_oldest(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browsers = [portal.browser() for _ in range(3)]
    for one in browsers:
        portal.clock.advance(seconds=30)
        assert (await person.sign_in(one)).path == "/accueil"
    assert (await person.browser.get("/accueil")).path == "/connexion"
    for one in browsers:
        assert (await one.get("/accueil")).path == "/accueil"
    closed = await portal.sent_mails.event("SessionClosed", await person.account_id())
    assert closed.data["reason"] == "too_many"


@pytest.mark.parametrize(
    "name",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "%0d%0aLocation:%20https://evil",
        "/compte",
        "javascript:alert(1)",
        "\\\\evil",
        "compte/../..",
        "COMPTE",
        "compte\u0000",
        "",
    ],
)
async def test_au_15_the_redirect_target_must_be_listed(
    portal: Portal, address: str, name: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await browser.get("/connexion")
    given = {"address": person.address, "password": person.password, "next": name}
    page = await browser.post(page, "/connexion", given)
    assert (await person.give_code(page, browser=browser)).path == "/accueil"


async def test_au_15_a_listed_page_is_a_redirect_target(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await browser.get("/compte/mot-de-passe")
    assert page.path == "/connexion"
    page = await browser.post(
        page, "/connexion", {"address": person.address, "password": person.password}
    )
    assert (await person.give_code(page, browser=browser)).path == "/compte/mot-de-passe"


async def test_au_16_a_known_browser_still_needs_both_factors(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    mark = person.browser.cookies["impex-browser"]
    answer = await portal.browser().send(
        "GET", "/accueil", headers={"Cookie": f"impex-browser={mark}"}
    )
    assert answer.location == "/connexion"
    page = await person.browser.get("/accueil")
    await person.browser.post(page, "/deconnexion")
    assert (await person.give_password()).path == "/connexion/code"


async def test_se_01_a_browser_mark_is_signed_and_the_same_for_a_double_click(
    portal: Portal, address: str
) -> None:
    """Otherwise an attacker who plants a mark would share the owner's tries (AU-04)."""
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    browser, planted = portal.browser(), "A" * 43
    browser.session.cookie_jar.update_cookies({"impex-browser": planted}, URL(portal.base))
    page = await person.give_password(browser=browser)
    portal.clock.advance(seconds=30)
    fields = {**page.form(page.path), "code": person.phone.code()}
    clicks = await asyncio.gather(*(browser.send_form(page.path, fields) for _ in range(2)))
    cookies = [SimpleCookie(text) for one in clicks for text in one.headers.getall("Set-Cookie")]
    (mark,) = {one["impex-browser"].value for one in cookies if "impex-browser" in one}
    assert mark != planted
    account = await person.account_id()
    await portal.sent_mails.event("SessionOpened", account, 2)
    page = await browser.get("/accueil")
    await browser.post(page, "/deconnexion")
    assert (await person.sign_in(browser)).path == "/accueil"
    again = await portal.sent_mails.event("SessionOpened", account, 3)
    assert again.data["new_device"] is False
    assert browser.cookies["impex-browser"] == mark


async def test_au_07_only_a_new_browser_is_a_new_device(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    account = await person.account_id()
    page = await person.browser.get("/accueil")
    await person.browser.post(page, "/deconnexion")
    await person.sign_in()
    known = await portal.sent_mails.event("SessionOpened", account, 2)
    assert known.data["new_device"] is False
    await person.sign_in(portal.browser())
    new = await portal.sent_mails.event("SessionOpened", account, 3)
    assert new.data["new_device"] is True


async def test_au_01_no_other_route_gives_a_session(portal: Portal) -> None:
    """AU-01: no request of an anonymous visitor opens a session."""
    app = web.Application()
    setup_routes(app.router, Routes(PAGES))
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if "{" in path or path.endswith("/suivi"):
            continue
        browser = portal.browser()
        if route.method == "POST":
            answer = await browser.send_form(path, {"code": "123456", "token": "a" * 43})
        else:
            answer = await browser.send(route.method, path)
        assert "impex-session" not in browser.cookies, (route.method, path)
        assert answer.status != 500, (route.method, path)


@pytest.mark.parametrize("sent_to", [PROOF, f"{PROOF}/renvoi"])
async def test_se_04_b_14_a_session_that_ends_before_the_code_leads_back_to_it(
    portal: Portal, address: str, sent_to: str
) -> None:
    """As the sign-in page announces."""
    person, new = await settled(portal, address), new_address()
    page = await request_change(person, new)
    portal.clock.advance(minutes=31)
    closed = await person.browser.post(
        page, sent_to, {"code": "123456"} if sent_to == PROOF else {}
    )
    assert closed.path == "/connexion"
    assert "pour revenir à la page demandée" in closed.text
    given = {"address": person.address, "password": person.password}
    back = await person.give_code(await person.browser.post(closed, "/connexion", given))
    assert (back.path, new in back.text) == (PROOF, True)
