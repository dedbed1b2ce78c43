"""Scenarios of signing in that caused problems on other portals."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.support.actors.account_holder import AccountHolder
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

NEW = "Wmqt4xZh!7"


async def test_au_13_too_long_between_the_steps_begins_again(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await person.give_password(browser=browser)
    portal.clock.advance(minutes=31)
    late = await person.give_code(page, browser=browser)
    assert late.path == "/connexion"
    assert (await person.sign_in(browser)).path == "/accueil"


async def test_g_02_an_empty_field_is_reported_and_not_counted_as_a_try(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await browser.get("/connexion")
    for given, expected in (
        ({"address": " ", "password": person.password}, "Saisissez votre adresse email."),
        ({"address": address, "password": ""}, "Saisissez un mot de passe."),
    ):
        for _ in range(6):
            page = await browser.post(page, "/connexion", given)
            assert page.refused
            assert expected in page.text
    assert (await person.give_password(browser=browser)).path == "/connexion/code"


async def test_b_13_without_recovery_codes_their_page_leads_back_to_the_code(
    portal: Portal, another: Callable[..., Awaitable[Portal]], address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = (await another(IMPEX_RECOVERY_CODES="false")).browser()
    page = await person.give_password(browser=browser)
    assert page.path == "/connexion/code"
    assert "/connexion/code-de-secours" not in page.text
    assert (await browser.get("/connexion/code-de-secours")).path == "/connexion/code"


async def test_g_20_a_browser_of_last_time_enrols_again_where_the_phone_was_removed_since(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    home = await person.browser.get("/accueil")
    await person.browser.post(home, "/deconnexion", {})
    page = await person.give_password()
    assert page.path == "/connexion/code"
    connection = await asyncpg.connect(portal.system.database.admin_url)
    remove = "delete from mfa.authenticators where account_id = $1"
    assert await connection.execute(remove, await person.account_id()) == "DELETE 1"
    await connection.close()
    page = await person.give_code(page)
    assert page.path == "/connexion/telephone"
    assert (await person.enrol(page)).path == "/connexion/codes-de-secours"


async def test_se_03_a_visitor_without_a_session_reads_of_no_session(portal: Portal) -> None:
    page = await portal.browser().get("/accueil")
    assert page.path == "/connexion"
    assert "Session fermée" not in page.text


async def test_g_40_after_the_password_only_the_code_is_asked(portal: Portal, address: str) -> None:
    """A reload, the address of the sign-in page, another tab: the step that is due."""
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    await person.give_password(browser=browser)
    for path in ("/connexion", "/connexion/code", "/accueil", "/compte"):
        page = await browser.get(path)
        assert page.path == "/connexion/code"
    assert (await person.give_code(page, browser=browser)).path == "/accueil"


async def test_au_03_the_same_press_twice_at_once_is_one_sign_in(
    portal: Portal, address: str
) -> None:
    """A double click without scripts: both answers lead to the next page, with the same session."""
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    browser = portal.browser()
    page = await person.give_password(browser=browser)
    portal.clock.advance(seconds=30)
    fields = page.form("/connexion/code") | {"code": person.phone.code()}
    answers = await asyncio.gather(
        *(browser.send_form("/connexion/code", fields) for _ in range(5))
    )
    assert [(one.status, one.location) for one in answers] == [(303, "/accueil")] * 5
    assert (await browser.get("/accueil")).path == "/accueil"
    await portal.sent_mails.event("SessionOpened", await person.account_id(), 2)
    marker = AccountHolder(portal, f"after-{address}")
    await marker.settle()
    await portal.sent_mails.event("SessionOpened", await marker.account_id())
    assert len(portal.sent_mails.of("SessionOpened", await person.account_id())) == 2


async def test_g_44_a_reset_leaves_the_session_of_another_account(
    portal: Portal, address: str
) -> None:
    first, second = AccountHolder(portal, address), AccountHolder(portal, f"b-{address}")
    await first.settle()
    await second.settle()
    page = await second.browser.get("/mot-de-passe-oublie")
    await second.browser.post(page, "/mot-de-passe-oublie", {"address": first.address})
    mail = await portal.sent_mails.to(first.address, kind="PasswordReset")
    page = await second.browser.get(f"/mot-de-passe?jeton={mail.token}")
    done = await second.browser.post(page, "/mot-de-passe", {"password": NEW})
    assert done.path == "/accueil", "the sign-in page redirects a signed-in user"
    assert second.browser.cookies["impex-session"]
    assert (await second.browser.get("/compte")).text.count(second.address)
    assert (await first.browser.get("/accueil")).path == "/connexion"


async def test_au_08_failures_on_an_address_do_not_keep_it_from_getting_an_account(
    portal: Portal, address: str
) -> None:
    person, stranger = AccountHolder(portal, address), portal.browser()
    for _ in range(6):
        page = await person.give_password("Wr0ng-pass", stranger)
    assert page.status == 429
    await person.create()
    portal.clock.advance(seconds=90)
    assert (await person.give_password()).path == "/connexion/telephone"


async def test_pw_02_case_and_blanks_of_a_password_count_those_of_an_address_do_not(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    for wrong in (person.password.swapcase(), f"{person.password} ", f" {person.password}"):
        assert (await person.give_password(wrong, browser)).refused
    page = await browser.get("/connexion")
    given = {"address": f"  {person.address.upper()} ", "password": person.password}
    assert (await browser.post(page, "/connexion", given)).path == "/connexion/code"
