"""Crashes of servers and processes: nothing is lost, nothing has its effect twice."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from operations.local.rabbit import Rabbit
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import DescribeTerms
from shared.contracts.registration.views import TermsView
from shared.database import open_pool
from shared.errors import DependencyDown
from shared.messaging import answers, hears, topology
from shared.messaging.connection import BROKER, BrokerConnection
from shared.messaging.envelope import wrap
from shared.messaging.errors import ServiceUnavailable
from tests.support.servers.bus_fixture import PRINCIPALS, BusFixture, RecordingHandler, forge, now
from tests.support.servers.dedicated_servers import DedicatedServers, quorum_queues_saved
from tests.support.servers.frozen import frozen
from tests.support.servers.network import Network, network
from tests.support.servers.shared_servers import Broker, Database
from tests.support.waiting import eventually

pytestmark = pytest.mark.faults


def _cancelled(number: int) -> RequestCancelled:
    return RequestCancelled(request_id=str(number))


@pytest.fixture
def own_broker(dedicated_servers: DedicatedServers) -> Iterator[Broker]:
    """A virtual host on a broker that may be killed."""
    dedicated_servers.ensure()
    broker = dedicated_servers.test_servers.broker(PRINCIPALS)
    yield broker
    dedicated_servers.ensure()
    broker.admin.close()  # the broker may have been started again since it was last asked
    dedicated_servers.test_servers.delete(broker)


@contextmanager
def killed(rabbit: Rabbit) -> Iterator[None]:
    """Connections are cut, new ones are refused until it is started again."""
    rabbit.kill()
    try:
        yield
    finally:
        rabbit.start()


@contextmanager
def silent(rabbit: Rabbit) -> Iterator[None]:
    """Connections stay open until their heartbeats are missed, new ones are not answered."""
    with frozen(rabbit.child):
        yield


@pytest.mark.timeout(300)
@pytest.mark.parametrize("outage", [killed, silent])
async def test_mq_06_a_broker_that_was_away_has_lost_no_event(
    database: Database,
    dedicated_servers: DedicatedServers,
    own_broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    outage: Callable[[Rabbit], AbstractContextManager[None]],
) -> None:
    """MQ-06: events emitted before, during and after the outage are each handled once.

    R-05: each service logs the outage in one line when it begins and in one when it ends.
    """
    if outage is silent:
        monkeypatch.setattr(BrokerConnection.__init__, "__kwdefaults__", {"heartbeat": 1})
    own_rabbit = dedicated_servers.rabbit
    bus = BusFixture(database, own_broker)
    handler = RecordingHandler()
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node(
        "registration",
        emits=(RequestCancelled,),
        answers=(answers(DescribeTerms, _terms),),
    )
    gateway = await bus.node("gateway", asks=(DescribeTerms,))
    nodes = (mailer, registration, gateway)
    await quorum_queues_saved(own_rabbit, own_broker)
    ids = await bus.emit(registration, *map(_cancelled, range(150)))
    await eventually(lambda: len(handler) > 20)

    with capture_logs() as lines:
        with outage(own_rabbit):
            await eventually(lambda: not any(node.ready[0] for node in nodes))
            with pytest.raises(ServiceUnavailable) as caught:
                await gateway.rpc_client.ask(DescribeTerms(language="fr"))
            assert caught.value.name == BROKER
            ids += await bus.emit(registration, *map(_cancelled, range(150, 250)))
        await eventually(lambda: all(node.ready[0] for node in nodes), 90, why="all are back")
        ids += await bus.emit(registration, *map(_cancelled, range(250, 300)))

        await eventually(lambda: _inbox(bus, 300), 60)
    assert set(handler.ids) == set(ids)
    assert await gateway.rpc_client.ask(DescribeTerms(language="fr")) == _TERMS
    counted = Counter(one["action"] for one in lines if one["log_level"] not in ("debug", "info"))
    back = Counter(one["action"] for one in lines if one["action"].endswith("_back"))
    assert (counted, back) == ({"broker_lost": 3}, {"broker_back": 3})  # once for each service
    for node in nodes:
        assert not any(task.done() for task in node.background_tasks())
    await bus.close()


_TERMS = TermsView(version="1", date="2026-01-01", sha256="0" * 64, text="…", model=True)


async def _terms(_request: Any, _context: Any) -> TermsView:
    return _TERMS


async def _inbox(bus: BusFixture, number: int) -> bool:
    return await bus.count("mailer", "inbox") == number


async def test_events_survive_a_network_that_is_cut_repeatedly(bus: BusFixture) -> None:
    """On the publisher's connection and on the consumer's, in the middle of the flow."""
    handler = RecordingHandler()
    url = bus.broker.admin_url
    async with network(url) as there, network(url) as here:
        mailer = await bus.node(
            "mailer",
            hears=(hears(RequestCancelled, handler),),
            url=there.url(bus.broker.url("mailer")),
        )
        registration = await bus.node(
            "registration",
            emits=(RequestCancelled,),
            url=here.url(bus.broker.url("registration")),
        )
        ids: list[str] = []
        for round_ in range(6):
            ids += await bus.emit(
                registration, *map(_cancelled, range(round_ * 50, round_ * 50 + 50))
            )
            await eventually(lambda sofar=round_ * 50: len(handler) > sofar + 5)
            (there if round_ % 2 else here).cut()
        await eventually(lambda: _inbox(bus, 300), 60)
        await eventually(lambda: _outbox(bus, 0), 60)
        assert set(handler.ids) == set(ids)
        await asyncio.gather(mailer.drain(5), registration.drain(5))


async def _outbox(bus: BusFixture, number: int) -> bool:
    return await bus.count("registration", "outbox") == number


@pytest.fixture
async def database_network(bus: BusFixture) -> AsyncIterator[Network]:
    """The mailer's connection to the database, which can be cut."""
    await bus.pool("mailer")
    async with network(bus.database.url("mailer")) as net:
        yield net


async def test_a_database_outage_pauses_the_consumer_and_uses_no_retry(
    bus: BusFixture, database_network: Network
) -> None:
    """Held, not retried: no retry queue is used, and every event has its effect afterwards."""
    await bus.pools.pop("mailer").close()
    url = database_network.url(bus.database.url("mailer"))
    bus.pools["mailer"] = await open_pool(url, "mailer", "mailer.test", 5)
    handler = RecordingHandler()
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    await bus.emit(registration, _cancelled(0))
    await eventually(lambda: len(handler) == 1)

    database_network.cut(refuse=True)
    ids = await bus.emit(registration, *map(_cancelled, range(1, 101)))
    await eventually(lambda: not mailer.ready[0])
    assert "database is unavailable" in mailer.ready[1]
    await eventually(lambda: _outbox(bus, 0))
    database_network.repair()

    await eventually(lambda: _inbox(bus, 101), 60)
    assert set(ids) <= set(handler.ids)
    assert mailer.ready[0]
    depths = bus.broker.depths()
    assert not any(depths[topology.retry_queue("mailer", step)] for step in topology.RETRY_DELAYS)
    assert await bus.depth("mailer.dead") == 0


async def test_a_dependency_of_the_service_pauses_it_until_its_probe_answers(
    bus: BusFixture,
) -> None:
    """`DependencyDown("smtp", …)`: cancelled, probed, resumed; each event handled once."""
    unavailable, probed = True, 0

    async def probe() -> None:
        nonlocal probed
        probed += 1
        if unavailable:
            raise DependencyDown("smtp", "no answer")

    def work(_event: Any, _context: Any) -> None:
        if unavailable:
            raise DependencyDown("smtp", "no answer")

    handler = RecordingHandler(work)
    mailer = await bus.node(
        "mailer", hears=(hears(RequestCancelled, handler),), probes={"smtp": probe}, prefetch=5
    )
    registration = await bus.node("registration", emits=(RequestCancelled,))
    await bus.emit(registration, *map(_cancelled, range(50)))
    await eventually(lambda: probed >= 2)
    assert not mailer.ready[0]
    assert await bus.depth("mailer") >= 45, "the rest stays in the queue"
    tried = len(handler)
    assert tried <= 5, "held, not tried again and again"
    unavailable = False
    await eventually(lambda: _inbox(bus, 50))
    assert len(handler) == 50 + tried


async def test_mq_01_a_process_killed_in_the_middle_of_a_handler_is_replaced(
    bus: BusFixture,
) -> None:
    """MQ-01: kill -9; its work is rolled back, and the message goes to the next process."""
    await bus.pool("mailer")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.shared.messaging.killable_worker",
        bus.broker.url("mailer"),
        bus.database.url("mailer"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"READY\n"
    registration = await bus.node("registration", emits=(RequestCancelled,))
    (message_id,) = await bus.emit(registration, _cancelled(7))
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"TOOK 7\n"
    process.kill()
    await process.wait()

    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    await eventually(lambda: handler.ids == [message_id])
    await eventually(lambda: _inbox(bus, 1))
    assert await bus.count("mailer", "replies") == 0


async def test_a_drain_completes_running_handlers_and_leaves_the_rest(bus: BusFixture) -> None:
    """Running handlers end and their events are published; waiting messages are for the next
    process.
    """
    release = asyncio.Event()

    async def work(_event: Any, _context: Any) -> None:
        await release.wait()

    handler = RecordingHandler(work)
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),), prefetch=10)
    url = bus.broker.url("registration")
    for number in range(30):
        message_id, body = wrap("registration", _cancelled(number), subject=None, now=now())
        await forge(
            url, body, key=RequestCancelled.TYPE, message_id=message_id, user="registration"
        )
    await eventually(lambda: len(handler) == 10)
    draining = asyncio.create_task(mailer.drain(10))
    await eventually(lambda: not mailer.ready[0])
    release.set()
    assert await draining == 0
    assert await bus.count("mailer", "inbox") == 10
    await eventually(lambda: _ready(bus, 20))


async def _ready(bus: BusFixture, number: int) -> bool:
    return await bus.depth("mailer") == number
