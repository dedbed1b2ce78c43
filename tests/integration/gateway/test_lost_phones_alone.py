"""A lost phone replaced without an agent, by a browser: from the mail to the new phone (OT-15)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from shared.contracts.base import Sealed
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.support.lost_phones import (
    LostPhoneStopped,
    PhoneReplacementOpened,
    PhoneReplacementPlanned,
)
from shared.security.sealing import seal_context
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder, key_on, mailed_code, new_address
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.authenticator import Authenticator
from tests.support.mail.sent_mails import PublishedEvent
from tests.support.servers.portal import SERVICES, Portal, running_portal, separate_system
from tests.support.servers.shared_servers import TestServers

pytestmark = pytest.mark.asyncio(loop_scope="package")

LOST, CONFIRM = "/telephone-perdu", "/telephone-perdu/confirmer"
NEW_PHONE = "/connexion/nouveau-telephone"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def waiting_portal(
    test_servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Portal]:
    """A portal whose clock these tests move by days."""
    folder: Path = tmp_path_factory.mktemp("alone")
    async with (
        separate_system(test_servers, folder) as (system, sent_mails),
        running_portal(system, sent_mails, *SERVICES, IMPEX_LOST_PHONE_ALONE="true") as portal,
    ):
        yield portal


@pytest_asyncio.fixture(loop_scope="package")
async def holder(waiting_portal: Portal) -> AccountHolder:
    """Whose password and address are old enough."""
    made = AccountHolder(waiting_portal, new_address())
    await made.settle()
    waiting_portal.clock.advance(days=30)
    return made


async def reported(holder: AccountHolder, browser: HttpBrowser, **typed: str) -> HttpResponse:
    """The loss, confirmed from the mailbox; the page that follows."""
    portal = holder.portal
    page = await browser.get(LOST)
    await browser.post(page, LOST, {"address": holder.address})
    mail = await portal.sent_mails.to(holder.address, kind="LostPhone")
    page = await browser.get(f"{CONFIRM}?jeton={mail.token}")
    assert page.soup.select_one("#alone") is not None
    given = {"code": mailed_code(portal, mail.token), "alone": "1", **typed}
    return await browser.post(page, CONFIRM, given)


async def notified(holder: AccountHolder, kind: Any, count: int = 1) -> PublishedEvent:
    """The latest notice of its kind to the holder."""
    account, published = await holder.account_id(), holder.portal.sent_mails

    def found() -> PublishedEvent | None:
        events = published.of(kind.__name__, account)
        return events[-1] if len(events) >= count else None

    found_event: PublishedEvent = await eventually(found, why=kind.__name__)
    return found_event


def page_of(holder: AccountHolder, kind: Any, event: PublishedEvent) -> str:
    """The page behind the link of a notice."""
    sealed = msgspec.convert(event.data["link_token"], Sealed)
    token = holder.portal.sent_mails.opener.open(sealed, seal_context(kind, "link_token"))
    return f"/suivi/demande?jeton={token}"


async def wait_out(holder: AccountHolder) -> PublishedEvent:
    """72 hours with their notices, during which nobody objects."""
    clock = holder.portal.clock
    await notified(holder, PhoneReplacementPlanned)
    clock.advance(hours=36)
    await notified(holder, PhoneReplacementPlanned, 2)
    clock.advance(hours=36)
    return await notified(holder, PhoneReplacementOpened)


async def opened_at_mfa(holder: AccountHolder) -> None:
    """mfa has heard that the enrolment is open."""
    account = await holder.account_id()
    connection = await asyncpg.connect(holder.portal.system.database.admin_url)
    sql = "select count(*) from mfa.delayed_replacements where account_id = $1 and not ended"
    try:

        async def found() -> bool:
            return bool(await connection.fetchval(sql, account))

        await eventually(found, why="the opening at mfa")
    finally:
        await connection.close()


async def test_ot_15_mailbox_password_and_72_hours_open_the_enrolment_of_a_new_phone(
    holder: AccountHolder,
) -> None:
    portal, browser = holder.portal, holder.portal.browser()
    codeless = await holder.give_password(browser=browser)
    assert codeless.soup.find("a", href=NEW_PHONE) is not None
    early = await browser.get(NEW_PHONE)
    assert "ne suffit pas, pour l'instant" in early.text
    assert early.soup.find("form", action=NEW_PHONE) is None
    done = await reported(holder, browser, password=holder.password)
    assert "Un message part à toutes vos adresses" in done.text
    assert "dans 72 heures au plus tôt" in done.text.replace("\u00a0", " ")
    first = await notified(holder, PhoneReplacementPlanned)
    follow = await portal.browser().get(page_of(holder, PhoneReplacementPlanned, first))
    assert "Nouveau téléphone possible le" in follow.text
    assert "Nous appellerons" not in follow.text
    opened = await wait_out(holder)
    follow = await portal.browser("en").get(page_of(holder, PhoneReplacementOpened, opened))
    assert "New phone possible until" in follow.text
    await opened_at_mfa(holder)
    new = portal.browser()
    await holder.give_password(browser=new)
    page = await new.get(NEW_PHONE)
    assert "votre mot de passe suffit" in page.text
    assert not portal.sent_mails.of("AuthenticatorReplaced", await holder.account_id())
    key_page = await new.post(page, NEW_PHONE)
    assert key_page.path == "/connexion/telephone", key_page.text
    assert "code de secours saisi sera perdu" not in key_page.text
    phone: Authenticator = holder.scan(key_page)
    inside = await new.post(key_page, key_page.path, {"code": phone.code()})
    assert "Nouveau téléphone enrôlé" in inside.text
    replaced = await notified(holder, AuthenticatorReplaced)
    assert replaced.data["by"] == "delay"
    # The new phone is the account's, and its former session has ended.
    assert (await holder.browser.get("/accueil")).path == "/connexion"
    portal.clock.advance(seconds=60)
    again = await holder.sign_in(portal.browser())
    assert again.path == "/accueil"
    requests = await new.get("/compte/demandes")
    assert "faite" in requests.text
    activity = await new.get("/compte/activite")
    assert "un autre peut être enrôlé jusqu'au" in activity.text.replace("\u2019", "'")


async def test_ot_15_the_password_is_asked_and_the_form_comes_back(holder: AccountHolder) -> None:
    browser = holder.portal.browser()
    refused = await reported(holder, browser, password="Wrong9xZ!a")
    assert "Ce n'est pas votre mot de passe." in refused.text
    box = refused.soup.select_one("#alone")
    assert box is not None
    assert box.has_attr("checked"), "nothing typed is lost"
    token = refused.form(CONFIRM)["token"]
    given = {"code": mailed_code(holder.portal, token), "alone": "1", "stolen": "1"}
    both = await browser.post(refused, CONFIRM, given | {"password": holder.password})
    assert "Pour un téléphone volé, le secrétariat est nécessaire" in both.text
    assert not holder.portal.sent_mails.of("LostPhoneReported", await holder.account_id())


async def test_ot_15_a_young_password_is_sent_to_an_agent(waiting_portal: Portal) -> None:
    holder = AccountHolder(waiting_portal, new_address())
    await holder.settle()
    waiting_portal.clock.advance(days=29)
    refused = await reported(holder, waiting_portal.browser(), password=holder.password)
    assert "Votre mot de passe a moins de 30 jours" in refused.text


async def test_ot_15_a_full_sign_in_stops_it_at_the_first_code(holder: AccountHolder) -> None:
    portal, browser = holder.portal, holder.portal.browser()
    await reported(holder, browser, password=holder.password)
    await wait_out(holder)
    await opened_at_mfa(holder)
    thief = portal.browser()
    await holder.give_password(browser=thief)
    page = await thief.get(NEW_PHONE)
    key_page = await thief.post(page, NEW_PHONE)
    key = Authenticator(key_on(key_page), portal.clock)
    assert (await holder.sign_in(portal.browser())).path == "/accueil"
    late = await thief.post(key_page, key_page.path, {"code": key.code()})
    assert late.path == "/connexion/code", "the old phone is not lost"
    stopped = await notified(holder, LostPhoneStopped)
    assert stopped.data["by"] == "sign_in"
    assert not portal.sent_mails.of("AuthenticatorReplaced", await holder.account_id())


async def test_ot_15_a_new_password_stops_it(holder: AccountHolder) -> None:
    """Whoever reads the mailbox sets a password of their own and comes back when it is open."""
    portal, browser = holder.portal, holder.portal.browser()
    await reported(holder, browser, password=holder.password)
    await wait_out(holder)
    await opened_at_mfa(holder)
    page = await browser.get("/mot-de-passe-oublie")
    await browser.post(page, "/mot-de-passe-oublie", {"address": holder.address})
    mail = await portal.sent_mails.to(holder.address, kind="PasswordReset")
    page = await browser.get(f"/mot-de-passe?jeton={mail.token}")
    await browser.post(page, "/mot-de-passe", {"password": "Wmqt4xZh!7"})
    thief = portal.browser()
    await holder.give_password("Wmqt4xZh!7", browser=thief)
    page = await thief.get(NEW_PHONE)
    if page.soup.find("form", action=NEW_PHONE) is not None:
        page = await thief.post(page, NEW_PHONE)
        assert "ne suffit plus pour enrôler" in page.text
    stopped = await notified(holder, LostPhoneStopped)
    assert stopped.data["by"] == "changed"


async def test_ot_15_without_the_setting_no_page_offers_it(
    portal: Portal, another: Callable[..., Awaitable[Portal]]
) -> None:
    holder = AccountHolder(portal, new_address())
    await holder.settle()
    browser = (await another(IMPEX_LOST_PHONE_ALONE="false")).browser()
    page = await holder.give_password(browser=browser)
    assert page.soup.find("a", href=NEW_PHONE) is None
    assert (await browser.get(NEW_PHONE)).path == "/connexion/code"
    page = await browser.get(LOST)
    await browser.post(page, LOST, {"address": holder.address})
    mail = await portal.sent_mails.to(holder.address, kind="LostPhone")
    page = await browser.get(f"{CONFIRM}?jeton={mail.token}")
    assert page.soup.select_one("#alone") is None
