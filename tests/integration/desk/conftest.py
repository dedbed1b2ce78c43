"""The desk on real servers, with support and the second factor."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.cheap_hashes import cheap_hashes
from tests.support.clock import Clock
from tests.support.servers.desk import SERVICES, Desk, running_desk
from tests.support.servers.portal import fresh_system
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System


@pytest.fixture(scope="package")
def shared_system(
    test_servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A system for all tests of this folder; each test uses agents of its own."""
    with fresh_system(test_servers, tmp_path_factory.mktemp("desk")) as made, cheap_hashes():
        yield made


@pytest.fixture(scope="package")
def shared_clock() -> Clock:
    """What every service on the shared system goes by: a message that one sends has expired for
    another whose clock is ahead."""
    return Clock()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def desk(shared_system: System, shared_clock: Clock) -> AsyncIterator[Desk]:
    """The desk, shared by the tests of this folder."""
    async with running_desk(shared_system, *SERVICES, clock=shared_clock) as running:
        yield running
