"""The whole house in a process of its own, a mail server, and Chromium in front of the portal."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from operations.processes import free_port
from tests.accessibility.conftest import ARGUMENTS, CHROMIUM, require_browser
from tests.integration.gateway.browser import Browser as PlainBrowser
from tests.integration.gateway.conftest import PASSWORD, corner
from tests.journeys.post import PostOffice
from tests.journeys.visitor import Visitor
from tests.support import eventually
from tests.support.servers import Corners
from tests.support.system import System, gateway_settings

LOCALES = {"fr": "fr-FR", "en": "en-GB"}
RESEND_SECONDS = 3


@dataclass
class Portal:
    """A running portal and its mail server."""

    system: System
    post: PostOffice
    base: str

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """What the database says to its administrator."""
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
        browser = PlainBrowser(self.base)
        page = await browser.get("/inscription")
        person = {"first_name": "Pierre", "last_name": "Durand", "password": PASSWORD}
        page = await browser.post(page, "/inscription", {**person, "address": address})
        letter = await self.post.letter(address)
        await browser.post(page, "/inscription/validation", {"code": letter.code})
        page = await browser.get("/inscription/conditions")
        page = await browser.post(page, "/inscription/conditions", {"accept": "1"})
        assert page.path == "/inscription/creation", page.text
        await browser.close()
        await self.post.message(address, 2)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def portal(
    corners: Corners, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Portal]:
    """Every service, shared by the tests of this folder."""
    require_browser()
    post = PostOffice()
    await post.start()
    port = free_port()
    with corner(corners, tmp_path_factory.mktemp("journeys")) as system:
        system.settings |= {
            **gateway_settings(port),
            "IMPEX_SMTP_URL": post.url,
            "IMPEX_RESEND_SECONDS": str(RESEND_SECONDS),
            "IMPEX_LOOKUPS_PER_MINUTE": "10000",
        }
        house = system.spawn("registration", "mfa", "profile", "dossiers", "mailer", "gateway")
        await eventually(house.ready, 60, every=0.1, why="the services are ready")

        async def answers() -> bool:
            house.ready()  # tells with its log when it has ended
            browser = PlainBrowser(f"http://127.0.0.1:{port}")
            try:
                return (await browser.get("/connexion")).status == 200
            except aiohttp.ClientConnectionError:
                return False
            finally:
                await browser.close()

        # Readiness is asked of the first service; the portal is another one of the same process.
        await eventually(answers, 60, every=0.1, why="the portal answers")
        yield Portal(system, post, f"http://127.0.0.1:{port}")
    await post.stop()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium for the folder; every visitor gets a profile of their own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        await browser.close()


Visit = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(portal: Portal, chromium: Browser) -> AsyncIterator[Visit]:
    """Await it for somebody new: `visit(language="en", scripts=False)`; all are checked at the end.

    Other options go to the browser's profile, such as `viewport`.
    """
    made: list[Visitor] = []

    async def come(*, language: str = "fr", scripts: bool = True, **options: Any) -> Visitor:
        context = await chromium.new_context(
            locale=LOCALES[language],
            java_script_enabled=scripts,
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options},
        )
        context.set_default_timeout(20_000)
        visitor = Visitor(portal.base, language, scripts, context, None)  # type: ignore[arg-type]
        await visitor.watch()
        made.append(visitor)
        return visitor

    yield come
    try:
        for visitor in made:
            await visitor.check()
    finally:
        for visitor in made:
            await visitor.context.close()


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    return f"p{secrets.token_hex(6)}@pharmacie.example.fr"
