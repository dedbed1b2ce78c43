"""Every service in a process of its own, with its mail server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from tests.support.actors.chromium_user import ChromiumUser
from tests.support.actors.http_browser import HttpBrowser
from tests.support.mail.mail_fixture import MailFixture
from tests.support.servers.portal import PASSWORD
from tests.support.servers.system import System

NewUser = Callable[..., Awaitable[ChromiumUser]]
RESEND_SECONDS = 8


@dataclass
class SpawnedPortal:
    """A running portal, the desk beside it, and their mail server."""

    system: System
    mail: MailFixture
    base: str
    desk: str

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Rows of a query, as the database's administrator."""
        connection = await asyncpg.connect(self.system.database.admin_url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def requests(self, address: str) -> int:
        """How many requests an address has."""
        query = "select count(*) as n from registration.requests where address = $1"
        return int((await self.rows(query, address))[0]["n"])

    async def account(self, address: str) -> None:
        """An account, made the quick way: no window, no scripts."""
        browser = HttpBrowser(self.base)
        page = await browser.get("/inscription")
        person = {"first_name": "Pierre", "last_name": "Durand", "password": PASSWORD}
        page = await browser.post(page, "/inscription", {**person, "address": address})
        mail = await self.mail.validation_mail(address)
        await browser.post(page, "/inscription/validation", {"code": mail.code})
        page = await browser.get("/inscription/conditions")
        page = await browser.post(page, "/inscription/conditions", {"accept": "1"})
        assert page.path == "/inscription/creation", page.text
        await browser.close()
        await self.mail.message(address, 2)
