"""Fixtures: the service on tables that are emptied before each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio

from services.support.service import SERVICE
from shared.database import Pool
from tests.support.harness.service_harness import service_pool, service_tables
from tests.support.harness.support import OpenHarness, SupportHarness, open_harness
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the tables of the service, shared by these tests."""
    with service_tables(test_servers, SERVICE) as database:
        yield database


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def pool(tables: Database) -> AsyncIterator[Pool]:
    """Sessions for all these tests."""
    async with service_pool(tables, SERVICE) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package")
async def harness(tables: Database, pool: Pool) -> AsyncIterator[SupportHarness]:
    """The service with default settings."""
    async with open_harness(tables, pool) as opened:
        yield opened


@pytest.fixture
def harness_with(tables: Database, pool: Pool) -> OpenHarness:
    """Opens the service with other settings; `keep_tables=True` keeps the rows."""

    def make(**changes: object) -> AbstractAsyncContextManager[SupportHarness]:
        return open_harness(tables, pool, **changes)  # type: ignore[arg-type]

    return make
