"""A bus with a few services for each test."""

from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from operations.provision.permissions import Principal
from shared.messaging.rpc_server import RpcServer
from tests.support.servers.bus_fixture import PRINCIPALS, BusFixture
from tests.support.servers.shared_servers import Broker, Database


@pytest.fixture
def broker(broker_factory: Callable[[Iterable[Principal]], Broker]) -> Broker:
    """A fresh virtual host with the rights of `PRINCIPALS`."""
    return broker_factory(PRINCIPALS)


@pytest.fixture
def in_process(request: pytest.FixtureRequest) -> dict[str, RpcServer] | None:
    """What the services of one process share, or None: chosen by `owners.both_ways`."""
    return {} if getattr(request, "param", False) else None


@pytest.fixture
async def bus(
    database: Database, broker: Broker, in_process: dict[str, RpcServer] | None
) -> AsyncIterator[BusFixture]:
    """Nodes made in it are drained at the end."""
    made = BusFixture(database, broker, in_process)
    yield made
    await made.close()
