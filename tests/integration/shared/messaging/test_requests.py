"""Questions and orders to an owner: answered once, refused with a reason, never twice in effect."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pamqp.commands import Basic

from shared.contracts.base import Refusal, Reply, Sealed
from shared.contracts.registration import (
    CancelRequest,
    DescribeTerms,
    Done,
    RequestCancelled,
    TermsView,
    VerifyCode,
)
from shared.database import Pool
from shared.errors import DependencyDown
from shared.messaging import Refused, RequestContext, answers, hears
from shared.messaging.answering import IDEMPOTENCY_KEY, decode_answer
from shared.messaging.envelope import new_id, wrap
from shared.messaging.errors import OwnerAway, RequestTimeout
from shared.messaging.node import Node
from shared.messaging.topology import REPLY_TO, REQUESTS
from tests.integration.shared.neighbours import Heard, Street, channel, forge, now
from tests.support.waiting import eventually

TERMS = TermsView(version="1", date="2026-01-01", sha256="0" * 64, text="…", model=True)


class Owner:
    """Answers as `act` says and counts how often it worked."""

    def __init__(self, act: Any = None) -> None:
        self.requests: list[Any] = []
        self.prepared: list[Any] = []
        self._act = act

    async def __call__(self, request: Any, context: RequestContext[Any]) -> Reply:
        """Called inside the transaction."""
        self.requests.append(request)
        self.prepared.append(context.prepared)
        if self._act is not None:
            return await self._act(request, context)  # type: ignore[no-any-return]
        return Done()


async def _both(street: Street, request: Any, owner: Owner, before: Any = None) -> Node:
    """The owner, and the gateway that asks."""
    await street.node(
        "registration",
        answers=(answers(request, owner, before),),
        emits=(RequestCancelled,),
    )
    return await street.node("gateway", asks=(request,))


async def test_a_question_is_answered(street: Street) -> None:
    """The reply comes as the contract's class."""

    async def terms(request: DescribeTerms, _context: Any) -> TermsView:
        assert request.language == "fr"
        return TERMS

    gateway = await _both(street, DescribeTerms, Owner(terms))
    assert await gateway.requester.ask(DescribeTerms(language="fr")) == TERMS


async def test_twenty_parallel_orders_with_one_key_are_carried_out_once(street: Street) -> None:
    """All get the same answer; one event is said."""

    async def cancel(request: CancelRequest, context: RequestContext[Any]) -> Reply:
        await asyncio.sleep(0.1)
        await context.emit(RequestCancelled(request_id=request.request_id))
        return Done()

    owner, heard = Owner(cancel), Heard()
    gateway = await _both(street, CancelRequest, owner)
    await street.node("mailer", hears=(hears(RequestCancelled, heard),))

    order = CancelRequest(request_id="r")
    got = await asyncio.gather(
        *(gateway.requester.ask(order, idempotency_key="k") for _ in range(20))
    )

    assert got == [Done()] * 20
    assert len(owner.requests) == 1
    await eventually(lambda: len(heard) == 1)
    assert await gateway.requester.ask(order, idempotency_key="other key") == Done()
    assert len(owner.requests) == 2


async def test_a_key_used_for_another_content_is_refused(street: Street) -> None:
    """Sealed fields do not count: their boxes differ each time."""
    owner = Owner(_verified)
    gateway = await _both(street, VerifyCode, owner)

    def order(request_id: str, box: str) -> VerifyCode:
        return VerifyCode(
            request_id=request_id, code=Sealed(recipient="registration", key_id="k", box=box)
        )

    first = gateway.requester.ask(order("r", "a"), idempotency_key="k")
    again = gateway.requester.ask(order("r", "b"), idempotency_key="k")
    with pytest.raises(Refused) as refused:
        await first
    assert refused.value.refusal.slug == "wrong_code"
    with pytest.raises(Refused) as refused:
        await again
    assert refused.value.refusal.slug == "wrong_code"
    assert len(owner.requests) == 1
    with pytest.raises(Refused) as refused:
        await gateway.requester.ask(order("another", "a"), idempotency_key="k")
    assert refused.value.refusal.slug == "idempotency_mismatch"
    assert len(owner.requests) == 1


async def _verified(_request: Any, context: RequestContext[Any]) -> Reply:
    return context.refuse(Refusal(slug="wrong_code", params={"tries_left": 4}))


async def test_a_refusal_that_is_raised_undoes_and_is_judged_again(street: Street) -> None:
    """Nothing written, nothing kept."""

    async def cancel(request: CancelRequest, context: RequestContext[Any]) -> Reply:
        await context.emit(RequestCancelled(request_id=request.request_id))
        if len(owner.requests) == 1:
            raise Refused(Refusal(slug="account_exists", retry_after=7))
        return Done()

    owner = Owner(cancel)
    gateway = await _both(street, CancelRequest, owner)
    order = CancelRequest(request_id="r")
    with pytest.raises(Refused) as refused:
        await gateway.requester.ask(order, idempotency_key="k")
    assert refused.value.refusal == Refusal(slug="account_exists", retry_after=7)
    assert await street.count("registration", "replies") == 0
    assert await street.depth("impex.unrouted") == 0

    assert await gateway.requester.ask(order, idempotency_key="k") == Done()
    assert len(owner.requests) == 2


async def test_a_refusal_that_is_returned_keeps_its_writes_and_itself(street: Street) -> None:
    """A wrong code is counted once, however often the same post arrives."""

    async def count(request: CancelRequest, context: RequestContext[Any]) -> Reply:
        await context.emit(RequestCancelled(request_id=request.request_id))
        return context.refuse(Refusal(slug="account_exists"))

    owner, heard = Owner(count), Heard()
    gateway = await _both(street, CancelRequest, owner)
    await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    for _ in range(2):
        with pytest.raises(Refused):
            await gateway.requester.ask(CancelRequest(request_id="r"), idempotency_key="k")

    await eventually(lambda: len(heard) == 1)
    assert len(owner.requests) == 1


async def test_an_error_inside_is_told_as_internal_error_and_nothing_more(street: Street) -> None:
    """No detail leaves the owner, and the worker goes on."""

    async def explode(_request: Any, _context: Any) -> Reply:
        if len(owner.requests) == 1:
            raise RuntimeError("password hunter2")
        return Done()

    owner = Owner(explode)
    gateway = await _both(street, CancelRequest, owner)
    order = CancelRequest(request_id="r")
    with pytest.raises(Refused) as refused:
        await gateway.requester.ask(order, idempotency_key="k")
    assert refused.value.refusal == Refusal(slug="internal_error")
    assert await gateway.requester.ask(order, idempotency_key="k") == Done()


async def test_long_work_is_prepared_outside_the_transaction(street: Street) -> None:
    """`before` runs once per order that is carried out, and not for a repeated one."""
    ran = 0

    async def before(request: CancelRequest, deps: Any, pool: Pool) -> str:
        nonlocal ran
        ran += 1
        assert await pool.fetchval("SELECT count(*) FROM replies") == 0
        return f"hash of {request.request_id}"

    owner = Owner()
    gateway = await _both(street, CancelRequest, owner, before)
    for _ in range(3):
        await gateway.requester.ask(CancelRequest(request_id="r"), idempotency_key="k")
    assert owner.prepared == ["hash of r"]
    assert ran == 1


async def test_no_answer_in_time_is_a_timeout_and_the_work_is_undone(street: Street) -> None:
    """Asked again with the same key, it is carried out."""

    async def slow_once(_request: Any, context: RequestContext[Any]) -> Reply:
        await context.emit(RequestCancelled(request_id=str(len(owner.requests))))
        if len(owner.requests) == 1:
            await asyncio.sleep(30)
        return Done()

    owner, heard = Owner(slow_once), Heard()
    gateway = await _both(street, CancelRequest, owner)
    await street.node("mailer", hears=(hears(RequestCancelled, heard),))
    order = CancelRequest(request_id="r")
    with pytest.raises(RequestTimeout):
        await gateway.requester.ask(order, idempotency_key="k", timeout=0.5)
    assert await gateway.requester.ask(order, idempotency_key="k") == Done()
    await eventually(lambda: len(heard) == 1)
    assert heard.events[0].request_id == "2"


async def test_a_request_that_has_run_out_is_not_carried_out(street: Street) -> None:
    """An hour in a queue that should have dropped it: no effect, no answer."""
    owner = Owner()
    gateway = await _both(street, CancelRequest, owner)
    old = now().replace(year=now().year - 1)
    message_id, body = wrap("gateway", CancelRequest(request_id="old"), subject=None, now=old)
    await forge(
        street.broker.url("gateway"),
        body,
        exchange=REQUESTS,
        key=CancelRequest.TYPE,
        message_id=message_id,
        headers={IDEMPOTENCY_KEY: "k"},
    )
    await gateway.requester.ask(CancelRequest(request_id="new"), idempotency_key="n")
    assert [request.request_id for request in owner.requests] == ["new"]


async def test_an_owner_that_never_started_is_away(street: Street) -> None:
    """Unroutable: told at once, not after the deadline."""
    gateway = await street.node("gateway", asks=(DescribeTerms,))
    loop = asyncio.get_running_loop()
    begin = loop.time()
    with pytest.raises(OwnerAway):
        await gateway.requester.ask(DescribeTerms(language="fr"))
    assert loop.time() - begin < 2


async def test_an_owner_whose_database_is_away_is_away(street: Street) -> None:
    """The asker hears it at once."""

    async def lose(_request: Any, _context: Any) -> Reply:
        raise DependencyDown("database", "gone")

    gateway = await _both(street, CancelRequest, Owner(lose))
    with pytest.raises(OwnerAway):
        await gateway.requester.ask(CancelRequest(request_id="r"), idempotency_key="k")


async def test_misuse_is_found_at_once(street: Street) -> None:
    """An order without a key, and a request that was not declared."""
    gateway = await street.node("gateway", asks=(CancelRequest,))
    with pytest.raises(ValueError, match="idempotency key"):
        await gateway.requester.ask(CancelRequest(request_id="r"))
    with pytest.raises(ValueError, match="does not declare"):
        await gateway.requester.ask(DescribeTerms(language="fr"))


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
async def test_a_bad_request_is_refused_and_the_worker_goes_on(
    street: Street, body: bytes, headers: dict[str, Any], slug: str
) -> None:
    """Whatever arrives, the asker is told and the next request is answered."""
    owner = Owner()
    gateway = await _both(street, CancelRequest, owner)
    if slug == "idempotency_key_missing":
        # Made now: the one in the table may have run out while other tests ran.
        body = wrap("gateway", CancelRequest(request_id="r"), subject=None, now=now())[1]
    answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    async with channel(street.broker.url("gateway")) as raw:
        await raw.basic_consume(
            REPLY_TO, lambda message: answer.set_result(message.body), no_ack=True
        )
        await raw.basic_publish(
            body,
            exchange=REQUESTS,
            routing_key=CancelRequest.TYPE,
            properties=Basic.Properties(
                message_id=new_id(), reply_to=REPLY_TO, correlation_id="c", headers=headers
            ),
        )
        async with asyncio.timeout(5):
            refusal = decode_answer(await answer).refusal
    assert refusal == Refusal(slug=slug)
    assert not owner.requests
    assert await gateway.requester.ask(CancelRequest(request_id="r"), idempotency_key="k") == Done()


async def test_an_answer_of_somebody_else_is_ignored(street: Street) -> None:
    """The broker vouches for `user_id`: only the owner's answer counts (T23)."""

    async def terms(_request: Any, _context: Any) -> TermsView:
        # As if an intruder knew the address and the correlation: the wrong user answers first.
        return TERMS

    gateway = await _both(street, DescribeTerms, Owner(terms))
    owner = DescribeTerms.OWNER
    DescribeTerms.OWNER = "mailer"
    try:
        with pytest.raises(RequestTimeout):
            await gateway.requester.ask(DescribeTerms(language="fr"), timeout=0.5)
    finally:
        DescribeTerms.OWNER = owner
