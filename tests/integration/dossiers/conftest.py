"""Fixtures: the service on a table that is emptied before each test."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from services.dossiers.service import SERVICE
from shared.database import Pool
from tests.support.harness.dossiers import DossiersHarness, empty_harness
from tests.support.harness.service_harness import service_pool, service_tables
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the table of dossiers, shared by these tests."""
    with service_tables(test_servers, SERVICE) as database:
        yield database


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def pool(tables: Database) -> AsyncIterator[Pool]:
    """Sessions for all these tests."""
    async with service_pool(tables, SERVICE) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package")
async def harness(pool: Pool) -> DossiersHarness:
    """An empty list."""
    return await empty_harness(pool)
