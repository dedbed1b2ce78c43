"""A migrated database, a broker, and the small services to start on them."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from operations.local import processes
from operations.provision.permissions import Principal
from shared.database import migrate
from shared.runtime.service import COMMON_MIGRATIONS
from tests.integration.shared.runtime.sample_services.service import MIGRATIONS
from tests.integration.shared.runtime.service_process import Process, Start
from tests.support.servers.services import principals
from tests.support.servers.shared_servers import Broker, Database


@pytest.fixture
def broker(broker_factory: Callable[[Iterable[Principal]], Broker]) -> Broker:
    """A fresh virtual host with the users of all services."""
    return broker_factory(principals())


@pytest.fixture
async def environ(database: Database, broker: Broker) -> dict[str, str]:
    for name in ("registration", "mailer"):
        dirs = [COMMON_MIGRATIONS, MIGRATIONS]
        await migrate(database.owner_url, name, f"impex_{name}", dirs)
    return {
        "IMPEX_REGISTRATION_DATABASE_URL": database.url("registration"),
        "IMPEX_REGISTRATION_AMQP_URL": broker.url("registration"),
        "IMPEX_MAILER_DATABASE_URL": database.url("mailer"),
        "IMPEX_MAILER_AMQP_URL": broker.url("mailer"),
        "IMPEX_START_SECONDS": "30",
    }


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def begin(**more: str) -> Process:
        started.append(Process({**environ, **more}, tmp_path))
        return started[-1]

    yield begin
    for process in started:
        process.end()


@pytest.fixture
def free_port() -> int:
    """A port that no outgoing connection takes before the service does."""
    return processes.free_port()
