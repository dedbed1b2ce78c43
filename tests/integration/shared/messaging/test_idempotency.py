"""One key, one effect: repeated requests, and refusals that are stored or not."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts.base import Refusal, Reply, Sealed
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest, VerifyCode
from shared.contracts.registration.views import Done
from shared.database import Pool
from shared.messaging import Refused, RequestContext, hears
from shared.messaging.rpc_codec import content_hash, encode_reply
from tests.integration.shared.messaging.owners import Owner, both, both_ways
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler
from tests.support.waiting import eventually


@both_ways
async def test_twenty_parallel_requests_with_one_key_are_executed_once(bus: BusFixture) -> None:
    """All get the same answer; one event is emitted."""

    async def cancel(request: CancelRequest, context: RequestContext[Any]) -> Reply:
        await asyncio.sleep(0.1)
        await context.emit(RequestCancelled(request_id=request.request_id))
        return Done()

    owner, handler = Owner(cancel), RecordingHandler()
    gateway = await both(bus, CancelRequest, owner)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))

    order = CancelRequest(request_id="r")
    got = await asyncio.gather(
        *(gateway.rpc_client.ask(order, idempotency_key="k") for _ in range(20))
    )

    assert got == [Done()] * 20
    assert len(owner.requests) == 1
    await eventually(lambda: len(handler) == 1)
    assert await gateway.rpc_client.ask(order, idempotency_key="other key") == Done()
    assert len(owner.requests) == 2


@both_ways
async def test_twenty_parallel_requests_with_one_key_are_prepared_once(bus: BusFixture) -> None:
    """A double click neither hashes a password twice nor counts as two guesses."""
    prepared: list[str] = []

    async def before(request: CancelRequest, _deps: Any, _pool: Pool) -> None:
        prepared.append(request.request_id)
        await asyncio.sleep(0.1)

    owner = Owner()
    gateway = await both(bus, CancelRequest, owner, before)
    orders = [
        gateway.rpc_client.ask(CancelRequest(request_id=key), idempotency_key=key)
        for key in [*"a" * 20, "b"]
    ]
    assert await asyncio.gather(*orders) == [Done()] * 21
    assert sorted(prepared) == ["a", "b"]
    assert len(owner.requests) == 2


@both_ways
async def test_a_key_used_for_another_content_is_refused(bus: BusFixture) -> None:
    """Sealed fields do not count: their ciphertexts differ each time."""
    owner = Owner(_verified)
    gateway = await both(bus, VerifyCode, owner)

    def order(request_id: str, box: str) -> VerifyCode:
        return VerifyCode(
            request_id=request_id, code=Sealed(recipient="registration", key_id="k", box=box)
        )

    first = gateway.rpc_client.ask(order("r", "a"), idempotency_key="k")
    again = gateway.rpc_client.ask(order("r", "b"), idempotency_key="k")
    with pytest.raises(Refused) as refused:
        await first
    assert refused.value.refusal.slug == "wrong_code"
    with pytest.raises(Refused) as refused:
        await again
    assert refused.value.refusal.slug == "wrong_code"
    assert len(owner.requests) == 1
    with pytest.raises(Refused) as refused:
        await gateway.rpc_client.ask(order("another", "a"), idempotency_key="k")
    assert refused.value.refusal.slug == "idempotency_mismatch"
    assert len(owner.requests) == 1


async def _verified(_request: Any, context: RequestContext[Any]) -> Reply:
    return context.refuse(Refusal(slug="wrong_code", params={"tries_left": 4}))


@both_ways
async def test_a_refusal_that_is_raised_rolls_back_and_is_evaluated_again(bus: BusFixture) -> None:
    """Nothing is written or stored."""

    async def cancel(request: CancelRequest, context: RequestContext[Any]) -> Reply:
        await context.emit(RequestCancelled(request_id=request.request_id))
        if len(owner.requests) == 1:
            raise Refused(Refusal(slug="account_exists", retry_after=7))
        return Done()

    owner = Owner(cancel)
    gateway = await both(bus, CancelRequest, owner)
    order = CancelRequest(request_id="r")
    with pytest.raises(Refused) as refused:
        await gateway.rpc_client.ask(order, idempotency_key="k")
    assert refused.value.refusal == Refusal(slug="account_exists", retry_after=7)
    assert await bus.count("registration", "replies") == 0
    assert await bus.depth("impex.unrouted.events") == 0

    assert await gateway.rpc_client.ask(order, idempotency_key="k") == Done()
    assert len(owner.requests) == 2


@both_ways
async def test_a_refusal_that_is_returned_commits_and_is_stored(bus: BusFixture) -> None:
    """A wrong code is counted once, however often the same form is posted."""

    async def count(request: CancelRequest, context: RequestContext[Any]) -> Reply:
        await context.emit(RequestCancelled(request_id=request.request_id))
        return context.refuse(Refusal(slug="account_exists"))

    owner, handler = Owner(count), RecordingHandler()
    gateway = await both(bus, CancelRequest, owner)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    for _ in range(2):
        with pytest.raises(Refused):
            await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k")

    await eventually(lambda: len(handler) == 1)
    assert len(owner.requests) == 1


@both_ways
async def test_a_refusal_for_now_commits_and_is_evaluated_again(bus: BusFixture) -> None:
    """A limit that was lifted meanwhile refuses nothing, also where the same form is posted."""

    async def limited(request: CancelRequest, context: RequestContext[Any]) -> Reply:
        if len(owner.requests) == 2:
            return Done()
        await context.emit(RequestCancelled(request_id=request.request_id))
        return context.refuse_for_now(Refusal(slug="too_many_requests", retry_after=7))

    owner, handler = Owner(limited), RecordingHandler()
    gateway = await both(bus, CancelRequest, owner)
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    order = CancelRequest(request_id="r")
    with pytest.raises(Refused) as refused:
        await gateway.rpc_client.ask(order, idempotency_key="k")
    assert refused.value.refusal.slug == "too_many_requests"
    await eventually(lambda: len(handler) == 1)
    for _ in range(2):
        assert await gateway.rpc_client.ask(order, idempotency_key="k") == Done()
    assert len(owner.requests) == 2


@both_ways
async def test_long_work_is_prepared_outside_the_transaction(bus: BusFixture) -> None:
    """`before` runs once per executed request, and not for a repeated one."""
    ran = 0

    async def before(request: CancelRequest, deps: Any, pool: Pool) -> str:
        nonlocal ran
        ran += 1
        assert await pool.fetchval("SELECT count(*) FROM replies") == 0
        return f"hash of {request.request_id}"

    owner = Owner()
    gateway = await both(bus, CancelRequest, owner, before)
    for _ in range(3):
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k")
    assert owner.prepared == ["hash of r"]
    assert ran == 1


@both_ways
async def test_a_refused_preparation_stores_nothing_and_is_evaluated_again(bus: BusFixture) -> None:
    refusals = iter([Refused(Refusal(slug="too_soon")), None])

    async def before(_request: CancelRequest, _deps: Any, _pool: Pool) -> None:
        if (refused := next(refusals)) is not None:
            raise refused

    owner = Owner()
    gateway = await both(bus, CancelRequest, owner, before)
    with pytest.raises(Refused, match="too_soon"):
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k")
    assert owner.requests == []
    assert (
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k") == Done()
    )


@both_ways
async def test_a_reply_stored_during_the_preparation_wins_over_its_refusal(bus: BusFixture) -> None:
    """Another process may have executed the request meanwhile."""
    store = """
    INSERT INTO replies (type, idempotency_key, content_hash, answer, expires_at)
    VALUES ($1, 'k', $2, $3, now() + interval '1 hour')
    """

    async def before(request: CancelRequest, _deps: Any, pool: Pool) -> None:
        answer = encode_reply(Done()).decode()
        await pool.execute(store, request.TYPE, content_hash(request), answer)
        raise Refused(Refusal(slug="request_gone"))

    owner = Owner()
    gateway = await both(bus, CancelRequest, owner, before)
    assert (
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k") == Done()
    )
    assert owner.requests == []


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """Only what nothing refers to is freed."""
    gc.disable()
    yield
    gc.enable()


class Secret:
    """Something that was opened."""


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize("place", ["preparation", "handler"])
async def test_a_refusal_keeps_nothing_that_was_opened_alive(bus: BusFixture, place: str) -> None:
    """A password in clear is gone with the reply, not at some garbage collection."""
    opened: list[weakref.ref[Secret]] = []

    async def refuse(*_arguments: Any) -> Any:
        secret = Secret()
        opened.append(weakref.ref(secret))
        raise Refused(Refusal(slug="too_soon"))

    in_handler = place == "handler"
    owner = Owner(refuse if in_handler else None)
    gateway = await both(bus, CancelRequest, owner, None if in_handler else refuse)
    with pytest.raises(Refused, match="too_soon"):
        await gateway.rpc_client.ask(CancelRequest(request_id="r"), idempotency_key="k")
    assert [ref() for ref in opened] == [None]
