"""A call about a lost phone in three browsers: its holder and two agents (G-26, OT-15, C-127)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from yarl import URL

from services.gateway.sessions.tokens import token_hash
from shared.contracts.support.lost_phones import CallEnded
from shared.security.sealing import new_token
from tests.support.actors.account_holder import AccountHolder, mailed_code, new_address
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.desk import Desk, running_desk
from tests.support.servers.portal import SERVICES, Portal, running_portal, separate_system
from tests.support.servers.shared_servers import TestServers

pytestmark = pytest.mark.asyncio(loop_scope="package")

QUEUE = "/assistance/demandes"
FOLLOW = "/compte/demandes/demande"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def portal(
    test_servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Portal]:
    """The portal with every service behind it; those of the other tests have another clock."""
    async with (
        separate_system(test_servers, tmp_path_factory.mktemp("call")) as (system, mails),
        running_portal(system, mails, *SERVICES) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def calling_desk(portal: Portal) -> AsyncIterator[Desk]:
    """The desk beside it."""
    async with running_desk(portal.system, clock=portal.clock) as running:
        yield running


async def execute(portal: Portal, sql: str, *values: object) -> None:
    connection = await asyncpg.connect(portal.system.database.admin_url)
    try:
        await connection.execute(sql, *values)
    finally:
        await connection.close()


async def agent(portal: Portal, desk: Desk) -> tuple[str, HttpBrowser]:
    """An agent with a full session, written into the tables."""
    agent_id, token, now = str(uuid4()), new_token(), portal.clock()
    address = f"{agent_id[:8]}@ansm.sante.fr"
    await execute(
        portal,
        "insert into support.agents (id, address, address_key, first_name, last_name, language,"
        " role, state, since, password_hash, pepper_key_id, joined_at) values ($1, $2, lower($2),"
        " 'Zoé', 'Martin', 'fr', 'agent', 'active', $3, '$argon2id$x', 'k', $3)",
        agent_id,
        address,
        now,
    )
    await execute(
        portal,
        "insert into desk.sessions (token_hash, id, account_id, level, due, address, first_name,"
        " last_name, role, device, network, opened_at, proved_at, code_at, seen_at, ends_at)"
        " values ($1, gen_random_uuid(), $2, 'full', 'code', $3, 'Zoé', 'Martin', 'agent',"
        " 'Firefox, Windows', '127.0.0.0/24', $4, $4, $4, $4, $5)",
        token_hash(token),
        agent_id,
        address,
        now,
        now + timedelta(hours=8),
    )
    browser = desk.browser()
    browser.session.cookie_jar.update_cookies({"impex-desk-session": token}, URL(desk.base))
    return agent_id, browser


async def lost_phone(portal: Portal, person: AccountHolder) -> str:
    """« Téléphone perdu », the mail, the confirmation; returns the request's number."""
    browser = portal.browser()
    page = await browser.get("/telephone-perdu")
    await browser.post(page, "/telephone-perdu", {"address": person.address})
    mail = await portal.sent_mails.to(person.address, kind="LostPhoneClaimed")
    path = "/telephone-perdu/confirmer"
    page = await browser.get(f"{path}?jeton={mail.token}")
    await browser.post(page, path, {"code": mailed_code(portal, mail.token)})
    event = await portal.sent_mails.event("RequestReceived", await person.account_id())
    return str(event.data["number"])


def words_on(page: HttpResponse) -> list[str]:
    """The words that a page shows, in French."""
    return [one.get_text(strip=True) for one in page.soup.select(".impex-call-word")]


async def test_ot_15_holder_and_agent_prove_themselves_by_two_words(
    portal: Portal, calling_desk: Desk
) -> None:
    person = AccountHolder(portal, new_address())
    await person.settle()
    account = await person.account_id()
    await execute(
        portal,
        "update profile.profiles set phone_since = now() - interval '40 days'"
        " where account_id = $1",
        account,
    )
    number = await lost_phone(portal, person)
    agent_id, browser = await agent(portal, calling_desk)
    _, other = await agent(portal, calling_desk)
    place = f"{QUEUE}/{number}/appel"
    untaken = await browser.get(place)
    assert "Prenez d'abord la demande" in untaken.text, untaken.text
    await execute(
        portal,
        "update support.requests set state = 'in_progress', agent_id = $2 where number = $1",
        number,
        agent_id,
    )
    page = await browser.get(place)
    assert page.soup.select_one(f"nav a[href='/assistance/demandes/{number}']"), "the way back"
    assert "01 55 87 40 90" in page.text.replace("\u202f", " ").replace("\xa0", " ")
    theirs = await person.browser.get(f"{FOLLOW}?numero={number}")
    assert "Aucun appel de notre part en ce moment" in theirs.text
    forgotten = await browser.post(page, f"{place}/debut", {"line": "file"})
    assert "Composez vous-même le numéro" in forgotten.text
    calling = await browser.post(forgotten, f"{place}/debut", {"line": "file", "dialled": "1"})
    (own,) = words_on(calling)
    theirs = await person.browser.get(f"{FOLLOW}?numero={number}")
    agents_word, persons_word = words_on(theirs)
    assert agents_word == own
    assert persons_word not in calling.html
    assert words_on(await other.get(place)) == []
    wrong = await browser.post(calling, f"{place}/mot", {"word": own})
    assert "Mot refusé. Essais restants : 2." in wrong.text
    assert persons_word not in wrong.html
    matched = await browser.post(wrong, f"{place}/mot", {"word": persons_word.upper()})
    assert "Mots concordants" in matched.text
    assert "La personne le demande" in matched.text
    # The note is judged first: no code is asked of mfa, which would refuse that of a wrong form.
    typed = {"reason": "requested_by_person", "note": "x" * 600, "code": "123456"}
    unproposed = await browser.post(matched, f"{place}/proposition", typed)
    field = unproposed.soup.select_one("textarea[name=note]")
    assert field is not None
    assert field.get("aria-invalid") == "true", unproposed.text
    code = unproposed.soup.select_one("input[name=code]")
    assert code is not None
    assert code.get("aria-invalid") is None
    ended = await browser.post(unproposed, f"{place}/fin", {"outcome": "not_requested"})
    assert "arrêté" in ended.text
    event = await portal.sent_mails.event(CallEnded.__name__, account)
    assert event.data["outcome"] == "not_requested"
    stopped = await person.browser.get(f"{FOLLOW}?numero={number}")
    assert "Tout est arrêté" in stopped.text
    assert words_on(stopped) == []


async def test_az_04_nobody_opens_the_page_of_what_is_no_lost_phone(
    portal: Portal, calling_desk: Desk
) -> None:
    _, browser = await agent(portal, calling_desk)
    for number in ("appel", "TEL-AAAAA-BBBBB", "x"):
        assert (await browser.get(f"{QUEUE}/{number}/appel")).status == 404
    stranger = calling_desk.browser()
    assert (await stranger.send("GET", f"{QUEUE}/TEL-AAAAA-BBBBB/appel")).status == 303
