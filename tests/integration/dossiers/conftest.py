"""Fixtures: the service on a table that is emptied before each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from services.dossiers.service import SERVICE
from shared.database import migrate
from tests.support.harness.dossiers import DossiersHarness, open_harness
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the table of dossiers, shared by these tests."""
    database = test_servers.database()
    role = f"impex_{SERVICE.name}"
    asyncio.run(migrate(database.owner_url, SERVICE.name, role, SERVICE.migration_dirs))
    yield database
    test_servers.drop(database)


@pytest.fixture
async def harness(tables: Database) -> AsyncIterator[DossiersHarness]:
    """An empty list."""
    async with open_harness(tables) as harness:
        yield harness
