"""Fixtures: the service on tables that are emptied before each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio

from services.profile import directory
from services.profile.directory import RateLimiter
from services.profile.service import SERVICE
from shared.database import Pool
from tests.support.harness.profile import OpenHarness, ProfileHarness, open_harness
from tests.support.harness.service_harness import service_pool, service_tables
from tests.support.servers.company_directory import CompanyDirectory, company_directory
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
async def harness(tables: Database, pool: Pool) -> AsyncIterator[ProfileHarness]:
    """The service with default settings."""
    async with open_harness(tables, pool) as opened:
        yield opened


@pytest.fixture
def harness_with(tables: Database, pool: Pool) -> OpenHarness:
    """Opens the service with other settings; `keep_tables=True` keeps the rows."""

    def make(**changes: object) -> AbstractAsyncContextManager[ProfileHarness]:
        return open_harness(tables, pool, **changes)  # type: ignore[arg-type]

    return make


@pytest_asyncio.fixture(loop_scope="package")
async def with_directory(
    harness_with: OpenHarness, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ProfileHarness, CompanyDirectory]]:
    """The service with a directory, without rate limit and pauses, which `test_directory` tests."""

    async def at_once(_self: RateLimiter, _within: float) -> bool:
        return True

    monkeypatch.setattr(directory, "PAUSE_SECONDS", 0.0)
    for name in ("INTERACTIVE", "BACKGROUND"):  # a slow answer of a busy machine is no timeout
        monkeypatch.setattr(directory, name, directory.Timeouts(wait=60, response=60))
    monkeypatch.setattr(RateLimiter, "wait_turn", at_once)
    async with (
        company_directory() as server,
        harness_with(IMPEX_DIRECTORY_URL=server.url) as harness,
    ):
        yield harness, server
