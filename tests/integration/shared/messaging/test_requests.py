"""Requests to an owner: answered in time, or refused with a reason."""

import asyncio
from typing import Any

import pytest
from pamqp.commands import Basic

from shared.contracts.base import Refusal, Reply
from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest, DescribeTerms
from shared.contracts.registration.views import Done, TermsView
from shared.errors import DependencyDown
from shared.messaging import Refused, RequestContext, answers, hears
from shared.messaging.connection import BROKER, BrokerConnection
from shared.messaging.envelope import new_id, wrap
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.queue_consumer import QueueConsumer
from shared.messaging.rpc_codec import IDEMPOTENCY_KEY, decode_reply
from shared.messaging.topology import REPLIES, REQUESTS, reply_queue, requests_queue
from tests.integration.shared.messaging.owners import TERMS, Owner, both, both_ways
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel, forge, now
from tests.support.servers.network import network
from tests.support.waiting import eventually


@both_ways
async def test_a_question_is_answered(bus: BusFixture) -> None:
    """The reply is of the contract's class."""

    async def terms(request: DescribeTerms, _context: Any) -> TermsView:
        assert request.language == "fr"
        return TERMS

    gateway = await both(bus, DescribeTerms, Owner(terms))
    assert await gateway.rpc_client.ask(DescribeTerms(language="fr")) == TERMS


@both_ways
async def test_an_unexpected_error_is_answered_as_internal_error_only(bus: BusFixture) -> None:
    """No detail leaves the owner, and the worker continues."""

    async def explode(_request: Any, _context: Any) -> Reply:
        if len(owner.requests) == 1:
            raise RuntimeError("password hunter2")
        return Done()

    owner = Owner(explode)
    gateway = await both(bus, CancelRequest, owner)
    order = CancelRequest(request_id="r")
    with pytest.raises(Refused) as refused:
        await gateway.rpc_client.ask(order, idempotency_key="k")
    assert refused.value.refusal == Refusal(slug="internal_error")
    assert await gateway.rpc_client.ask(order, idempotency_key="k") == Done()


@both_ways
async def test_no_answer_in_time_is_a_timeout_and_the_work_is_undone(bus: BusFixture) -> None:
    """Repeated with the same key, it is executed."""

    async def slow_once(_request: Any, context: RequestContext[Any]) -> Reply:
        await context.emit(RequestCancelled(request_id=str(len(owner.requests))))
        if len(owner.requests) == 1:
            await asyncio.sleep(30)
        return Done()

    owner, handler = Owner(slow_once), RecordingHandler()
    gateway = await both(bus, CancelRequest, owner)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    order = CancelRequest(request_id="r")
    with pytest.raises(RequestTimeout) as caught:
        await gateway.rpc_client.ask(order, idempotency_key="k", timeout=0.5)
    assert caught.value.name == "registration"
    # The owner has stopped by then: it gives up when its caller does, not after three seconds.
    assert await gateway.rpc_client.ask(order, idempotency_key="k", timeout=2) == Done()
    await eventually(lambda: len(handler) == 1)
    assert handler.events[0].request_id == "2"


async def test_a_request_that_has_run_out_is_not_carried_out(bus: BusFixture) -> None:
    """It expired an hour ago in its queue: no effect, no answer."""
    owner = Owner()
    gateway = await both(bus, CancelRequest, owner)
    old = now().replace(year=now().year - 1)
    message_id, body = wrap("gateway", CancelRequest(request_id="old"), subject=None, now=old)
    await forge(
        bus.broker.url("gateway"),
        body,
        exchange=REQUESTS,
        key=CancelRequest.TYPE,
        message_id=message_id,
        headers={IDEMPOTENCY_KEY: "k"},
    )
    await gateway.rpc_client.ask(CancelRequest(request_id="new"), idempotency_key="n")
    assert [request.request_id for request in owner.requests] == ["new"]


@both_ways
async def test_an_owner_that_never_started_is_unavailable(bus: BusFixture) -> None:
    """Unroutable: reported at once, not after the deadline."""
    gateway = await bus.node("gateway", asks=(DescribeTerms,))
    # After the deadline it would be RequestTimeout.
    with pytest.raises(ServiceUnavailable) as caught:
        await gateway.rpc_client.ask(DescribeTerms(language="fr"))
    assert caught.value.name == "registration"


@both_ways
async def test_an_owner_whose_database_is_down_is_unavailable(bus: BusFixture) -> None:
    """The caller gets the error at once."""

    async def lose(_request: Any, _context: Any) -> Reply:
        raise DependencyDown("database", "gone")

    gateway = await both(bus, CancelRequest, Owner(lose))
    with pytest.raises(ServiceUnavailable):
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k")


@both_ways
async def test_misuse_is_found_at_once(bus: BusFixture) -> None:
    """A command without a key, and an undeclared request."""
    gateway = await bus.node("gateway", asks=(CancelRequest,))
    with pytest.raises(ValueError, match="idempotency key"):
        await gateway.rpc_client.ask(CancelRequest(request_id="r"))
    with pytest.raises(ValueError, match="does not declare"):
        await gateway.rpc_client.ask(DescribeTerms(language="fr"))


@pytest.mark.parametrize(
    ("body", "headers", "slug"),
    [
        (b"not json", {}, "bad_request"),
        (
            wrap("gateway", DescribeTerms(language="x"), subject=None, now=now())[1],
            {},
            "bad_request",
        ),
        (
            wrap("gateway", CancelRequest(request_id="r"), subject=None, now=now())[1],
            {},
            "idempotency_key_missing",
        ),
    ],
    ids=["junk", "type not answered here", "no key"],
)
async def test_a_bad_request_is_refused_and_the_worker_continues(
    bus: BusFixture, body: bytes, headers: dict[str, Any], slug: str
) -> None:
    """Whatever arrives, the caller gets an error and the next request is answered."""
    owner = Owner()
    gateway = await both(bus, CancelRequest, owner)
    if slug == "idempotency_key_missing":
        # Made now: the one in the table may have expired while other tests ran.
        body = wrap("gateway", CancelRequest(request_id="r"), subject=None, now=now())[1]
    assert await _refusal(bus, body, CancelRequest.TYPE, headers) == Refusal(slug=slug)
    assert not owner.requests
    assert (
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k") == Done()
    )


async def _refusal(
    bus: BusFixture, body: bytes, key: str, headers: dict[str, Any]
) -> Refusal | None:
    """What the gateway is answered that sends this itself."""
    answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    async with channel(bus.broker.url("gateway")) as raw:
        replies = reply_queue("gateway", "0a" * 8).name
        await raw.queue_declare(replies, exclusive=True)
        await raw.queue_bind(replies, REPLIES, replies)
        await raw.basic_consume(
            replies, lambda message: answer.set_result(message.body), no_ack=True
        )
        await raw.basic_publish(
            body,
            exchange=REQUESTS,
            routing_key=key,
            properties=Basic.Properties(
                message_id=new_id(),
                message_type=CancelRequest.TYPE,
                reply_to=replies,
                correlation_id="c",
                headers=headers,
            ),
        )
        async with asyncio.timeout(60):
            return decode_reply(await answer).refusal


@pytest.mark.parametrize("copies", [{}, {"CC": [CancelRequest.TYPE]}], ids=["plain", "CC"])
async def test_the_right_to_ask_one_type_is_not_the_right_to_ask_another(
    bus: BusFixture, copies: dict[str, Any]
) -> None:
    """The broker checks who may send with which key, and no more than that key: not those of the
    header CC, nor what is inside."""
    owner = Owner()
    both_types = (answers(DescribeTerms, owner), answers(CancelRequest, owner))
    await bus.node("registration", answers=both_types)
    body = wrap("gateway", CancelRequest(request_id="r"), subject=None, now=now())[1]
    headers = {IDEMPOTENCY_KEY: "k", **copies}
    refusal = await _refusal(bus, body, DescribeTerms.TYPE, headers)
    assert refusal == Refusal(slug="bad_request")
    assert not owner.requests


async def test_an_answer_of_another_user_is_ignored(bus: BusFixture) -> None:
    """The broker validates `user_id`: only the owner's answer counts."""

    async def terms(_request: Any, _context: Any) -> TermsView:
        # As if an attacker knew the reply queue and the correlation id: the wrong user answers
        # first.
        return TERMS

    gateway = await both(bus, DescribeTerms, Owner(terms))
    owner = DescribeTerms.OWNER
    DescribeTerms.OWNER = "mailer"
    try:
        with pytest.raises(RequestTimeout):
            await gateway.rpc_client.ask(DescribeTerms(language="fr"), timeout=0.5)
    finally:
        DescribeTerms.OWNER = owner


@pytest.mark.parametrize(
    "reply_to", ["registration", "mailer", "mailer.dead", "gateway.replies.#", "#", "", None]
)
async def test_s_13_an_answer_goes_to_a_queue_of_replies_only(
    bus: BusFixture, reply_to: str | None
) -> None:
    """Whatever the request names: nothing arrives elsewhere, and the next one is answered."""
    await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler()),))
    owner = Owner()
    gateway = await both(bus, CancelRequest, owner)
    message_id, body = wrap("gateway", CancelRequest(request_id="r"), subject=None, now=now())
    await forge(
        bus.broker.url("gateway"),
        body,
        exchange=REQUESTS,
        key=CancelRequest.TYPE,
        message_id=message_id,
        headers={IDEMPOTENCY_KEY: "k"},
        reply_to=reply_to,
    )
    assert (
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="n") == Done()
    )
    assert {request.request_id for request in owner.requests} == {"r"}
    for queue in ("mailer", "mailer.dead", "registration.requests"):
        assert await bus.depth(queue) == 0


async def test_s_13_the_queue_of_replies_ends_with_its_process(bus: BusFixture) -> None:
    def reply_queues() -> list[str]:
        return [name for name in bus.broker.depths() if ".replies." in name]

    gateway = await both(bus, CancelRequest, Owner())
    assert len(reply_queues()) == 1
    assert reply_queues()[0].startswith("gateway.replies.")
    await gateway.drain(5)
    await eventually(lambda: not reply_queues())


async def test_r_06_an_owner_takes_requests_once_its_answers_can_leave(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage its two connections come back one after the other."""
    connect, may_answer = BrokerConnection._connect, asyncio.Event()
    consume, could_answer = QueueConsumer._consume, dict[str, bool]()

    async def connect_in_order(self: BrokerConnection) -> None:
        if self.name.startswith("registration.publish") and not may_answer.is_set():
            raise DependencyDown(BROKER, "still away")
        await connect(self)

    async def record(self: QueueConsumer, *arguments: Any) -> None:
        could_answer[self.queue] = owner._publish.is_up
        await consume(self, *arguments)

    async with network(bus.broker.admin_url) as net:
        owner = await bus.node(
            "registration",
            hears=(hears(MailAccepted, RecordingHandler()),),
            answers=(answers(CancelRequest, Owner()),),
            url=net.url(bus.broker.url("registration")),
        )
        gateway = await bus.node("gateway", asks=(CancelRequest,))
        monkeypatch.setattr(BrokerConnection, "_connect", connect_in_order)
        monkeypatch.setattr(QueueConsumer, "_consume", record)
        net.cut()
        await eventually(lambda: "registration" in could_answer, why="it takes events again")
        order = CancelRequest(request_id="r")
        asking = asyncio.create_task(gateway.rpc_client.ask(order, idempotency_key="k"))
        may_answer.set()
        assert await asking == Done()
        assert could_answer == {"registration": False, requests_queue("registration"): True}
        await owner.drain(5)


async def test_r_06_an_owner_takes_no_requests_while_its_answers_cannot_leave(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection that it answers on is lost alone; the request waits, and is then answered."""
    connect, may_answer = BrokerConnection._connect, asyncio.Event()

    async def connect_later(self: BrokerConnection) -> None:
        if not may_answer.is_set():
            raise DependencyDown(BROKER, "still away")
        await connect(self)

    owner = await bus.node("registration", answers=(answers(CancelRequest, Owner()),))
    gateway = await bus.node("gateway", asks=(CancelRequest,))
    monkeypatch.setattr(BrokerConnection, "_connect", connect_later)
    assert owner._publish._connection is not None
    await owner._publish._connection.close()
    async with channel(bus.broker.admin_url) as admin:

        async def untaken() -> bool:
            queue = await admin.queue_declare(requests_queue("registration"), passive=True)
            return queue.consumer_count == 0

        await eventually(untaken, 10)
    order = CancelRequest(request_id="r")
    asking = asyncio.create_task(gateway.rpc_client.ask(order, idempotency_key="k"))
    may_answer.set()
    assert await asking == Done()
    await owner.drain(5)


async def test_an_owner_whose_answers_cannot_leave_stops_at_once(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes nothing, so there is nothing to wait for."""
    connect, wait_up = BrokerConnection._connect, BrokerConnection.wait_up
    waiting = 0

    async def connect_one(self: BrokerConnection) -> None:
        if self.name.startswith("registration.publish"):
            raise DependencyDown(BROKER, "still away")
        await connect(self)

    async def record(self: BrokerConnection) -> None:
        nonlocal waiting
        waiting += self.name.startswith("registration.publish")
        try:
            await wait_up(self)
        finally:
            waiting -= self.name.startswith("registration.publish")

    async with network(bus.broker.admin_url) as net:
        owner = await bus.node(
            "registration",
            answers=(answers(CancelRequest, Owner()),),
            url=net.url(bus.broker.url("registration")),
        )
        monkeypatch.setattr(BrokerConnection, "_connect", connect_one)
        monkeypatch.setattr(BrokerConnection, "wait_up", record)
        net.cut()
        await eventually(lambda: waiting == 2, why="relay and consumer wait for the connection")
        began = asyncio.get_running_loop().time()
        assert await owner.drain(5) == 0
        assert asyncio.get_running_loop().time() - began < 2


async def test_a_silent_connection_gives_the_reason_why_no_request_is_sent(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is open all the time, as far as is known; the reason is not that of its start."""
    monkeypatch.setattr("shared.messaging.connection.CONNECT_SECONDS", 0.5)

    async with network(bus.broker.admin_url) as net:
        gateway = await bus.node(
            "gateway", asks=(DescribeTerms,), url=net.url(bus.broker.url("gateway"))
        )

        async def reason() -> str:
            with pytest.raises((RequestTimeout, ServiceUnavailable)) as caught:
                await gateway.rpc_client.ask(DescribeTerms(language="fr"), timeout=0.5)
            assert caught.value.name == BROKER
            return str(caught.value)

        net.freeze()
        assert "no answer to" in await reason()

        async def known() -> bool:
            return await reason() == "the broker is unavailable: no answer in time"

        monkeypatch.setattr("shared.messaging.rpc_client.RECONNECT_WAIT", 0.1)
        await eventually(known, 10)
        net.repair()
        await eventually(lambda: gateway.rpc_client.is_ready)
        await gateway.drain(5)
