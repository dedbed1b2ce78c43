"""After a lost phone: the account is created again, and joined by the code of the desk (G-26)."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.registration.resumption import ResumptionHeld
from shared.contracts.support.acts import CredentialsRemovalOrdered
from shared.contracts.support.lost_phones import ResumptionCodeTold
from shared.domain.resumption_codes import in_groups, make_resumption_code
from shared.security.seal_keys import SealRing
from shared.security.sealing import Sealer, seal_context
from tests.integration.gateway.ending_events import emit_event
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder
from tests.support.actors.http_browser import HttpResponse
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

PATH = "/inscription/reprise"
CODE = make_resumption_code(lambda _: 27_182_818_284)
WRONG = make_resumption_code(lambda _: 27_182_818_285)


async def lose_phone(portal: Portal, person: AccountHolder) -> None:
    """The desk has decided and told the code; sessions are closed."""
    account = await person.account_id()
    order = CredentialsRemovalOrdered(
        proposal_id="1", reason="requested_by_person", ordered_at=portal.clock()
    )
    await emit_event(portal, "support", order, account)
    await portal.sent_mails.event("CredentialsRemoved", account)
    await portal.sent_mails.event("AuthenticatorRemoved", account)
    ring = SealRing.parse(portal.system.environment("registration")["IMPEX_SEAL_KEYS_REGISTRATION"])
    told = ResumptionCodeTold(
        number="TEL-ABCDE-FGHIJ",
        agent_id="1",
        code=Sealer("registration", ring).seal(CODE, seal_context(ResumptionCodeTold, "code")),
        told_at=portal.clock(),
        expires_at=portal.clock() + timedelta(days=7),
    )
    await emit_event(portal, "support", told, account)
    connection = await asyncpg.connect(portal.system.database.admin_url)
    try:
        sql = "select 1 from registration.resumption_codes where account_id = $1"
        await eventually(lambda: connection.fetchval(sql, UUID(account)), why="the code")
    finally:
        await connection.close()
    portal.clock.advance(minutes=1)


async def create_again(portal: Portal, person: AccountHolder, **names: str) -> HttpResponse:
    """The form, the mailed code and the terms, in a fresh browser."""
    person.browser = portal.browser()
    page = await portal.asked(person.browser, person.address, **names)
    mail = await portal.sent_mails.to(person.address, 2, "AccountRequested")
    await person.browser.post(page, "/inscription/validation", {"code": mail.code})
    page = await person.browser.get("/inscription/conditions")
    return await person.browser.post(page, "/inscription/conditions", {"accept": "1"})


async def test_g_26_the_account_is_joined_by_the_code_and_everything_is_there(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    await lose_phone(portal, person)
    page = await create_again(portal, person)
    assert page.path == PATH, page.text
    slip = await person.browser.post(page, PATH, {"code": CODE[:-1]})
    assert "cet essai n'est pas compté" in slip.text
    wrong = await person.browser.post(slip, PATH, {"code": WRONG})
    assert "Encore 4 essais." in wrong.text
    page = await person.browser.post(wrong, PATH, {"code": in_groups(CODE)})
    assert page.path == "/inscription/creation", page.text
    assert "Votre compte est retrouvé." in page.text
    home = await person.enrol()
    if home.path == "/connexion/codes-de-secours":
        _, home = await person.keep_codes(home)
    information = await person.browser.get("/informations")
    assert "Pharmacie des Lilas" in information.text


async def test_g_26_without_the_code_nothing_is_joined_or_shown(
    portal: Portal, address: str
) -> None:
    """Whoever reads the mailbox gets as far as the code."""
    person = AccountHolder(portal, address)
    await person.settle()
    await lose_phone(portal, person)
    page = await create_again(portal, person)
    for path in ("/accueil", "/informations", "/inscription/creation"):
        shown = await person.browser.get(path)
        assert "Pharmacie des Lilas" not in shown.text
    page = await person.give_password(browser=portal.browser())
    assert page.path == PATH
    assert "Ses informations et ses dossiers vous attendent." in page.text
    assert "Lilas" not in page.text


async def test_g_26_other_names_wait_for_the_desk(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    await lose_phone(portal, person)
    page = await create_again(portal, person, last_name="Martin")
    held = await person.browser.post(page, PATH, {"code": CODE})
    assert "compare les noms" in held.text
    event = await portal.sent_mails.event(ResumptionHeld.__name__, await person.account_id())
    assert event.data["request_id"]
