"""MQ-07: what becomes of events and requests is measured, by type."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.base import Refusal
from shared.contracts.registration.events import EmailVerified, RequestCancelled
from shared.contracts.registration.requests import CancelRequest, DescribeTerms
from shared.contracts.registration.views import Done
from shared.errors import Reject, Retry
from shared.messaging import Context, Refused, hears, topology
from shared.messaging.envelope import wrap
from shared.messaging.errors import RequestTimeout
from shared.messaging.handlers import RequestContext
from shared.messaging.message_metrics import REQUEST_OUTCOMES
from shared.messaging.topology import REQUESTS
from shared.runtime.metrics import REGISTRY
from tests.integration.shared.messaging.owners import Owner, both
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, forge, now
from tests.support.waiting import eventually

CANCELLED, VERIFIED = RequestCancelled.TYPE, EmailVerified.TYPE


def since(*names: str) -> Callable[..., float]:
    """What these series have grown by since now; a series that is not there yet has 0."""
    before = {(one.name, *sorted(one.labels.items())): one.value for one in _samples(names)}

    def grown(name: str, **labels: str) -> float:
        found = [one for one in _samples(names) if one.name == name and one.labels == labels]
        return sum(
            one.value - before.get((one.name, *sorted(one.labels.items())), 0) for one in found
        )

    return grown


def _samples(names: tuple[str, ...]) -> list[Any]:
    return [one for metric in REGISTRY.collect() for one in metric.samples if one.name in names]


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "RETRY_DELAYS", {"5s": 100, "30s": 200})


async def test_mq_07_each_event_is_counted_by_type_and_outcome_and_timed(bus: BusFixture) -> None:
    def act(event: RequestCancelled, _context: Context[Any]) -> None:
        if event.request_id == "reject":
            raise Reject("no")
        if event.request_id == "retry" and handler.ids.count(handler.ids[-1]) == 1:
            raise Retry("later")

    grown = since(
        "impex_messages_total",
        "impex_message_handler_seconds_count",
        "impex_message_seconds_count",
        "impex_message_seconds_sum",
    )
    handler = RecordingHandler(act)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    registration = await bus.node("registration", emits=(RequestCancelled,))
    events = [RequestCancelled(request_id=name) for name in ("good", "reject", "retry")]
    await bus.emit(registration, *events)
    url = bus.broker.url("registration")
    # Said an hour ago, and sent twice.
    old = now() - timedelta(hours=1)
    twice, body = wrap("registration", RequestCancelled(request_id="t"), subject=None, now=old)
    for _ in range(2):
        await forge(url, body, key=CANCELLED, message_id=twice, user="registration")
    # A type that the mailer does not hear, which its sender names as he likes.
    forged, body = wrap(
        "registration",
        EmailVerified(request_id="x", by="code", verified_at=now()),
        subject=None,
        now=now(),
    )
    await forge(
        url,
        body.replace(VERIFIED.encode(), b"registration.Invented.v1"),
        key=CANCELLED,
        message_id=forged,
        user="registration",
    )
    await bus.dead("mailer", 2)

    def counted(message_type: str) -> dict[str, float]:
        return {
            outcome: grown(
                "impex_messages_total", service="mailer", type=message_type, outcome=outcome
            )
            for outcome in ("handled", "duplicate", "retry", "dead")
        }

    expected = {"handled": 3, "duplicate": 1, "retry": 1, "dead": 2}
    await eventually(lambda: counted(CANCELLED) == expected, why=f"not {counted(CANCELLED)}")
    labels = {"service": "mailer", "type": CANCELLED}
    assert grown("impex_message_handler_seconds_count", **labels) == 6
    assert grown("impex_message_seconds_count", **labels) == 3
    assert 3_600 < grown("impex_message_seconds_sum", **labels) < 3_700
    assert not [one for one in _samples(("impex_messages_total",)) if "Invented" in str(one)]


async def test_mq_07_outbox_queues_and_the_clock_are_measured(bus: BusFixture) -> None:
    """What waits in the outbox and in each queue, and how far the clock is from the database's."""
    handler = RecordingHandler()
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    message_id, body = wrap(
        "registration", RequestCancelled(request_id="r"), subject=None, now=now()
    )
    await forge(
        bus.broker.admin_url,
        body,
        exchange=topology.DEAD,
        key="mailer",
        message_id=message_id,
    )
    pool = await bus.pool("mailer")
    await pool.execute(
        "INSERT INTO outbox (message_id, type, body, created_at, next_at)"
        " SELECT gen_random_uuid(), 'mailer.X.v1', '{}', now() - interval '90 seconds',"
        " now() + interval '1 hour' FROM generate_series(1, 3)"
    )
    mailer._measurements._clock = lambda: now() + timedelta(seconds=40)
    await eventually(lambda: bus.broker.depths().get("mailer.dead") == 1)
    await mailer._measurements.measure()

    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, {"service": "mailer", **labels}) or 0

    assert value("impex_outbox_events") == 3
    assert 89 < value("impex_outbox_oldest_seconds") < 120
    assert value("impex_queue_messages", queue="mailer.dead") == 1
    assert value("impex_queue_messages", queue="mailer.retry.5s") == 0
    assert 39.5 < value("impex_clock_offset_seconds") < 40.5


async def test_each_request_is_counted_by_type_and_outcome_and_timed(bus: BusFixture) -> None:
    async def act(request: CancelRequest, context: RequestContext[Any]) -> Any:
        if request.request_id == "refused":
            return context.refuse(Refusal(slug="no"))
        if request.request_id == "bug":
            raise RuntimeError
        if request.request_id == "slow":
            await asyncio.sleep(30)
        return Done()

    grown = since("impex_requests_total", "impex_request_seconds_count")
    gateway = await both(bus, CancelRequest, Owner(act))
    ask = gateway.rpc_client.ask
    for _ in range(2):
        await ask(CancelRequest(request_id="good"), idempotency_key="a")
    for number, request_id in enumerate(("refused", "bug")):
        with pytest.raises(Refused):
            await ask(CancelRequest(request_id=request_id), idempotency_key=f"b{number}")
    with pytest.raises(RequestTimeout):
        await ask(CancelRequest(request_id="slow"), idempotency_key="c", timeout=0.3)
    body = b"not json"
    await forge(bus.broker.url("gateway"), body, exchange=REQUESTS, key=CancelRequest.TYPE)

    def counted(request_type: str) -> dict[str, float]:
        return {
            outcome: grown(
                "impex_requests_total", service="registration", type=request_type, outcome=outcome
            )
            for outcome in REQUEST_OUTCOMES
        }

    expected = dict.fromkeys(REQUEST_OUTCOMES, 0.0) | dict.fromkeys(
        ("replied", "repeated", "refused", "failed", "expired", "bad"), 1.0
    )
    await eventually(lambda: counted(CancelRequest.TYPE) == expected)
    labels = {"service": "registration", "type": CancelRequest.TYPE}
    assert grown("impex_request_seconds_count", **labels) == 6
    assert not any(counted(DescribeTerms.TYPE).values())
