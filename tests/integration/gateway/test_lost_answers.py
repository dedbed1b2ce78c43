"""A form was processed but its answer was lost: the same form sent again reports the result."""

import pytest
from yarl import URL

from services.gateway.sessions.sessions import Sessions
from shared.errors import DependencyDown
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


async def _unavailable(*_: object, **__: object) -> None:
    raise DependencyDown("database", "it was killed")


async def test_b_08_a_phone_whose_session_was_not_opened_is_enrolled_by_the_same_press(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code was right and the phone counts: neither another code is asked nor its entry in the
    authenticator called void."""
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.give_password()
    fields = {**page.form(page.path), "code": person.scan(page).code()}
    with monkeypatch.context() as patch:
        patch.setattr(Sessions, "promote", _unavailable)
        lost = await person.browser.send_form(page.path, fields, headers=SAME_SITE)
    assert (lost.status, lost.path) == (503, page.path)
    assert "Ce service ne répond pas" in lost.text
    assert lost.form(page.path)["key"] == fields["key"]
    again = await person.browser.send_form(page.path, fields, headers=SAME_SITE)
    assert again.location == "/connexion/codes-de-secours"


async def test_b_08_a_page_of_an_enrolment_that_was_confirmed_asks_for_a_code_of_that_phone(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reloads the page instead is not told to delete the entry that counts."""
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.give_password()
    fields = {**page.form(page.path), "code": person.scan(page).code()}
    with monkeypatch.context() as patch:
        patch.setattr(Sessions, "promote", _unavailable)
        await person.browser.send_form(page.path, fields, headers=SAME_SITE)
    code = await person.browser.get(page.path)
    assert code.path == "/connexion/code"
    assert "Un téléphone est déjà lié à votre compte : connectez-vous avec ses codes." in code.text
    assert (await person.give_code(code)).path == "/connexion/codes-de-secours"


async def test_b_08_a_replaced_phone_whose_session_was_not_renewed_is_not_called_void(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser, path = person.browser, "/compte/telephone"
    page = await browser.get(path)
    portal.clock.advance(seconds=30)
    assert person.phone is not None
    given = {"password": person.password, "code": person.phone.code()}
    page = await browser.post(page, path, given)
    assert page.path == "/compte/telephone/nouveau"
    fields = {**page.form(page.path), "code": person.scan(page).code()}
    with monkeypatch.context() as patch:
        patch.setattr(Sessions, "renew", _unavailable)
        lost = await browser.send_form(page.path, fields, headers=SAME_SITE)
    assert (lost.status, lost.path) == (503, page.path)
    again = await browser.send_form(page.path, fields, headers=SAME_SITE)
    # The event of the replacement may have ended the session first: then one signs in anew.
    assert again.location.partition("?")[0] in ("/compte", "/connexion")
