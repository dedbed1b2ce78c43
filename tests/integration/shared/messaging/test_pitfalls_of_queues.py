"""Pitfalls of queues: retry delays, dead letters and counting, on real queues."""

from typing import Any

import pytest
from pamqp.commands import Basic

from shared.contracts.registration.events import RequestCancelled
from shared.errors import Reject, Retry
from shared.messaging import hears, topology
from shared.messaging.queue_consumer import ack_or_requeue
from tests.integration.shared.messaging.pitfalls import (
    CANCELLED,
    arguments_of,
    cancelled,
    crash_until_dead_lettered,
    declared,
    depth_is,
    properties,
    publisher_of,
)
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel
from tests.support.waiting import eventually

SHORT_DELAYS = {"5s": 100, "30s": 200, "2m": 300, "10m": 400, "1h": 60_000}


@pytest.fixture
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same retry queues with delays fit for a test, but for the last."""
    monkeypatch.setattr(topology, "RETRY_DELAYS", SHORT_DELAYS)


async def test_the_delivery_limit_leads_to_the_dead_letters(bus: BusFixture) -> None:
    """Not into a retry queue, from which a loop without rejection would never return."""
    await declared(bus, "mailer")
    async with publisher_of(bus.broker.url("registration")) as publisher:
        await publisher.publish(b"{}", properties(), exchange=topology.EVENTS, key=CANCELLED)
    assert await crash_until_dead_lettered(bus, "mailer") == topology.DELIVERY_LIMIT + 1
    (letter,) = await bus.dead("mailer")
    assert (letter.header.properties.headers or {})["x-first-death-reason"] == "delivery_limit"


@pytest.mark.usefixtures("short_steps")
async def test_tries_are_counted_in_our_own_header(bus: BusFixture) -> None:
    """A copy has no header of the broker, and the count survives the retry queues."""

    def later(_event: Any, _context: Any) -> None:
        raise Retry("later", after=3_600) if len(handler) == 3 else Retry("soon")

    handler = RecordingHandler(later)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    await bus.emit(registration, cancelled())
    queue = topology.retry_queue("mailer", "1h")
    await eventually(lambda: depth_is(bus, queue, 1))
    async with channel(bus.broker.admin_url) as admin:
        message = await admin.basic_get(queue, no_ack=True)
    headers = message.header.properties.headers or {}
    assert headers["attempt"] == 4
    assert not any(name.startswith("x-death") for name in headers)
    assert not any(name.startswith("x-first-death") for name in headers)


@pytest.mark.usefixtures("short_steps")
async def test_a_short_wait_is_not_held_up_by_a_long_one(bus: BusFixture) -> None:
    """Each delay has its own queue."""

    def wait(event: RequestCancelled, _context: Any) -> None:
        if handler.events.count(event) == 1:
            raise Retry("wait", after=3_600 if event.request_id == "long" else None)

    handler = RecordingHandler(wait)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    await bus.emit(registration, cancelled("long"))
    await eventually(lambda: depth_is(bus, topology.retry_queue("mailer", "1h"), 1))
    await bus.emit(registration, cancelled("short"))
    await eventually(lambda: handler.events.count(cancelled("short")) == 2, 60)
    assert handler.events.count(cancelled("long")) == 1


async def test_mq_03_the_broker_keeps_what_it_cannot_dead_letter(
    bus: BusFixture,
) -> None:
    """MQ-03: while the dead-letter queue is missing, the message stays in its own."""
    await declared(bus, "mailer")
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_delete("mailer.dead")
        await admin.basic_publish(b"{}", routing_key="mailer", properties=properties())
        for _ in range(topology.DELIVERY_LIMIT + 1):
            message = await admin.basic_get("mailer")
            assert isinstance(message.delivery, Basic.GetOk)
            await ack_or_requeue(message, requeue=True)
        assert isinstance((await admin.basic_get("mailer")).delivery, Basic.GetEmpty)
    # The strategy silently becomes at-most-once unless the overflow is this one.
    assert (await arguments_of(bus, "mailer"))["x-overflow"] == "reject-publish"
    await eventually(lambda: bus.broker.depths().get("mailer") == 1)


async def test_mq_03_our_own_dead_letter_waits_for_its_queue(bus: BusFixture) -> None:
    """MQ-03: the copy is unroutable, so the original stays until the queue is declared again."""

    def reject(_event: Any, _context: Any) -> None:
        raise Reject("never")

    await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler(reject)),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_delete("mailer.dead")
    (message_id,) = await bus.emit(registration, cancelled())
    await eventually(lambda: "mailer.dead" in bus.broker.depths())
    (letter,) = await bus.dead("mailer")
    assert letter.header.properties.message_id == message_id


async def test_a_requeue_is_counted(bus: BusFixture) -> None:
    """A loop of `settle(requeue=True)` ends."""
    await declared(bus, "mailer")
    came = 0
    async with channel(bus.broker.admin_url) as admin:
        await admin.basic_publish(b"{}", routing_key="mailer", properties=properties())
        while came < 40 and not await bus.depth("mailer.dead"):
            message = await admin.basic_get("mailer")
            if isinstance(message.delivery, Basic.GetOk):
                came += 1
                await ack_or_requeue(message, requeue=True)
    assert came == topology.DELIVERY_LIMIT + 1
