"""An agent at the desk, from the mailed link on, in a browser without scripts."""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg

from services.support import agent_store, team_commands
from services.support.handlers.agent_invitations import INVITATION, LINK
from shared.security.sealing import KeyRing, keyed_hash, new_token
from tests.support.actors.account_holder import key_on
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.authenticator import Authenticator
from tests.support.servers.desk import Desk
from tests.support.servers.system import keys

PASSWORD = "rivage tortue sextant 44"
_NUMBERS = itertools.count(1)


@dataclass
class DeskAgent:
    """One agent: address, role, password, phone, and the browser in front of them."""

    desk: Desk
    role: str
    address: str
    browser: HttpBrowser = field(init=False)
    id: str = ""
    password: str = PASSWORD
    phone: Authenticator | None = None

    def __post_init__(self) -> None:
        self.browser = self.desk.browser()

    async def invite(self) -> str:
        """Agreed to by the command line, and a link made: its token."""
        now, token = self.desk.clock(), new_token()
        ring = KeyRing.parse(keys()["IMPEX_SUPPORT_TOKEN_KEYS"])
        connection = await asyncpg.connect(
            self.desk.system.database.url("support"), server_settings={"search_path": "support"}
        )
        try:
            async with connection.transaction():
                agent = await team_commands.add(connection, self.address, self.role, "fr", now)
                assert agent is not None, f"{self.address} is an agent's already"
                await agent_store.replace_link(
                    connection,
                    agent.id,
                    INVITATION,
                    keyed_hash(ring, LINK, token)[1],
                    now=now,
                    expires_at=now + timedelta(hours=48),
                )
                await agent_store.set_state(connection, agent.id, "invited", now)
        finally:
            await connection.close()
        self.id = agent.id
        return token

    async def accept(self, token: str, **values: str) -> HttpResponse:
        """Open the link and choose name and password; returns the page that comes next."""
        page = await self.browser.get(f"/invitation?jeton={token}")
        given = {
            "first_name": "Zoé",
            "last_name": "Martin",
            "password": self.password,
            **values,
        }
        return await self.browser.post(page, "/invitation", given)

    async def enrol(self, page: HttpResponse) -> HttpResponse:
        """Scan the key of a page and give its first code; returns the page that comes next."""
        assert page.path == "/connexion/telephone", page.text
        self.phone = Authenticator(key_on(page), self.desk.clock)
        return await self.browser.post(page, page.path, {"code": self.phone.code()})

    async def join(self) -> HttpResponse:
        """From the invitation to the first page."""
        return await self.enrol(await self.accept(await self.invite()))

    async def give_password(
        self, password: str = "", browser: HttpBrowser | None = None, path: str = "/connexion"
    ) -> HttpResponse:
        """Address and password; returns the page that comes next."""
        browser = browser or self.browser
        page = await browser.get(path)
        given = {"address": self.address, "password": password or self.password}
        return await browser.post(page, "/connexion", given)

    async def sign_in(
        self, browser: HttpBrowser | None = None, path: str = "/connexion"
    ) -> HttpResponse:
        """Password and code; returns the page that comes next."""
        browser = browser or self.browser
        page = await self.give_password(browser=browser, path=path)
        assert page.path == "/connexion/code", page.text
        return await browser.post(page, "/connexion/code", {"code": self.code()})

    def code(self) -> str:
        """A code that was not used yet: half a minute passes."""
        assert self.phone is not None
        self.desk.clock.advance(seconds=30)
        return self.phone.code()


def new_agent(desk: Desk, role: str = "agent") -> DeskAgent:
    """Somebody who is no agent yet, with an address of their own."""
    return DeskAgent(desk, role, f"agent{next(_NUMBERS)}@agency.example.fr")


async def joined_agent(desk: Desk, role: str = "agent") -> DeskAgent:
    """An agent of a role, signed in for the first time."""
    agent = new_agent(desk, role)
    page = await agent.join()
    assert page.status == 200, page.text
    assert "impex-desk-session" in agent.browser.cookies
    return agent
