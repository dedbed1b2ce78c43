"""Deletion of cancelled and expired data, without remains."""

import asyncio

from services.registration.purge import purge
from shared.contracts.registration.events import AccountRequested, RequestCancelled, RequestExpired
from shared.contracts.registration.requests import CancelRequest, DescribeRequest, RequestAccount
from shared.contracts.registration.views import Done, RequestView
from shared.database import transaction
from shared.messaging.rpc_codec import encode_reply
from shared.outbox import replies
from tests.support.harness.registration import OTHER_PASSWORD, RegistrationHarness


async def test_re_14_cancelling_leaves_nothing(harness: RegistrationHarness) -> None:
    view = await harness.request()
    (code, link), *_ = await harness.mailed_secrets()
    assert await harness.ask(CancelRequest(request_id=view.request_id)) == Done()
    assert await harness.count("requests") == await harness.count("links") == 0
    ((_, subject, event),) = await harness.published(RequestCancelled)
    assert event.request_id == view.request_id
    assert subject == (await harness.published(AccountRequested))[0][1]
    assert (await harness.ask(harness.open_link(link))).state == "gone"
    for request in (
        harness.code(view.request_id, code),
        harness.resend(view.request_id),
        harness.correct(view.request_id, "p@autre.fr"),
        harness.accept(view.request_id),
        DescribeRequest(request_id=view.request_id),
    ):
        assert (await harness.refusal(request)).slug == "request_gone"
    assert (await harness.refusal(harness.link(link, view.request_id))).slug == "link_gone"
    assert await harness.ask(CancelRequest(request_id=view.request_id)) == Done()
    assert len(await harness.events(RequestCancelled)) == 1


async def store_reply(harness: RegistrationHarness, view: RequestView) -> None:
    """Store a request's reply as the RPC server does, for repeated requests with its key."""
    kind = RequestAccount.TYPE
    async with transaction(harness.pool) as tx:
        await replies.claim(tx, harness.form(), view.request_id, b"")
        await replies.save(tx, kind, view.request_id, encode_reply(view), view.request_id)


async def rows_with(harness: RegistrationHarness, text: str) -> list[str]:
    """The tables that contain a text in any column, except unpublished events."""
    tables = await harness.fetch(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 "
        "AND table_name <> 'outbox'",
        "registration",
    )
    found = []
    for table in sorted(row["name"] for row in tables):
        sql = f"SELECT 1 FROM {table} AS t WHERE strpos(t::text, $1) > 0"
        found += [table] if await harness.fetch(sql, text) else []
    return found


async def test_re_14_no_row_contains_what_was_typed_once_a_request_is_cancelled(
    harness: RegistrationHarness,
) -> None:
    """Neither a stored reply nor a counter contains the address."""
    view, other = await harness.request(), await harness.request("paul@labo.fr")
    await store_reply(harness, view)
    await store_reply(harness, other)
    await harness.refusal(harness.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    assert "replies" in await rows_with(harness, "pierre@labo.fr")
    await harness.ask(CancelRequest(request_id=view.request_id))
    assert await rows_with(harness, "pierre@labo.fr") == []
    assert await harness.count("replies") == 1


async def test_re_11_no_stored_reply_outlives_its_request(harness: RegistrationHarness) -> None:
    """Neither an expired request nor one voided by another verification."""
    await store_reply(harness, await harness.request())
    await harness.verified()
    assert await harness.count("replies") == 0
    await store_reply(harness, await harness.request("paul@labo.fr"))
    harness.advance(days=3)
    await purge(harness.pool, harness.now)
    assert await harness.count("replies") == 0


async def test_b_04_a_password_typed_as_the_address_is_stored_nowhere(
    harness: RegistrationHarness,
) -> None:
    await harness.refusal(harness.sign_in("Secret4Nobody", "x"))
    assert await rows_with(harness, "ecret4") == []


async def test_re_14_a_verified_request_can_be_cancelled_and_an_account_cannot(
    harness: RegistrationHarness,
) -> None:
    request_id = await harness.verified()
    await harness.ask(CancelRequest(request_id=request_id))
    assert await harness.count("requests") == 0
    request_id = await harness.verified("paul@labo.fr")
    await harness.ask(harness.accept(request_id))
    refusal = await harness.refusal(CancelRequest(request_id=request_id))
    assert refusal.slug == "account_exists"
    assert await harness.count("accounts") == 1


async def test_re_11_unverified_requests_are_deleted_after_two_days(
    harness: RegistrationHarness,
) -> None:
    old = await harness.request()
    harness.advance(hours=47, minutes=59)
    young = await harness.request("paul@labo.fr")
    assert await purge(harness.pool, harness.now) == 0
    harness.advance(minutes=1)
    assert await purge(harness.pool, harness.now) == 1
    (expired,) = await harness.events(RequestExpired)
    assert expired.request_id == old.request_id
    assert [str(row["id"]) for row in await harness.fetch("SELECT id FROM requests")] == [
        young.request_id
    ]
    assert await harness.count("links") == 1


async def test_re_11_two_purges_at_once_delete_each_request_once(
    harness: RegistrationHarness,
) -> None:
    for number in range(6):
        await harness.request(f"p{number}@labo.fr")
    harness.advance(days=3)
    done = await asyncio.gather(*(purge(harness.pool, harness.now) for _ in range(4)))
    assert sum(done) == 6
    assert len(await harness.events(RequestExpired)) == 6


async def test_re_11_a_created_request_is_deleted_without_event_and_the_account_stays(
    harness: RegistrationHarness,
) -> None:
    await harness.account()
    harness.advance(hours=24)
    assert await purge(harness.pool, harness.now) == 1
    assert await harness.events(RequestExpired) == []
    assert await harness.count("accounts") == 1


async def test_rate_limits_are_deleted_too(harness: RegistrationHarness) -> None:
    await harness.request()
    await harness.refusal(harness.sign_in("x@y.fr", "z"))
    harness.advance(days=1)
    await purge(harness.pool, harness.now)
    assert await harness.count("counters") == 0


async def test_the_purge_does_not_wait_for_a_counter_in_use(harness: RegistrationHarness) -> None:
    await harness.refusal(harness.sign_in("x@y.fr", "z"))
    await harness.refusal(harness.sign_in("a@y.fr", "z"))
    harness.advance(days=1)
    async with transaction(harness.pool) as tx:
        await tx.execute(
            "SELECT 1 FROM counters WHERE kind = 'sign_in_address' AND key = $1 FOR UPDATE",
            harness.deps.rate_limit_keys("x@y.fr")[0],
        )
        async with asyncio.timeout(60):
            await purge(harness.pool, harness.now)
        assert await harness.count("counters") == 1
