"""The mailer on tables that are emptied before each test; on a broker where a test needs one."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.mailer.service import SERVICE
from tests.support.harness.mailer import MailerHarness, open_harness
from tests.support.harness.service_harness import service_tables
from tests.support.mail.mailer_on_broker import MailerOnBroker
from tests.support.servers.shared_servers import Database, TestServers
from tests.support.servers.system import System


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the tables of the service, shared by these tests."""
    with service_tables(test_servers, SERVICE) as database:
        yield database


@pytest.fixture
async def mailer(tables: Database) -> AsyncIterator[MailerHarness]:
    """The handlers of the service; `mailer.run` sends what they write."""
    async with open_harness(tables) as harness:
        yield harness


@pytest.fixture
async def on_broker(system: System) -> AsyncIterator[MailerOnBroker]:
    """Publishers and a subscriber for a mailer that `system` runs or spawns."""
    made = MailerOnBroker(system)
    await made.open()
    yield made
    await made.close()
