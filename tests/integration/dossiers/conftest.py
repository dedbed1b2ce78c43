"""Fixtures: the service on a table that is emptied before each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.dossiers.service import SERVICE
from tests.support.harness.dossiers import DossiersHarness, open_harness
from tests.support.harness.service_harness import service_tables
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the table of dossiers, shared by these tests."""
    with service_tables(test_servers, SERVICE) as database:
        yield database


@pytest.fixture
async def harness(tables: Database) -> AsyncIterator[DossiersHarness]:
    """An empty list."""
    async with open_harness(tables) as harness:
        yield harness
