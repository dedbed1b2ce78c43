"""A second factor per test, on tables that are emptied before each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from services.mfa.service import SERVICE
from shared.database import migrate
from tests.support.harness.mfa import MfaHarness, OpenHarness, open_harness
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the second factor's tables, one for all these tests."""
    database = test_servers.database()
    role = f"impex_{SERVICE.name}"
    asyncio.run(migrate(database.owner_url, SERVICE.name, role, SERVICE.migration_dirs))
    yield database
    test_servers.drop(database)


@pytest.fixture
async def harness(tables: Database) -> AsyncIterator[MfaHarness]:
    """The second factor with the guide's settings."""
    async with open_harness(tables) as made:
        yield made


@pytest.fixture
def harness_with(tables: Database) -> OpenHarness:
    """Call it with settings for a second factor that has them; `keep=True` keeps the tables."""

    def make(**more: object) -> AbstractAsyncContextManager[MfaHarness]:
        return open_harness(tables, **more)  # type: ignore[arg-type]

    return make
