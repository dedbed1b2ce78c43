"""A form was processed but its answer was lost: the same form sent again reports the result."""

import pytest
from yarl import URL

from tests.support.actors.account_holder import AccountHolder
from tests.support.actors.http_browser import HttpBrowser
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

COOKIE = "impex-session"
NEW_PASSWORD = "Zug&Wolke47"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


def _put(portal: Portal, browser: HttpBrowser, token: str) -> None:
    """The browser has this session, because it never received a later one."""
    browser.session.cookie_jar.update_cookies({COOKIE: token}, URL(portal.base))


async def test_b_08_a_repeated_password_change_reports_success(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = person.browser
    page = await browser.get("/compte/mot-de-passe")
    before = browser.cookies[COOKIE]
    given = {"current_password": person.password, "password": NEW_PASSWORD}
    fields = {**page.form(page.path), **given}
    assert (await browser.send_form(page.path, fields, headers=SAME_SITE)).location == "/compte"
    after = browser.cookies[COOKIE]
    assert before != after
    _put(portal, browser, before)
    again = await browser.send_form(page.path, fields, headers=SAME_SITE, follow=True)
    assert again.path == "/compte"
    assert "Mot de passe changé. Vos autres sessions sont fermées." in again.text
    assert browser.cookies[COOKIE] == after


async def test_b_08_g_44_a_repeated_reset_while_signed_in_reports_success(
    portal: Portal, address: str
) -> None:
    """The page of a mailed link is shown without the session, which its button then ends."""
    person = AccountHolder(portal, address)
    await person.settle()
    browser = person.browser
    page = await browser.get("/mot-de-passe-oublie")
    await browser.post(page, page.path, {"address": address})
    mail = await portal.sent_mails.to(address, kind="PasswordReset")
    session = browser.cookies[COOKIE]
    browser.session.cookie_jar.clear(lambda cookie: cookie.key == COOKIE)
    page = await browser.get(f"/mot-de-passe?jeton={mail.token}")
    _put(portal, browser, session)
    fields = {**page.form("/mot-de-passe"), "password": NEW_PASSWORD}
    for _ in range(2):
        answer = await browser.send_form("/mot-de-passe", fields, headers=SAME_SITE)
        assert (answer.status, answer.location) == (303, "/connexion")
    assert "Mot de passe changé" in (await browser.get("/connexion")).text
