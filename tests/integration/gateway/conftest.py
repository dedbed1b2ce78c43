"""The portal on real servers: its services in the test's loop, browsers, sent mails."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.support.actors.filing_app import FilingApp, connect_filing_app
from tests.support.actors.http_browser import HttpBrowser
from tests.support.mail.sent_mails import SentMails, record_sent_mails
from tests.support.servers.portal import SERVICES, Portal, fresh_system, running_portal
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System


@pytest.fixture(scope="package")
def shared_system(
    test_servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A system for all tests of this folder; each test uses addresses of its own."""
    with fresh_system(test_servers, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def sent_mails(shared_system: System) -> AsyncIterator[SentMails]:
    """The mails of the shared system."""
    async with record_sent_mails(shared_system) as found:
        yield found


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def portal(shared_system: System, sent_mails: SentMails) -> AsyncIterator[Portal]:
    """Gateway, registration and second factor, shared by the tests of this folder."""
    settings = {"IMPEX_LOST_PHONE_ALONE": "true"}
    async with running_portal(shared_system, sent_mails, *SERVICES, **settings) as portal:
        yield portal


@pytest_asyncio.fixture(loop_scope="package")
async def another(
    shared_system: System, sent_mails: SentMails, portal: Portal
) -> AsyncIterator[Callable[..., Awaitable[Portal]]]:
    """Await it with settings for a second gateway on the same registration."""
    async with AsyncExitStack() as stack:

        async def open_one(**settings: str) -> Portal:
            return await stack.enter_async_context(
                running_portal(shared_system, sent_mails, "gateway", clock=portal.clock, **settings)
            )

        yield open_one


@pytest_asyncio.fixture(loop_scope="package")
async def browser(portal: Portal) -> HttpBrowser:
    """A fresh browser."""
    return portal.browser()


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    return f"p{secrets.token_hex(6)}@pharmacie.example.fr"


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def filing_app(portal: Portal) -> AsyncIterator[FilingApp]:
    """The application that files and decides dossiers."""
    async with connect_filing_app(portal.system) as made:
        yield made
