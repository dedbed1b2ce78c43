"""Every service in one process, a mail server, and users in front of the portal."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from operations.local.processes import free_port
from tests.support import eventually
from tests.support.actors.chromium_profiles import Profile, Profiles
from tests.support.actors.chromium_user import ChromiumUser
from tests.support.actors.http_browser import HttpBrowser
from tests.support.mail.mail_fixture import MailFixture
from tests.support.pages.chromium import require_browser
from tests.support.servers.desk import desk_settings
from tests.support.servers.portal import fresh_system
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.spawned_portal import RESEND_SECONDS, NewUser, SpawnedPortal
from tests.support.servers.system import gateway_settings


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def portal(
    test_servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SpawnedPortal]:
    """Every service, shared by the tests of this folder."""
    require_browser()
    post = MailFixture()
    await post.start()
    port, desk_port = free_port(), free_port()
    with fresh_system(test_servers, tmp_path_factory.mktemp("journeys")) as system:
        system.settings |= {
            **gateway_settings(port),
            **desk_settings(desk_port),
            "IMPEX_SMTP_URL": post.url,
            "IMPEX_RESEND_SECONDS": str(RESEND_SECONDS),
            "IMPEX_LOOKUPS_PER_MINUTE": "10000",
        }
        services = system.spawn(
            *("registration", "mfa", "profile", "dossiers", "mailer", "support", "desk", "gateway")
        )
        await eventually(services.ready, 60, every=0.1, why="the services are ready")

        async def answers() -> bool:
            services.ready()  # raises with its log when it has ended
            browser = HttpBrowser(f"http://127.0.0.1:{port}")
            try:
                return (await browser.get("/connexion")).status == 200
            except aiohttp.ClientConnectionError:
                return False
            finally:
                await browser.close()

        # Readiness is asked of the first service; the portal is another one of the same process.
        await eventually(answers, 60, every=0.1, why="the portal answers")
        yield SpawnedPortal(
            system, post, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{desk_port}"
        )
    await post.stop()


@pytest.fixture(scope="package")
def profiles(browser: Browser) -> Profiles:
    """Every visitor gets a profile of their own."""
    return Profiles(browser)


@pytest_asyncio.fixture(loop_scope="session")
async def new_user(portal: SpawnedPortal, profiles: Profiles) -> AsyncIterator[NewUser]:
    """Await it for a new user: `visit(language="en", scripts=False)`; all are checked at the end.

    `base` is the address of the desk for an agent. Other options go to the browser's profile, such
    as `viewport`.
    """
    made: list[tuple[ChromiumUser, Profile]] = []

    async def come(
        *, language: str = "fr", scripts: bool = True, base: str = "", **options: Any
    ) -> ChromiumUser:
        profile = await profiles.take(language, scripts, options)
        user = ChromiumUser(base or portal.base, language, scripts, profile.context, profile.page)
        user.watch()
        made.append((user, profile))
        return user

    yield come
    try:
        for user, _ in made:
            await user.check()
    finally:
        for user, profile in made:
            user.leave()
            await profiles.give_back(profile)


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    return f"p{secrets.token_hex(6)}@pharmacie.example.fr"
