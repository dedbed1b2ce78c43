"""Known pitfalls of RabbitMQ and aio-pika that `shared.messaging` avoids.

Those of queues are in `test_pitfalls_of_queues.py`; those that no test can show are listed in
docs/decisions/0003-pitfalls-not-tested.md.
"""

import asyncio
import gc
from typing import Any

import pytest

from shared.contracts.registration.events import RequestCancelled
from shared.database import transaction
from shared.errors import ConfigurationError, DependencyDown
from shared.messaging import hears, topology
from shared.messaging.connection import BrokerConnection
from shared.messaging.envelope import new_id
from shared.messaging.errors import PublishNotConfirmed, Unroutable
from shared.outbox import emit
from tests.integration.shared.messaging.pitfalls import (
    CANCELLED,
    cancelled,
    depth_is,
    properties,
    publisher_of,
)
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel, now
from tests.support.servers.network import network
from tests.support.waiting import eventually


async def exchange_without_queues(bus: BusFixture) -> str:
    """The name of an exchange of registration's own that leads nowhere."""
    name = "registration.nowhere"
    async with channel(bus.broker.url("registration")) as raw:
        await raw.exchange_declare(name, exchange_type="direct", durable=True)
    return name


async def test_a_lost_heartbeat_does_not_kill_the_relay(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker freezes until the heartbeat is lost; the relay survives and continues."""
    monkeypatch.setattr(BrokerConnection.__init__, "__kwdefaults__", {"heartbeat": 1})
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    async with network(bus.broker.admin_url) as net:
        url = net.url(bus.broker.url("registration"))
        registration = await bus.node("registration", emits=(RequestCancelled,), url=url)
        net.freeze()
        (message_id,) = await bus.emit(registration, cancelled())
        await eventually(lambda: not registration.ready[0], 60, why="the heartbeat is lost")
        assert [task.get_name() for task in registration.background_tasks() if task.done()] == []
        net.repair()
        await eventually(lambda: message_id in handler.ids, 60)
        await registration.drain(5)


async def test_an_unrequested_cancellation_is_a_lost_connection(
    bus: BusFixture,
) -> None:
    """A publish that waits when the heartbeat is lost fails like any lost connection."""
    url = bus.broker.url("registration")
    async with network(url) as net, publisher_of(net.url(url), timeout=30) as publisher:
        await publisher.publish(b"{}", properties(), exchange=topology.EVENTS, key=CANCELLED)
        net.freeze()
        with pytest.raises(DependencyDown):
            await publisher.publish(b"{}", properties(), exchange=topology.EVENTS, key=CANCELLED)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_two_publishes_of_one_id_have_separate_outcomes(bus: BusFixture) -> None:
    """One in-flight copy of an id at a time: only the unroutable one fails."""
    nowhere = await exchange_without_queues(bus)
    async with publisher_of(bus.broker.url("registration")) as publisher:
        for _ in range(20):
            same = new_id()
            good, bad = await asyncio.gather(
                publisher.publish(b"{}", properties(same), exchange=topology.EVENTS, key=CANCELLED),
                publisher.publish(b"{}", properties(same), exchange=nowhere, key="nobody"),
                return_exceptions=True,
            )
            assert good is None
            assert isinstance(bad, Unroutable)


async def test_a_cut_handler_leaves_its_message_in_the_queue(bus: BusFixture) -> None:
    """Cancelled is not failed: no dead letter, no retry queue, and it is redelivered."""
    release = asyncio.Event()

    async def wait(_event: Any, _context: Any) -> None:
        await release.wait()

    handler = RecordingHandler(wait)
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    (message_id,) = await bus.emit(registration, cancelled())
    await eventually(lambda: len(handler) == 1)
    assert await mailer.drain(0.2) == 1
    await eventually(lambda: depth_is(bus, "mailer", 1))
    assert await bus.depth("mailer.dead") == 0
    again = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, again),))
    await eventually(lambda: again.ids == [message_id])


async def test_losing_the_channel_does_not_kill_running_handlers(
    bus: BusFixture,
) -> None:
    """The handler completes, its acknowledgement fails, and the redelivery has no effect."""
    release, finished = asyncio.Event(), 0

    async def work(_event: Any, _context: Any) -> None:
        nonlocal finished
        await release.wait()
        finished += 1

    handler = RecordingHandler(work)
    async with network(bus.broker.admin_url) as net:
        mailer = await bus.node(
            "mailer",
            hears=(hears(RequestCancelled, handler),),
            url=net.url(bus.broker.url("mailer")),
        )
        registration = await bus.node("registration", emits=(RequestCancelled,))
        await bus.emit(registration, cancelled())
        await eventually(lambda: len(handler) == 1)
        net.cut()
        await eventually(lambda: not mailer.ready[0])
        await eventually(lambda: mailer.ready[0])
        release.set()
        await eventually(lambda: depth_is(bus, "mailer", 0))
        await eventually(lambda: bus.broker.depths()["mailer"] == 0)
        assert finished == 1
        assert await bus.count("mailer", "inbox") == 1
        await mailer.drain(5)


async def test_a_deleted_queue_is_declared_again_and_consumed(bus: BusFixture) -> None:
    """The broker cancels the consumer; the service declares its queue and consumes again."""
    handler = RecordingHandler()
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_delete("mailer")
    await eventually(lambda: not mailer.ready[0])
    await eventually(lambda: mailer.ready[0])
    await bus.emit(registration, cancelled())
    await eventually(lambda: len(handler) == 1)


async def test_other_arguments_are_a_clear_failure_at_the_start(
    bus: BusFixture,
) -> None:
    """406 closes a channel used for this only, and names the queue."""
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_declare(
            "mailer.dead", durable=True, arguments={"x-queue-type": "quorum", "x-max-length": 7}
        )
    with pytest.raises(ConfigurationError, match=r"queue mailer\.dead exists with other arguments"):
        await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler()),))


async def test_an_unroutable_publish_is_an_error(bus: BusFixture) -> None:
    """A returned message is not published."""
    nowhere = await exchange_without_queues(bus)
    async with publisher_of(bus.broker.url("registration")) as publisher:
        with pytest.raises(Unroutable):
            await publisher.publish(b"{}", properties(), exchange=nowhere, key="nobody")
        # And the channel is still usable for the next one.
        await publisher.publish(b"{}", properties(), exchange=topology.EVENTS, key=CANCELLED)


async def test_a_publish_never_outlives_its_timeout(bus: BusFixture) -> None:
    """Neither while the network is frozen nor after it was cut."""
    loop = asyncio.get_running_loop()
    url = bus.broker.url("registration")
    async with network(url) as net, publisher_of(net.url(url), timeout=1) as publisher:
        await publisher.publish(b"{}", properties(), exchange=topology.EVENTS, key=CANCELLED)
        for disturb in (net.freeze, net.cut):
            disturb()
            begin = loop.time()
            with pytest.raises((PublishNotConfirmed, DependencyDown)):
                await publisher.publish(
                    b"{}", properties(), exchange=topology.EVENTS, key=CANCELLED
                )
            assert loop.time() - begin < 15, "its own second, not what the connection takes"
        net.repair()
        await eventually(lambda: publisher.connection.is_up, 60)
        await publisher.publish(b"{}", properties(), exchange=topology.EVENTS, key=CANCELLED)


async def test_a_cancelled_declare_disturbs_nobody(bus: BusFixture) -> None:
    """A cancelled call closes its channel: declarations have a channel of their own."""
    handler = RecordingHandler()
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    busy = mailer._queue_consumers[0]._channel
    for _ in range(5):
        declaring = asyncio.create_task(mailer._declare())
        await asyncio.sleep(0.005)
        declaring.cancel()
        await asyncio.gather(declaring, return_exceptions=True)
    await bus.emit(registration, cancelled())
    await eventually(lambda: len(handler) == 1)
    assert mailer._queue_consumers[0]._channel is busy
    assert mailer.ready[0]


async def test_nothing_that_listens_is_collected(bus: BusFixture) -> None:
    """Every channel and task has a reference from a field."""
    handler = RecordingHandler()
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    for number in range(3):
        gc.collect()
        await bus.emit(registration, cancelled(str(number)))
        await eventually(lambda number=number: len(handler) == number + 1)
    assert mailer.ready[0]


async def test_a_broker_that_starts_late_is_waited_for(bus: BusFixture) -> None:
    """For a bounded time only, with the reason."""
    async with network(bus.broker.admin_url) as net:
        net.cut(refuse=True)
        url = net.url(bus.broker.url("mailer"))
        link = BrokerConnection(url, "mailer.consume")
        with pytest.raises(DependencyDown):
            await link.open(0.5)
        options: dict[str, Any] = {
            "hears": (hears(RequestCancelled, RecordingHandler()),),
            "url": url,
        }
        starting = asyncio.create_task(bus.node("mailer", **options))
        await asyncio.sleep(0.3)
        assert not starting.done()
        net.repair()
        mailer = await starting
        await mailer.drain(5)


async def test_wrong_credentials_are_a_reason_not_a_silent_loop(
    bus: BusFixture,
) -> None:
    """The service does not start, and the password is not in the error."""
    url = bus.broker.url("mailer").replace("mailer:", "mailer:wrong-")
    with pytest.raises(DependencyDown) as down:
        await BrokerConnection(url, "mailer.consume").open(0.5)
    assert "wrong-" not in str(down.value)
    assert "uthentication" in str(down.value) or "refused" in str(down.value).lower()


async def test_an_event_that_commits_late_is_not_skipped(bus: BusFixture) -> None:
    """Number 1 commits after number 2 was published; it is published too."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    pool = await bus.pool("registration")
    async with transaction(pool) as late:
        first = await emit(late, "registration", cancelled("1"), subject=None, now=now())
        (second,) = await bus.emit(registration, cancelled("2"))
        await eventually(lambda: handler.ids == [second])
    await eventually(lambda: handler.ids == [second, first])
