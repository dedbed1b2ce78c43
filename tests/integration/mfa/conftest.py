"""Fixtures: the service on tables that are emptied before each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from services.mfa.service import SERVICE
from tests.support.harness.mfa import MfaHarness, OpenHarness, open_harness
from tests.support.harness.service_harness import service_tables
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with the tables of the service, shared by these tests."""
    with service_tables(test_servers, SERVICE) as database:
        yield database


@pytest.fixture
async def harness(tables: Database) -> AsyncIterator[MfaHarness]:
    """The service with default settings."""
    async with open_harness(tables) as opened:
        yield opened


@pytest.fixture
def harness_with(tables: Database) -> OpenHarness:
    """Opens the service with other settings; `keep_tables=True` keeps the rows."""

    def make(**changes: object) -> AbstractAsyncContextManager[MfaHarness]:
        return open_harness(tables, **changes)  # type: ignore[arg-type]

    return make
