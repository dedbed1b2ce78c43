"""The portal in the test's loop on real servers, with a database and virtual host of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from operations.local.processes import free_port
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.clock import Clock
from tests.support.mail.sent_mails import SentMails, record_sent_mails
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System, gateway_settings

PASSWORD = "Kvfz9rLq#2"


@dataclass
class Portal:
    """A running portal."""

    system: System
    base: str
    sent_mails: SentMails
    browsers: list[HttpBrowser]
    clock: Clock = field(default_factory=Clock)

    def browser(self, language: str = "fr") -> HttpBrowser:
        """A fresh browser."""
        self.browsers.append(HttpBrowser(self.base, language))
        return self.browsers[-1]

    async def asked(self, browser: HttpBrowser, address: str, **values: str) -> HttpResponse:
        """Request an account; returns the page that comes next."""
        page = await browser.get("/inscription")
        filled = {
            "first_name": "Pierre",
            "last_name": "Durand",
            "address": address,
            "password": PASSWORD,
            **values,
        }
        return await browser.post(page, "/inscription", filled)

    async def proved(self, browser: HttpBrowser, address: str) -> HttpResponse:
        """Request an account and verify it by code; returns the page that confirms it."""
        page = await self.asked(browser, address)
        mail = await self.sent_mails.to(address)
        return await browser.post(page, "/inscription/validation", {"code": mail.code})


@contextmanager
def fresh_system(test_servers: TestServers, folder: Path) -> Iterator[System]:
    """A fresh database with every table and a fresh virtual host."""
    database = test_servers.migrated(services())
    broker = test_servers.broker(principals())
    made = System(database, broker, folder)
    try:
        yield made
    finally:
        made.close()
        test_servers.delete(broker)
        test_servers.drop(database)


@asynccontextmanager
async def separate_system(
    test_servers: TestServers, folder: Path
) -> AsyncIterator[tuple[System, SentMails]]:
    """A system for one test that stops and starts services."""
    with fresh_system(test_servers, folder) as system:
        async with record_sent_mails(system) as sent_mails:
            yield system, sent_mails


#: The services that a portal needs for a sign-in.
SERVICES = ("registration", "mfa", "profile", "dossiers", "support", "gateway")


@asynccontextmanager
async def running_portal(
    system: System, sent_mails: SentMails, *names: str, clock: Clock | None = None, **settings: str
) -> AsyncIterator[Portal]:
    """Services on a port of their own, the portal among them, by a clock that the test moves."""
    port, clock = free_port(), clock or Clock()
    given = {**gateway_settings(port), "IMPEX_LOOKUPS_PER_MINUTE": "10000", **settings}
    async with system.run(*names, clock=clock, **given):
        portal = Portal(system, f"http://127.0.0.1:{port}", sent_mails, [], clock)
        yield portal
        await asyncio.gather(*(one.close() for one in portal.browsers))
