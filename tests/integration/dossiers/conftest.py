"""A list of dossiers per test, on tables that are emptied before each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from services.dossiers.service import SERVICE
from shared.database import migrate
from tests.integration.dossiers.room import Shelf, open_shelf
from tests.support.servers import Corners, Database


@pytest.fixture(scope="session")
def tables(corners: Corners) -> Iterator[Database]:
    """A database with the table of dossiers, one for all these tests."""
    database = corners.database()
    role = f"impex_{SERVICE.name}"
    asyncio.run(migrate(database.owner_url, SERVICE.name, role, SERVICE.migration_dirs))
    yield database
    corners.drop(database)


@pytest.fixture
async def shelf(tables: Database) -> AsyncIterator[Shelf]:
    """An empty list."""
    async with open_shelf(tables) as made:
        yield made
