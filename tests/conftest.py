"""Fixtures for every test: servers and a browser, started once and only on request.

`servers`, `browser`, `database`, `database_factory`, `broker`, `broker_factory`, `smtp`. A machine
without the servers skips the tests that need them; where CI=true they fail instead.
"""

import gc
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from xdist.scheduler import LoadFileScheduling

from operations.local.processes import started_at, wait_until
from operations.provision.permissions import Principal
from tests.support.compiled_templates import compiled_once
from tests.support.mail.mail_server import MailServer
from tests.support.run_folder import RUN_FOLDER, current_run
from tests.support.scheduling import group_of, longest_first
from tests.support.servers.certificates import Authority
from tests.support.servers.dedicated_servers import DedicatedServers, start_dedicated_servers
from tests.support.servers.server_folder import server_folder
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import (
    Broker,
    Database,
    ServerUrls,
    TestServers,
    obtain,
    reason_to_skip,
)
from tests.support.servers.system import System

if TYPE_CHECKING:
    from playwright.async_api import Browser


def pytest_configure(config: pytest.Config) -> None:
    """The main process of a run makes the folder that all its workers share."""
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = f"{os.getpid()}:{server_folder('impex-test-')}"
    stack = ExitStack()
    stack.enter_context(compiled_once())
    config.add_cleanup(stack.close)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The main process stops the servers and removes the folder."""
    if hasattr(config, "workerinput") or RUN_FOLDER not in os.environ:
        return
    _, folder = current_run()
    del os.environ[RUN_FOLDER]
    with_servers = folder / "servers.json"
    if with_servers.exists():
        holder = int(json.loads(with_servers.read_text())["holder"])
        born = started_at(holder)
        if born is not None:
            os.kill(holder, signal.SIGTERM)
            wait_until(lambda: started_at(holder) != born, 30, "the end of the test servers")
    shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, whatever number of workers there is."""
    items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    """The garbage collector no longer looks at what was imported, and at the tests that were found.

    A full collection of it stopped a worker, and the services in its process, for one to two
    seconds, of the three that a request waits.
    """
    gc.collect()
    gc.freeze()


class _GroupScheduling(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """With `--dist loadfile`, files that share an installation stay in one worker."""
    return _GroupScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def servers() -> ServerUrls:
    """The run's PostgreSQL and RabbitMQ, with the administrators' addresses."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)
    run, folder = current_run()
    return obtain(folder, run)


@pytest.fixture(scope="session")
def test_servers(servers: ServerUrls) -> Iterator[TestServers]:
    """Creates fresh databases and virtual hosts."""
    made = TestServers(servers, principals())
    yield made
    made.admin.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> "AsyncIterator[Browser]":
    """One Chromium for all tests of this worker; each makes contexts of its own."""
    # Most workers of a run without servers need no browser and save the import.
    from tests.support.pages.chromium import running

    async with running() as browser:
        yield browser


@pytest.fixture
def database_factory(test_servers: TestServers) -> Iterator[Callable[[], Database]]:
    """Call it for a fresh database: roles and schemas are there, tables are not."""
    made: list[Database] = []

    def make() -> Database:
        made.append(test_servers.database())
        return made[-1]

    yield make
    for database in made:
        test_servers.drop(database)


@pytest.fixture
def database(database_factory: Callable[[], Database]) -> Database:
    """One fresh database."""
    return database_factory()


@pytest.fixture
def broker_factory(test_servers: TestServers) -> Iterator[Callable[[Iterable[Principal]], Broker]]:
    """Call it with principals of your own for a fresh virtual host."""
    made: list[Broker] = []

    def make(principals: Iterable[Principal]) -> Broker:
        made.append(test_servers.broker(principals))
        return made[-1]

    yield make
    for broker in made:
        test_servers.delete(broker)


@pytest.fixture
def broker(broker_factory: Callable[[Iterable[Principal]], Broker]) -> Broker:
    """One fresh virtual host with every service's user and the shared exchanges."""
    return broker_factory(principals())


@pytest.fixture
def system(test_servers: TestServers, broker: Broker, tmp_path: Path) -> Iterator[System]:
    """Database with every table, virtual host, and the services' settings on both."""
    database = test_servers.migrated(services())
    made = System(database, broker, tmp_path)
    yield made
    made.close()
    test_servers.drop(database)


@pytest.fixture(scope="session")
def dedicated_servers() -> Iterator[DedicatedServers]:
    """Servers of this process alone, for tests that stop or kill them."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)
    with start_dedicated_servers(principals()) as made:
        yield made


@pytest.fixture
def service_environment(system: System) -> Callable[..., dict[str, str]]:
    """Call it with a service's name for the variables that it is given."""
    return system.environment


@pytest.fixture
async def smtp() -> AsyncIterator[MailServer]:
    """A mail server in this process whose answers a test sets."""
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Signs server certificates for this test; `authority.ca_file` is what a client trusts."""
    return Authority(tmp_path)


@pytest.fixture
async def smtp_factory() -> AsyncIterator[Callable[..., Awaitable[MailServer]]]:
    """Await it with `tls=authority.server_context()`, `login=(user, password)`, both or none."""
    made: list[MailServer] = []

    async def make(**options: Any) -> MailServer:
        made.append(MailServer(**options))
        await made[-1].start()
        return made[-1]

    yield make
    for server in made:
        await server.stop()
