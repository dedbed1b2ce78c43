"""An agent comes in: by the mailed link, then by password and code, and is out at once."""

import json
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from services.support import agent_store, team_commands
from shared.contracts.support.agents import OWNER, AgentSessionsEnded
from shared.outbox import emit
from tests.support import eventually
from tests.support.actors.agent import DeskAgent, joined_agent, new_agent
from tests.support.logs import written_log
from tests.support.servers.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="package")

ROLES = ("agent", "supervisor", "operator", "auditor")
#: Where a sign-in leads.
QUEUE = "/assistance/demandes"


async def support_connection(desk: Desk) -> asyncpg.Connection:
    """The database of support, with its role."""
    url = desk.system.database.url("support")
    return await asyncpg.connect(url, server_settings={"search_path": "support"})


@pytest.mark.parametrize("role", ROLES)
async def test_an_invited_agent_of_any_role_enrols_and_comes_in(desk: Desk, role: str) -> None:
    agent = new_agent(desk, role)
    token = await agent.invite()
    page = await agent.browser.get(f"/invitation?jeton={token}")
    assert agent.address in page.text
    again = await agent.browser.get(f"/invitation?jeton={token}")
    assert again.h1 == page.h1 == "Ouvrir votre compte d'agent", "opening changes nothing"
    page = await agent.accept(token)
    assert "Assistance" in page.text
    assert "Étape 4" not in page.text, "the steps of an account request"
    page = await agent.enrol(page)
    assert page.path == ("/exploitation" if role == "operator" else QUEUE)
    assert "Zoé Martin" in page.text
    page = await agent.browser.get(f"/invitation?jeton={token}")
    assert page.h1 == "Ce lien n'ouvre rien"


async def test_g_21_the_entry_in_the_application_names_the_desk(desk: Desk) -> None:
    agent = new_agent(desk)
    page = await agent.accept(await agent.invite())
    (link,) = {one["href"] for one in page.soup.select("a[href^='otpauth:']")}
    uri = urlsplit(str(link))
    assert parse_qs(uri.query)["issuer"] == ["IMPEXWEB Assistance"]


async def test_au_06_password_and_code_lead_to_the_page_that_was_asked_for(desk: Desk) -> None:
    agent = await joined_agent(desk)
    browser = desk.browser()
    page = await browser.get("/moi/mot-de-passe")
    assert page.path == "/connexion"
    page = await agent.give_password(browser=browser, path="/moi/mot-de-passe")
    assert page.path == "/connexion/code"
    jump = await browser.get("/moi")
    assert jump.path == "/connexion/code", "half a sign-in reaches the code only"
    page = await browser.post(page, "/connexion/code", {"code": agent.code()})
    assert page.path == "/moi/mot-de-passe"
    page = await browser.post(await browser.get("/moi"), "/deconnexion")
    assert page.path == "/connexion"
    assert (await browser.get("/moi")).path == "/connexion"


async def test_au_04_a_stranger_does_not_lock_an_agent_out_of_a_known_browser(desk: Desk) -> None:
    agent = await joined_agent(desk)
    stranger = desk.browser()
    for _ in range(5):
        await agent.give_password("wrong", browser=stranger)
    locked = await agent.give_password(browser=stranger)
    assert locked.status == 429
    await agent.browser.post(await agent.browser.get("/moi"), "/deconnexion")
    page = await agent.sign_in()
    assert page.path == QUEUE


async def test_au_08_what_does_not_open_is_refused_alike(desk: Desk) -> None:
    agent = await joined_agent(desk)
    refused = set()
    for address, password in (
        (agent.address, "rivage tortue sextant 45"),
        ("nobody@agency.example.fr", agent.password),
        ("not an address", "x"),
    ):
        browser = desk.browser()
        page = await browser.get("/connexion")
        given = {"address": address, "password": password}
        page = await browser.post(page, "/connexion", given)
        assert page.refused
        refused.add(page.soup.select_one("#alerte").text)  # type: ignore[union-attr]
        assert page.soup.select_one("#address")["value"] == address  # type: ignore[index]
    assert len(refused) == 1


async def test_au_05_there_is_no_default_account(desk: Desk) -> None:
    """Neither an agent nor an applicant comes from an installation."""
    connection = await support_connection(desk)
    sql = "select count(*) from agents where address like 'admin%' or address like 'root%'"
    assert await connection.fetchval(sql) == 0
    await connection.close()
    for name in ("admin", "root", "support", "impex"):
        browser = desk.browser()
        page = await browser.get("/connexion")
        page = await browser.post(page, "/connexion", {"address": name, "password": name})
        assert page.refused, name
        assert "impex-desk-session" not in browser.cookies


async def test_an_invitation_shows_what_is_wrong_and_keeps_the_names(desk: Desk) -> None:
    agent = new_agent(desk)
    token = await agent.invite()
    page = await agent.accept(token, password="court", first_name="Maëlle")
    assert page.refused
    assert "Saisissez au moins 14 caractères." in page.text
    assert page.soup.select_one("#first_name")["value"] == "Maëlle"  # type: ignore[index]
    assert "court" not in page.html
    page = await agent.browser.post(
        page, "/invitation", {"first_name": "", "last_name": "", "password": ""}
    )
    assert "Saisissez votre prénom." in page.text


async def ended(desk: Desk, agent: DeskAgent, reason: str, at: datetime) -> None:
    """Support tells that the agent's sessions must end."""
    connection = await support_connection(desk)
    async with connection.transaction():
        if reason == "suspended":
            await agent_store.set_state(connection, agent.id, "suspended", at)
        event = AgentSessionsEnded(reason=reason, by="", ended_at=at)
        await emit(connection, OWNER, event, subject=agent.id, now=at)
    await connection.close()


@pytest.mark.parametrize("reason", ["suspended", "removed", "reset", "role_changed"])
async def test_az_04_what_support_ends_is_over_at_once(desk: Desk, reason: str) -> None:
    agent = await joined_agent(desk, "supervisor")
    half = desk.browser()
    assert (await agent.give_password(browser=half)).path == "/connexion/code"
    desk.clock.advance(seconds=10)
    await ended(desk, agent, reason, desk.clock())

    async def out() -> bool:
        return (await agent.browser.get("/moi")).path == "/connexion"

    await eventually(out, 20, why="the session is over")
    assert (await half.get("/connexion/code")).path == "/connexion", "half a sign-in too"


async def test_az_04_an_agent_suspended_between_password_and_code_gets_no_session(
    desk: Desk,
) -> None:
    """Also where the event has not arrived yet."""
    agent = await joined_agent(desk)
    browser = desk.browser()
    page = await agent.give_password(browser=browser)
    connection = await support_connection(desk)
    await agent_store.set_state(connection, agent.id, "suspended", desk.clock())
    await connection.close()
    page = await browser.post(page, "/connexion/code", {"code": agent.code()})
    assert page.path == "/connexion"
    assert "suspendu ou retiré" in page.text
    assert "impex-desk-session" not in browser.cookies


async def test_se_03_fifteen_minutes_without_activity_end_a_session(desk: Desk) -> None:
    agent = await joined_agent(desk)
    desk.clock.advance(minutes=14)
    assert (await agent.browser.get("/moi")).path == "/moi"
    desk.clock.advance(minutes=15, seconds=1)
    page = await agent.browser.get("/moi")
    assert page.path == "/connexion"
    assert "fermée par sécurité" in page.text
    await agent.sign_in()
    for _ in range(34):
        desk.clock.advance(minutes=14)
        assert (await agent.browser.get("/moi")).path == "/moi"
    desk.clock.advance(minutes=5)
    assert (await agent.browser.get("/moi")).path == "/connexion", "eight hours"


async def test_a_reset_by_the_command_line_leads_back_in_by_a_new_link(desk: Desk) -> None:
    agent = await joined_agent(desk)
    old = agent.phone
    desk.clock.advance(seconds=10)
    connection = await support_connection(desk)
    async with connection.transaction():
        assert await team_commands.reset(connection, agent.address, desk.clock()) is not None
    await connection.close()

    async def out() -> bool:
        return (await agent.browser.get("/moi")).path == "/connexion"

    await eventually(out, 20, why="the session is over")
    page = await agent.give_password()
    assert page.refused, "the password opens nothing any more"
    assert agent.phone is old


async def test_az_04_what_is_refused_is_logged_without_address(desk: Desk) -> None:
    agent = await joined_agent(desk)
    with written_log() as written:
        await agent.give_password("rivage tortue sextant 45", desk.browser())
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert any(one["action"] == "authn_login_fail" for one in lines)
    assert agent.address not in written.getvalue()
