"""The complementary information per test, on tables that are emptied before each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from services.profile import directory
from services.profile.directory import Pace
from services.profile.service import SERVICE
from shared.database import migrate
from tests.support.harness.profile import OpenHarness, ProfileHarness, open_harness
from tests.support.servers.company_directory import CompanyDirectory, company_directory
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the tables of the complementary information, one for all these tests."""
    database = test_servers.database()
    role = f"impex_{SERVICE.name}"
    asyncio.run(migrate(database.owner_url, SERVICE.name, role, SERVICE.migration_dirs))
    yield database
    test_servers.drop(database)


@pytest.fixture
async def harness(tables: Database) -> AsyncIterator[ProfileHarness]:
    """The complementary information with the default settings."""
    async with open_harness(tables) as made:
        yield made


@pytest.fixture
def harness_with(tables: Database) -> OpenHarness:
    """Call it with settings for a service that has them; `keep=True` keeps the tables."""

    def make(**more: object) -> AbstractAsyncContextManager[ProfileHarness]:
        return open_harness(tables, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
async def opened(
    harness_with: OpenHarness, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ProfileHarness, CompanyDirectory]]:
    """The service with a directory. Turns, and what a failure does to those who come next, are
    `test_directory`'s matter."""

    async def at_once(_self: Pace, _within: float) -> bool:
        return True

    monkeypatch.setattr(directory, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(Pace, "turn", at_once)
    async with (
        company_directory() as server,
        harness_with(IMPEX_DIRECTORY_URL=server.url) as harness,
    ):
        yield harness, server
