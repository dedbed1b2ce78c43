"""The pitfalls of RabbitMQ and aio-pika that we know of, by number: none of them is ours.

Those that cannot be shown here are listed in docs/decisions/0003-pitfalls-not-tested.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import Any

import pytest
from pamqp.commands import Basic

from shared.contracts.registration import RequestCancelled
from shared.database import transaction
from shared.errors import ConfigurationError, DependencyDown, Reject, Retry
from shared.messaging import hears, topology
from shared.messaging.connection import Link
from shared.messaging.envelope import new_id
from shared.messaging.errors import NotConfirmed, Unroutable
from shared.messaging.intake import settle
from shared.messaging.publisher import Publisher
from shared.messaging.topology import declare, service_topology
from shared.outbox import emit
from tests.integration.shared.neighbours import Heard, Street, channel, now
from tests.integration.shared.proxy import network
from tests.support.servers import Broker
from tests.support.waiting import eventually

CANCELLED = RequestCancelled.TYPE
ROOMS = {"5s": 100, "30s": 200, "2m": 300, "10m": 400, "1h": 60_000}


@pytest.fixture
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waiting rooms with waits fit for a test, but for the last."""
    monkeypatch.setattr(topology, "STEPS", ROOMS)


def _said(text: str = "r") -> RequestCancelled:
    return RequestCancelled(request_id=text)


def _properties(message_id: str | None = None) -> Basic.Properties:
    return Basic.Properties(message_id=message_id or new_id(), delivery_mode=2)


@contextlib.asynccontextmanager
async def _publisher(url: str, **options: Any) -> Any:
    link = Link(url, "registration.publish", heartbeat=1)
    await link.open(10)
    running = asyncio.create_task(link.run())
    try:
        yield Publisher(link, **options)
    finally:
        await link.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_pitfall_01_a_lost_heartbeat_does_not_kill_the_relay(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker freezes until the heartbeat is lost; the relay is alive and goes on after it."""
    monkeypatch.setattr(Link.__init__, "__kwdefaults__", {"heartbeat": 1})
    heard = Heard()
    await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    async with network(street.broker.admin_url) as net:
        url = net.url(street.broker.url("registration"))
        registration = await street.node("registration", emits=(RequestCancelled,), url=url)
        net.freeze()
        (message_id,) = await street.say(registration, _said())
        await eventually(lambda: not registration.ready[0], 20, why="the heartbeat is lost")
        assert [task.get_name() for task in registration.side_tasks() if task.done()] == []
        net.repair()
        await eventually(lambda: message_id in heard.ids, 20)
        await registration.drain(5)


async def test_pitfall_01_a_cancellation_nobody_asked_for_is_a_lost_connection(
    street: Street,
) -> None:
    """A publish that waits when the heartbeat is lost fails like any lost connection."""
    url = street.broker.url("registration")
    async with network(url) as net, _publisher(net.url(url), timeout=30) as publisher:
        await publisher.publish(b"{}", _properties(), exchange=topology.EVENTS, key=CANCELLED)
        net.freeze()
        with pytest.raises(DependencyDown):
            await publisher.publish(b"{}", _properties(), exchange=topology.EVENTS, key=CANCELLED)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_pitfall_02_two_publishes_of_one_id_keep_their_own_outcomes(street: Street) -> None:
    """One in-flight copy of an id at a time: the unroutable one fails, the good one does not."""
    async with _publisher(street.broker.url("registration")) as publisher:
        for _ in range(20):
            same = new_id()
            good, bad = await asyncio.gather(
                publisher.publish(
                    b"{}", _properties(same), exchange=topology.EVENTS, key=CANCELLED
                ),
                publisher.publish(b"{}", _properties(same), exchange=topology.DEAD, key="nobody"),
                return_exceptions=True,
            )
            assert good is None
            assert isinstance(bad, Unroutable)


async def test_pitfall_03_a_cut_handler_leaves_its_message_in_the_queue(street: Street) -> None:
    """Cancelled is not failed: no dead letter, no waiting room, and it comes again."""
    release = asyncio.Event()

    async def wait(_event: Any, _context: Any) -> None:
        await release.wait()

    heard = Heard(wait)
    mailer = await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    (message_id,) = await street.say(registration, _said())
    await eventually(lambda: len(heard) == 1)
    assert await mailer.drain(0.2) == 1
    await eventually(lambda: _is(street, "mailer", 1))
    assert await street.depth("mailer.dead") == 0
    again = Heard()
    await street.node("mailer", hears=(hears(RequestCancelled, again),))
    await eventually(lambda: again.ids == [message_id])


async def _is(street: Street, queue: str, number: int) -> bool:
    return await street.depth(queue) == number


async def test_pitfall_04_losing_the_channel_does_not_kill_running_handlers(
    street: Street,
) -> None:
    """The handler ends its work, its acknowledgement fails, and the redelivery has no effect."""
    release, finished = asyncio.Event(), 0

    async def work(_event: Any, _context: Any) -> None:
        nonlocal finished
        await release.wait()
        finished += 1

    heard = Heard(work)
    async with network(street.broker.admin_url) as net:
        mailer = await street.node(
            "mailer",
            hears=(hears(RequestCancelled, heard),),
            url=net.url(street.broker.url("mailer")),
        )
        registration = await street.node("registration", emits=(RequestCancelled,))
        await street.say(registration, _said())
        await eventually(lambda: len(heard) == 1)
        net.cut()
        await eventually(lambda: not mailer.ready[0])
        await eventually(lambda: mailer.ready[0])
        release.set()
        await eventually(lambda: _is(street, "mailer", 0))
        await eventually(lambda: street.broker.depths()["mailer"] == 0)
        assert finished == 1
        assert await street.count("mailer", "inbox") == 1
        await mailer.drain(5)


async def test_pitfall_05_a_deleted_queue_is_made_again_and_consumed(street: Street) -> None:
    """The broker cancels the consumer; the service declares its queue and listens again."""
    heard = Heard()
    mailer = await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    async with channel(street.broker.admin_url) as admin:
        await admin.queue_delete("mailer")
    await eventually(lambda: not mailer.ready[0])
    await eventually(lambda: mailer.ready[0])
    await street.say(registration, _said())
    await eventually(lambda: len(heard) == 1)


async def test_pitfall_06_other_arguments_are_a_clear_failure_at_the_start(
    street: Street,
) -> None:
    """406 closes a channel that nobody else uses, and names the queue."""
    async with channel(street.broker.admin_url) as admin:
        await admin.queue_declare(
            "mailer.dead", durable=True, arguments={"x-queue-type": "quorum", "x-max-length": 7}
        )
    with pytest.raises(ConfigurationError, match=r"queue mailer\.dead exists with other arguments"):
        await street.node("mailer", hears=(hears(RequestCancelled, Heard()),))


async def test_pitfall_07_an_unroutable_publish_is_an_error(street: Street) -> None:
    """Returned is not published."""
    async with _publisher(street.broker.url("registration")) as publisher:
        with pytest.raises(Unroutable):
            await publisher.publish(b"{}", _properties(), exchange=topology.DEAD, key="nobody")
        # And the channel is still good for the next one.
        await publisher.publish(b"{}", _properties(), exchange=topology.EVENTS, key=CANCELLED)


async def test_pitfall_08_a_publish_never_outlives_its_timeout(street: Street) -> None:
    """Not while the network is frozen, and not after it was cut."""
    loop = asyncio.get_running_loop()
    url = street.broker.url("registration")
    async with network(url) as net, _publisher(net.url(url), timeout=1) as publisher:
        await publisher.publish(b"{}", _properties(), exchange=topology.EVENTS, key=CANCELLED)
        for disturb in (net.freeze, net.cut):
            disturb()
            begin = loop.time()
            with pytest.raises((NotConfirmed, DependencyDown)):
                await publisher.publish(
                    b"{}", _properties(), exchange=topology.EVENTS, key=CANCELLED
                )
            assert loop.time() - begin < 1.5
        net.repair()
        await eventually(lambda: publisher.link.is_up, 15)
        await publisher.publish(b"{}", _properties(), exchange=topology.EVENTS, key=CANCELLED)


async def test_pitfall_09_a_cancelled_declare_disturbs_nobody(street: Street) -> None:
    """A call that is cut closes its channel: declaring has one of its own."""
    heard = Heard()
    mailer = await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    busy = mailer._intakes[0]._channel
    for _ in range(5):
        declaring = asyncio.create_task(mailer._declare())
        await asyncio.sleep(0.005)
        declaring.cancel()
        await asyncio.gather(declaring, return_exceptions=True)
    await street.say(registration, _said())
    await eventually(lambda: len(heard) == 1)
    assert mailer._intakes[0]._channel is busy
    assert mailer.ready[0]


async def _crash_until_gone(street: Street, service: str) -> int:
    """Take the message and vanish, as a process that dies does; returns how often it came."""
    came = 0
    while came < 40:
        async with channel(street.broker.admin_url) as raw:
            message = await raw.basic_get(service)
            if not isinstance(message.delivery, Basic.GetOk):
                if await street.depth(f"{service}.dead"):
                    return came
                continue
            came += 1
    return came


async def _declared(street: Street, service: str) -> None:
    async with channel(street.broker.admin_url) as admin:
        await declare(admin, service_topology(service, (RequestCancelled,), ()))


async def test_pitfall_10_the_delivery_limit_leads_to_the_dead_letters(street: Street) -> None:
    """Not into a waiting room, from which a loop without rejection would never come back."""
    await _declared(street, "mailer")
    async with _publisher(street.broker.url("registration")) as publisher:
        await publisher.publish(b"{}", _properties(), exchange=topology.EVENTS, key=CANCELLED)
    assert await _crash_until_gone(street, "mailer") == topology.DELIVERY_LIMIT + 1
    (letter,) = await street.dead("mailer")
    assert (letter.header.properties.headers or {})["x-first-death-reason"] == "delivery_limit"


@pytest.mark.usefixtures("short_steps")
async def test_pitfall_11_tries_are_counted_in_our_own_header(street: Street) -> None:
    """A copy carries no header of the broker's, and the count survives the waiting rooms."""

    def later(_event: Any, _context: Any) -> None:
        raise Retry("later", after=3_600) if len(heard) == 3 else Retry("soon")

    heard = Heard(later)
    await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    await street.say(registration, _said())
    room = topology.waiting_room("mailer", "1h")
    await eventually(lambda: _is(street, room, 1))
    async with channel(street.broker.admin_url) as admin:
        message = await admin.basic_get(room, no_ack=True)
    headers = message.header.properties.headers or {}
    assert headers["attempt"] == 4
    assert not any(name.startswith("x-death") for name in headers)
    assert not any(name.startswith("x-first-death") for name in headers)


@pytest.mark.usefixtures("short_steps")
async def test_pitfall_12_a_short_wait_is_not_held_up_by_a_long_one(street: Street) -> None:
    """Each delay has a room of its own."""

    def wait(event: RequestCancelled, _context: Any) -> None:
        if heard.events.count(event) == 1:
            raise Retry("wait", after=3_600 if event.request_id == "long" else None)

    heard = Heard(wait)
    await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    await street.say(registration, _said("long"))
    await eventually(lambda: _is(street, topology.waiting_room("mailer", "1h"), 1))
    await street.say(registration, _said("short"))
    await eventually(lambda: heard.events.count(_said("short")) == 2, 5)
    assert heard.events.count(_said("long")) == 1


async def test_pitfall_13_mq_03_the_broker_keeps_what_it_cannot_dead_letter(
    street: Street,
) -> None:
    """MQ-03: while the dead letters' queue is away the message stays in its own."""
    await _declared(street, "mailer")
    async with channel(street.broker.admin_url) as admin:
        await admin.queue_delete("mailer.dead")
        await admin.basic_publish(b"{}", routing_key="mailer", properties=_properties())
        for _ in range(topology.DELIVERY_LIMIT + 1):
            message = await admin.basic_get("mailer")
            assert isinstance(message.delivery, Basic.GetOk)
            await settle(message, requeue=True)
        assert isinstance((await admin.basic_get("mailer")).delivery, Basic.GetEmpty)
    # The strategy silently becomes at-most-once unless the overflow is this one.
    assert (await _arguments(street, "mailer"))["x-overflow"] == "reject-publish"
    await eventually(lambda: street.broker.depths().get("mailer") == 1)


async def test_pitfall_13_mq_03_our_own_dead_letter_waits_for_its_queue(street: Street) -> None:
    """MQ-03: nothing takes the copy, so the original is kept until the queue is made again."""

    def reject(_event: Any, _context: Any) -> None:
        raise Reject("never")

    await street.node("mailer", hears=(hears(RequestCancelled, Heard(reject)),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    async with channel(street.broker.admin_url) as admin:
        await admin.queue_delete("mailer.dead")
    (message_id,) = await street.say(registration, _said())
    await eventually(lambda: "mailer.dead" in street.broker.depths())
    (letter,) = await street.dead("mailer")
    assert letter.header.properties.message_id == message_id


async def _arguments(street: Street, queue: str) -> dict[str, Any]:
    broker: Broker = street.broker
    found = broker.admin.call("GET", f"queues/{broker.vhost}/{queue}")
    return dict(found["arguments"])


async def test_pitfall_14_giving_a_message_back_is_counted(street: Street) -> None:
    """A loop of `settle(requeue=True)` comes to an end."""
    await _declared(street, "mailer")
    came = 0
    async with channel(street.broker.admin_url) as admin:
        await admin.basic_publish(b"{}", routing_key="mailer", properties=_properties())
        while came < 40 and not await street.depth("mailer.dead"):
            message = await admin.basic_get("mailer")
            if isinstance(message.delivery, Basic.GetOk):
                came += 1
                await settle(message, requeue=True)
    assert came == topology.DELIVERY_LIMIT + 1


async def test_pitfall_16_nothing_that_listens_is_collected(street: Street) -> None:
    """Every channel and task is held by a field of ours."""
    heard = Heard()
    mailer = await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    for number in range(3):
        gc.collect()
        await street.say(registration, _said(str(number)))
        await eventually(lambda number=number: len(heard) == number + 1)
    assert mailer.ready[0]


async def test_pitfall_18_a_broker_that_starts_late_is_waited_for(street: Street) -> None:
    """And for a bounded time only, with the reason."""
    async with network(street.broker.admin_url) as net:
        net.cut(refuse=True)
        url = net.url(street.broker.url("mailer"))
        link = Link(url, "mailer.consume")
        with pytest.raises(DependencyDown):
            await link.open(0.5)
        options: dict[str, Any] = {"hears": (hears(RequestCancelled, Heard()),), "url": url}
        starting = asyncio.create_task(street.node("mailer", **options))
        await asyncio.sleep(0.3)
        assert not starting.done()
        net.repair()
        mailer = await starting
        await mailer.drain(5)


async def test_pitfall_18_wrong_credentials_are_a_reason_not_a_silent_loop(
    street: Street,
) -> None:
    """The service does not start, and the password is not in the sentence."""
    url = street.broker.url("mailer").replace("mailer:", "mailer:wrong-")
    with pytest.raises(DependencyDown) as down:
        await Link(url, "mailer.consume").open(0.5)
    assert "wrong-" not in str(down.value)
    assert "uthentication" in str(down.value) or "refused" in str(down.value).lower()


async def test_pitfall_19_a_fact_that_commits_late_is_not_skipped(street: Street) -> None:
    """Number 1 commits after number 2 was published; it is published all the same."""
    heard = Heard()
    await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    registration = await street.node("registration", emits=(RequestCancelled,))
    pool = await street.pool("registration")
    async with transaction(pool) as late:
        first = await emit(late, "registration", _said("1"), subject=None, now=now())
        (second,) = await street.say(registration, _said("2"))
        await eventually(lambda: heard.ids == [second])
    await eventually(lambda: heard.ids == [second, first])
