"""From a committed event to its effect in another service: exactly once, despite failures."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import EmailVerified, RequestCancelled
from shared.database import Pool, transaction
from shared.errors import Reject, Retry
from shared.messaging import Context, hears, topology
from shared.messaging.envelope import Envelope, wrap
from shared.messaging.handlers import SqlEffect
from shared.outbox import emit
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, forge, now
from tests.support.waiting import eventually

CANCELLED = RequestCancelled.TYPE


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same retry queues with delays fit for a test."""
    monkeypatch.setattr(
        topology, "RETRY_DELAYS", {"5s": 100, "30s": 200, "2m": 300, "10m": 400, "1h": 500}
    )


async def test_a_committed_event_reaches_its_subscriber(bus: BusFixture) -> None:
    """End to end, with an empty outbox afterwards."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))

    ids = await bus.emit(registration, RequestCancelled(request_id="r1"), subject="a1")

    await eventually(lambda: len(handler) == 1)
    assert handler.ids == ids
    assert handler.events == [RequestCancelled(request_id="r1")]
    await eventually(lambda: _empty(bus, "registration"))


async def _empty(bus: BusFixture, service: str) -> bool:
    return await bus.count(service, "outbox") == 0


async def test_an_event_that_was_rolled_back_is_never_published(bus: BusFixture) -> None:
    """The outbox row is rolled back with the transaction."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))

    async def emit_and_fail() -> None:
        async with transaction(await bus.pool("registration")) as tx:
            rolled_back = RequestCancelled(request_id="no")
            await emit(tx, "registration", rolled_back, subject=None, now=now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await emit_and_fail()

    await bus.emit(registration, RequestCancelled(request_id="yes"))

    await eventually(lambda: len(handler) == 1)
    assert handler.events[0].request_id == "yes"


async def test_an_event_that_a_subscription_need_not_handle_leaves_nothing(
    bus: BusFixture,
) -> None:
    """Its inbox row would only say that nothing was done."""
    handler = RecordingHandler()
    row = hears(RequestCancelled, handler, only_if=lambda event: event.request_id != "no")
    await bus.node("mailer", hears=(row,))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    for request_id in ("no", "yes"):
        await bus.emit(registration, RequestCancelled(request_id=request_id))
    await eventually(lambda: len(handler) == 1)
    assert [event.request_id for event in handler.events] == ["yes"]
    assert await bus.depth("mailer") == 0
    assert await _rows(bus, "mailer", "inbox", 1)


async def test_an_effect_may_leave_an_event_to_the_handler(bus: BusFixture) -> None:
    """Each event is applied once, by the statement or by the handler."""
    handler = RecordingHandler()
    row = replace(hears(RequestCancelled, handler), effect=_counted)
    await bus.node("mailer", hears=(row,))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    for request_id in ("r1", "by hand", "r2"):
        await bus.emit(registration, RequestCancelled(request_id=request_id))
    await eventually(lambda: _rows(bus, "mailer", "inbox", 5))
    assert [event.request_id for event in handler.events] == ["by hand"]


def _counted(event: RequestCancelled, _envelope: Envelope, _now: datetime, _deps: Any) -> SqlEffect:
    return SqlEffect(
        "INSERT INTO inbox (consumer, message_id) SELECT 'effect', gen_random_uuid() FROM first",
        (event.request_id,),
        unless="SELECT WHERE $3::text = 'by hand'",
    )


async def _rows(bus: BusFixture, service: str, table: str, number: int) -> bool:
    return await bus.count(service, table) == number


async def test_a_preparation_is_retried_like_a_handler(
    bus: BusFixture,
) -> None:
    prepared: list[str] = []
    handler = RecordingHandler(lambda _event, context: prepared.append(context.prepared))
    asked: list[str] = []

    async def ask_somebody(event: RequestCancelled, _deps: Any, _pool: Pool) -> str:
        asked.append(event.request_id)
        if len(asked) == 1:
            raise Retry("nobody answers")
        return f"about {event.request_id}"

    await bus.node("mailer", hears=(hears(RequestCancelled, handler, prepare=ask_somebody),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    await bus.emit(registration, RequestCancelled(request_id="r"))

    await eventually(lambda: len(handler) == 1)
    assert prepared == ["about r"]
    assert asked == ["r", "r"]


async def test_mq_01_the_same_message_three_times_has_one_effect(bus: BusFixture) -> None:
    """MQ-01: the inbox removes duplicates."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    message_id, body = wrap(
        "registration", RequestCancelled(request_id="r"), subject=None, now=now()
    )
    url = bus.broker.url("registration")
    for _ in range(3):
        await forge(url, body, key=CANCELLED, message_id=message_id, user="registration")
    other, later = wrap("registration", RequestCancelled(request_id="x"), subject=None, now=now())
    await forge(url, later, key=CANCELLED, message_id=other, user="registration")

    await eventually(lambda: other in handler.ids)
    await eventually(lambda: _drained(bus, "mailer"))
    assert handler.ids.count(message_id) == 1
    assert await bus.count("mailer", "inbox") == 2


async def _drained(bus: BusFixture, queue: str) -> bool:
    return bus.broker.depths().get(queue, 0) == 0


async def test_effect_inbox_and_new_events_commit_together_or_not_at_all(bus: BusFixture) -> None:
    """A handler that fails after emitting has emitted nothing."""

    async def fail_once(event: RequestCancelled, context: Context[Any]) -> None:
        await context.emit(_mail(event.request_id, len(handler)), subject="a")
        if len(handler) == 1:
            raise Retry("not yet")

    handler, mail_handler = RecordingHandler(fail_once), RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),), emits=(MailAccepted,))
    registration = await bus.node(
        "registration", hears=(hears(MailAccepted, mail_handler),), emits=(RequestCancelled,)
    )

    await bus.emit(registration, RequestCancelled(request_id="r"))

    await eventually(lambda: len(mail_handler) == 1)
    assert [event.mail_id for event in mail_handler.events] == ["2"]
    assert len(handler) == 2
    assert handler.ids[0] == handler.ids[1]
    assert await bus.count("mailer", "inbox") == 1


def _mail(cause: str, number: int) -> MailAccepted:
    return MailAccepted(mail_id=str(number), cause=cause, template="t", at=now())


async def test_mq_02_a_poison_message_ends_in_the_dead_letters_and_others_flow(
    bus: BusFixture,
) -> None:
    """MQ-02: our own count, six attempts; the reason contains no value of the message."""

    def explode(event: RequestCancelled, _context: Context[Any]) -> None:
        if event.request_id == "poison":
            raise KeyError("code 123456 of pierre@example.fr")

    handler = RecordingHandler(explode)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))

    (poison, *_) = await bus.emit(
        registration,
        RequestCancelled(request_id="poison"),
        *(RequestCancelled(request_id=str(n)) for n in range(5)),
    )

    (letter,) = await bus.dead("mailer")
    headers = letter.header.properties.headers or {}
    assert letter.header.properties.message_id == poison
    assert handler.ids.count(poison) == 6
    assert len(handler) == 11
    assert headers["attempt"] == 6
    assert headers["error_type"] == "KeyError"
    assert headers["failed_by"] == "mailer"
    assert headers["first_failed_at"] < headers["failed_at"]
    assert "explode" in str(headers["fingerprint"])
    assert not any("123456" in str(v) or "pierre" in str(v) for v in headers.values())
    assert "x-death" not in headers


async def test_a_rejected_message_is_dead_at_once(bus: BusFixture) -> None:
    """`Reject` allows no second attempt."""

    def reject(_event: Any, _context: Any) -> None:
        raise Reject("no such account")

    handler = RecordingHandler(reject)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    await bus.emit(registration, RequestCancelled(request_id="r"))

    (letter,) = await bus.dead("mailer")
    assert (letter.header.properties.headers or {})["error"] == "no such account"
    assert len(handler) == 1


async def test_a_handler_past_its_deadline_is_tried_again(bus: BusFixture) -> None:
    """The transaction is rolled back; the second attempt is quick."""

    async def slow_once(_event: Any, _context: Any) -> None:
        if len(handler) == 1:
            mailer._event_processor._seconds = 60  # for the second attempt
            await asyncio.sleep(3_600)

    handler = RecordingHandler(slow_once)
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    mailer._event_processor._seconds = 0.3
    registration = await bus.node("registration", emits=(RequestCancelled,))
    await bus.emit(registration, RequestCancelled(request_id="r"))

    await eventually(lambda: len(handler) == 2)
    await eventually(lambda: _handled(bus, 1))


async def _handled(bus: BusFixture, number: int) -> bool:
    return await bus.count("mailer", "inbox") == number


async def test_events_out_of_order_are_all_handled(bus: BusFixture) -> None:
    """Order is not guaranteed; every event has its effect nevertheless."""

    def not_verified_yet(event: Any, _context: Any) -> None:
        if isinstance(event, RequestCancelled) and not verified.events:
            raise Retry("not verified yet")

    cancelled, verified = RecordingHandler(not_verified_yet), RecordingHandler()
    await bus.node(
        "mailer", hears=(hears(RequestCancelled, cancelled), hears(EmailVerified, verified))
    )
    registration = await bus.node("registration", emits=(RequestCancelled, EmailVerified))
    await bus.emit(registration, RequestCancelled(request_id="r"))
    await eventually(lambda: len(cancelled) >= 1)
    await bus.emit(registration, EmailVerified(request_id="r", by="code", verified_at=now()))

    await eventually(lambda: _handled(bus, 2))
    assert len(cancelled) >= 2


async def test_two_processes_share_the_work(bus: BusFixture) -> None:
    """Any number of processes may consume for one service; each event is handled by one of them."""
    first, second = RecordingHandler(), RecordingHandler()
    for handler in (first, second):
        await bus.node("mailer", hears=(hears(RequestCancelled, handler),), prefetch=1)
    registration = await bus.node("registration", emits=(RequestCancelled,))
    ids = await bus.emit(registration, *(RequestCancelled(request_id=str(n)) for n in range(150)))

    await eventually(lambda: len(first) + len(second) == 150)
    assert sorted(first.ids + second.ids) == sorted(ids)
    assert first.ids
    assert second.ids
