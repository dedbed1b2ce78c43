"""The complementary information per test, on tables that are emptied before each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from services.profile import directory
from services.profile.directory import Pace
from services.profile.service import SERVICE
from shared.database import migrate
from tests.integration.profile.room import Desk, open_desk
from tests.support.company_directory import CompanyDirectory, company_directory
from tests.support.servers import Corners, Database

OpenDesk = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture(scope="session")
def tables(corners: Corners) -> Iterator[Database]:
    """A database with the tables of the complementary information, one for all these tests."""
    database = corners.database()
    role = f"impex_{SERVICE.name}"
    asyncio.run(migrate(database.owner_url, SERVICE.name, role, SERVICE.migration_dirs))
    yield database
    corners.drop(database)


@pytest.fixture
async def desk(tables: Database) -> AsyncIterator[Desk]:
    """The complementary information with the default settings."""
    async with open_desk(tables) as made:
        yield made


@pytest.fixture
def desk_with(tables: Database) -> OpenDesk:
    """Call it with settings for a service that has them; `keep=True` keeps the tables."""

    def make(**more: object) -> AbstractAsyncContextManager[Desk]:
        return open_desk(tables, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
async def opened(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Desk, CompanyDirectory]]:
    """The service with a directory. Turns, and what a failure does to those who come next, are
    `test_directory`'s matter."""

    async def at_once(_self: Pace, _within: float) -> bool:
        return True

    monkeypatch.setattr(directory, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(Pace, "turn", at_once)
    async with (
        company_directory() as server,
        desk_with(IMPEX_DIRECTORY_URL=server.url) as desk,
    ):
        yield desk, server
