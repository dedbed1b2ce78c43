"""Requests between services of one process: answered without the broker, within the same limits."""

import asyncio
from typing import Any

import pytest

from shared.contracts.base import Reply
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest, DescribeTerms
from shared.contracts.registration.views import Done, TermsView
from shared.messaging import RequestContext, answers
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.rpc_server import PREFETCH
from shared.messaging.topology import MAX_WAITING_REQUESTS
from tests.integration.shared.messaging.owners import TERMS, Owner, both
from tests.support.servers.bus_fixture import BusFixture
from tests.support.servers.network import network
from tests.support.waiting import eventually

pytestmark = pytest.mark.parametrize("in_process", [True], ids=["in one process"], indirect=True)


async def test_a_request_is_answered_while_the_broker_is_down(bus: BusFixture) -> None:
    async def terms(_request: Any, _context: Any) -> TermsView:
        return TERMS

    async with network(bus.broker.url("registration")) as cable:
        url = {name: cable.url(bus.broker.url(name)) for name in ("registration", "gateway")}
        owner = (answers(DescribeTerms, Owner(terms), None),)
        await bus.node("registration", url=url["registration"], answers=owner)
        gateway = await bus.node("gateway", url=url["gateway"], asks=(DescribeTerms,))
        cable.cut(refuse=True)
        await eventually(lambda: not gateway.ready[0])
        assert await gateway.rpc_client.ask(DescribeTerms(language="fr")) == TERMS
        cable.repair()


async def test_a_service_that_stops_leaves_requests_to_its_other_processes(bus: BusFixture) -> None:
    here, elsewhere = Owner(), Owner()
    options: dict[str, Any] = {"emits": (RequestCancelled,)}
    stopping = await bus.node(
        "registration", answers=(answers(CancelRequest, here, None),), **options
    )
    gateway = await bus.node("gateway", asks=(CancelRequest,))
    order = CancelRequest(request_id="r")
    assert await gateway.rpc_client.ask(order, idempotency_key="a") == Done()
    await stopping.drain(5)
    other = (answers(CancelRequest, elsewhere, None),)
    await bus.node("registration", answers=other, in_process=None, **options)
    assert await gateway.rpc_client.ask(order, idempotency_key="b") == Done()
    assert (len(here.requests), len(elsewhere.requests)) == (1, 1)


async def test_a_stop_waits_for_requests_in_work_and_then_cuts_them(bus: BusFixture) -> None:
    """Who waits for one that is cut learns that the service is unavailable."""
    started = asyncio.Event()

    async def wait(_request: Any, _context: RequestContext[Any]) -> Reply:
        started.set()
        await asyncio.Event().wait()
        return Done()

    gateway = await both(bus, CancelRequest, Owner(wait))
    registration = bus.nodes[0]
    order = CancelRequest(request_id="r")
    first = asyncio.create_task(gateway.rpc_client.ask(order, idempotency_key="a"))
    await started.wait()
    stopped = asyncio.create_task(registration.drain(0.3))
    with pytest.raises(ServiceUnavailable):
        await first
    assert await stopped == 1


async def test_as_many_wait_as_in_the_queue_of_the_broker(bus: BusFixture) -> None:
    """50 are in work, 1,000 wait, the next is refused; who waited too long is not handled."""
    prepared = 0

    async def prepare(_request: Any, _deps: Any, _pool: Any) -> None:
        nonlocal prepared
        prepared += 1
        await asyncio.Event().wait()

    gateway = await both(bus, DescribeTerms, Owner(), prepare)

    def ask(number: int, seconds: float) -> list[asyncio.Task[Any]]:
        question = DescribeTerms(language="fr")
        asks = (gateway.rpc_client.ask(question, timeout=seconds) for _ in range(number))
        return [asyncio.create_task(one) for one in asks]

    # Longer than a slow machine takes until those that wait give up.
    in_work = ask(PREFETCH, 5.0)
    await eventually(lambda: prepared == PREFETCH)
    waiting = ask(MAX_WAITING_REQUESTS, 0.5)
    (next_request,) = ask(1, 0.5)
    with pytest.raises(ServiceUnavailable):
        await next_request
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {RequestTimeout}
    outcomes = await asyncio.gather(*in_work, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {RequestTimeout}
    assert prepared == PREFETCH
