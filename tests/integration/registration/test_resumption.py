"""A lost phone: credentials removed, then joined again by the code that the desk told (G-26)."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from services.registration import account_search_store
from shared.contracts.base import Refusal
from shared.contracts.registration.events import (
    AccountCreated,
    CredentialsRemoved,
    KnownAddressRequested,
)
from shared.contracts.registration.requests import DescribeReset
from shared.contracts.registration.resumption import (
    AccountResumed,
    ResumeAccount,
    ResumptionCodeRefused,
    ResumptionHeld,
)
from shared.contracts.registration.views import RequestView
from shared.contracts.support.acts import CredentialsRemovalOrdered
from shared.contracts.support.lost_phones import (
    OtherNamesAccepted,
    ResumptionCodeTold,
    ResumptionCodeVoided,
)
from shared.database import transaction
from shared.domain.resumption_codes import in_groups, make_resumption_code
from shared.security.sealing import seal_context
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness

NUMBERS: Iterator[int] = count(31_415_926_535)
CODE = make_resumption_code(lambda _: 27_182_818_284)
WRONG = make_resumption_code(lambda _: 27_182_818_285)


async def remove(harness: RegistrationHarness, account_id: str) -> None:
    """The desk's order arrives."""
    order = CredentialsRemovalOrdered(
        proposal_id="1", reason="requested_by_person", ordered_at=harness.now
    )
    await harness.handle_event(order, account_id)


async def send_code(harness: RegistrationHarness, account_id: str, code: str = CODE) -> None:
    """An agent gives a code by telephone."""
    told = ResumptionCodeTold(
        number="TEL-ABCDE-FGHIJ",
        agent_id="1",
        code=harness.sealer.seal(code, seal_context(ResumptionCodeTold, "code")),
        told_at=harness.now,
        expires_at=harness.now + timedelta(days=7),
    )
    await harness.handle_event(told, account_id)


async def returning(harness: RegistrationHarness, **changes: str) -> str:
    """The account is created again, up to the code; returns the request's id."""
    request_id = await harness.verified(**{"password": OTHER_PASSWORD, **changes})
    view: RequestView = await harness.ask(harness.accept(request_id))
    assert (view.due, view.resumed) == ("resumption", False)
    return request_id


def give(harness: RegistrationHarness, request_id: str, code: str) -> ResumeAccount:
    return ResumeAccount(request_id=request_id, code=harness.seal(ResumeAccount, "code", code))


async def refused(harness: RegistrationHarness, request_id: str, code: str) -> Refusal:
    return await harness.refusal(give(harness, request_id, code))


async def lost(harness: RegistrationHarness) -> str:
    """An account without credentials, whose code was told; returns its id."""
    holder = await HarnessAccountHolder.of(harness)
    await remove(harness, holder.account_id)
    await send_code(harness, holder.account_id)
    return holder.account_id


async def test_g_26_the_order_removes_password_links_and_block(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    reset = await holder.reset_link()
    await holder.close("frozen", desk_only=True)
    for _ in range(2):
        await remove(harness, holder.account_id)
    ((_, subject, removed),) = await harness.published(CredentialsRemoved)
    assert (subject, removed.removed_at) == (holder.account_id, harness.now)
    assert not await holder.can_sign_in_with(PASSWORD)
    view = await harness.ask(holder.follow(DescribeReset, reset))
    assert view.state == "gone"
    (account,) = await harness.fetch("SELECT state, desk_only, frozen_at FROM accounts")
    assert tuple(account) == ("active", False, None)


async def test_g_26_a_deactivated_account_keeps_its_credentials(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await holder.close("deactivated")
    await remove(harness, holder.account_id)
    assert await harness.events(CredentialsRemoved) == []
    assert await harness.count("credentials") == 1


@pytest.mark.parametrize("late", [False, True])
async def test_g_26_a_voided_code_joins_nothing_also_where_it_comes_late(
    harness: RegistrationHarness, late: bool
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await remove(harness, holder.account_id)
    void = ResumptionCodeVoided(
        number="TEL-ABCDE-FGHIJ", agent_id="2", told_at=harness.now, voided_at=harness.now
    )
    if late:
        await harness.handle_event(void, holder.account_id)
    await send_code(harness, holder.account_id)
    if not late:
        await harness.handle_event(void, holder.account_id)
    request_id = await returning(harness)
    assert (await refused(harness, request_id, CODE)).slug == "resumption_not_told"
    # The next code is another one's.
    harness.advance(minutes=1)
    await send_code(harness, holder.account_id)
    await harness.handle_event(void, holder.account_id)
    view = await harness.ask(give(harness, request_id, CODE))
    assert view.resumed


async def test_g_26_the_code_joins_the_account_with_its_id_and_names(
    harness: RegistrationHarness,
) -> None:
    account_id = await lost(harness)
    request_id = await returning(harness, first_name="pierre", last_name="DURAND")
    view = await harness.ask(give(harness, request_id, in_groups(CODE)))
    assert (view.due, view.resumed) == ("created", True)
    again = await harness.ask(give(harness, request_id, CODE))
    assert again.due == "created"
    ((_, subject, resumed),) = await harness.published(AccountResumed)
    assert (subject, resumed.resumed_at) == (account_id, harness.now)
    assert resumed.enrol_before == harness.now + timedelta(hours=24)
    assert len(await harness.events(AccountCreated)) == 1
    (account,) = await harness.fetch("SELECT id::text, first_name, last_name FROM accounts")
    assert tuple(account) == (account_id, "Pierre", "Durand")
    assert await harness.count("credentials") == 1
    signed = await harness.ask(harness.sign_in(ADDRESS, OTHER_PASSWORD))
    assert (signed.due, signed.account_id) == ("account", account_id)
    refusal = await harness.refusal(harness.sign_in(ADDRESS, PASSWORD))
    assert refusal.slug == "wrong_credentials"


async def test_g_26_the_mailbox_alone_opens_nothing(harness: RegistrationHarness) -> None:
    """Whoever reads the mailbox reaches the code, learns nothing there and has no account."""
    holder = await HarnessAccountHolder.of(harness)
    await remove(harness, holder.account_id)
    request_id = await returning(harness, first_name="Zoé", last_name="Voleur")
    assert (await refused(harness, request_id, CODE)).slug == "resumption_not_told"
    view = await harness.ask(harness.accept(request_id))
    assert (view.due, view.first_name) == ("resumption", "Zoé")
    assert await harness.count("credentials") == 0
    signed = await harness.ask(harness.sign_in(ADDRESS, OTHER_PASSWORD))
    assert (signed.due, signed.account_id) == ("request", None)


async def test_g_26_five_wrong_codes_void_the_code_and_a_slip_costs_none(
    harness: RegistrationHarness,
) -> None:
    account_id = await lost(harness)
    request_id = await returning(harness)
    slip = await refused(harness, request_id, CODE[:-1] + str((int(CODE[-1]) + 1) % 10))
    assert (slip.slug, slip.errors[0].code) == ("invalid_fields", "resumption_format")
    for left in (4, 3, 2, 1):
        wrong = await refused(harness, request_id, WRONG)
        assert (wrong.slug, wrong.params) == ("wrong_code", {"tries_left": left})
    assert (await refused(harness, request_id, WRONG)).slug == "code_void"
    assert (await refused(harness, request_id, CODE)).slug == "code_void"
    told = [each.tries_left for each in await harness.events(ResumptionCodeRefused)]
    assert told == [4, 3, 2, 1, 0]
    assert await harness.count("credentials") == 0
    harness.advance(minutes=1)
    other = make_resumption_code(lambda _: next(NUMBERS))
    await send_code(harness, account_id, other)
    assert (await refused(harness, request_id, CODE)).slug == "wrong_code"
    assert (await harness.ask(give(harness, request_id, other))).due == "created"


async def test_g_26_parallel_guesses_are_counted(harness: RegistrationHarness) -> None:
    await lost(harness)
    request_id = await returning(harness)
    guesses = [make_resumption_code(lambda _: next(NUMBERS)) for _ in range(9)]
    await asyncio.gather(*(refused(harness, request_id, each) for each in guesses))
    assert (await refused(harness, request_id, CODE)).slug == "code_void"


async def test_g_26_a_code_is_good_for_seven_days(harness: RegistrationHarness) -> None:
    await lost(harness)
    harness.advance(days=7)
    request_id = await returning(harness)
    assert (await refused(harness, request_id, CODE)).slug == "code_expired"


async def test_g_26_an_older_code_that_arrives_later_is_not_stored(
    harness: RegistrationHarness,
) -> None:
    account_id = await lost(harness)
    harness.advance(minutes=-5)
    await send_code(harness, account_id, WRONG)
    harness.advance(minutes=5)
    request_id = await returning(harness)
    assert (await harness.ask(give(harness, request_id, CODE))).due == "created"


async def test_g_26_the_code_before_the_terms_is_refused(harness: RegistrationHarness) -> None:
    await lost(harness)
    request_id = await harness.verified(password=OTHER_PASSWORD)
    assert (await refused(harness, request_id, CODE)).slug == "not_verified"


async def both_last_names(harness: RegistrationHarness, account_id: str) -> tuple[str, str]:
    """The last name of an account, and the one that waits to be compared with it."""
    async with transaction(harness.pool) as tx:
        (record,) = await account_search_store.describe(tx, [account_id])
    return record.last_name, record.given_last_name


async def test_g_26_other_names_wait_for_two_agents(harness: RegistrationHarness) -> None:
    account_id = await lost(harness)
    request_id = await returning(harness, last_name="Martin")
    view = await harness.ask(give(harness, request_id, CODE))
    assert view.due == "resumption_check"
    ((_, subject, held),) = await harness.published(ResumptionHeld)
    assert (subject, held.request_id) == (account_id, request_id)
    assert await harness.count("credentials") == 0
    assert await both_last_names(harness, account_id) == ("Durand", "Martin")
    accepted = OtherNamesAccepted(
        proposal_id="2", reason="requested_by_person", ordered_at=harness.now
    )
    for _ in range(2):
        await harness.handle_event(accepted, account_id)
    assert len(await harness.events(AccountResumed)) == 1
    signed = await harness.ask(harness.sign_in(ADDRESS, OTHER_PASSWORD))
    assert (signed.account_id, signed.last_name) == (account_id, "Durand")
    assert await both_last_names(harness, account_id) == ("Durand", "")


async def test_g_26_another_request_of_the_mailbox_voids_the_one_that_waits(
    harness: RegistrationHarness,
) -> None:
    account_id = await lost(harness)
    request_id = await returning(harness, last_name="Martin")
    await harness.ask(give(harness, request_id, CODE))
    other = await returning(harness)
    assert (await refused(harness, other, CODE)).slug == "resumption_not_told"
    accepted = OtherNamesAccepted(
        proposal_id="2", reason="requested_by_person", ordered_at=harness.now
    )
    await harness.handle_event(accepted, account_id)
    assert await harness.events(AccountResumed) == []
    assert await harness.count("credentials") == 0


async def test_g_26_nobody_joins_an_account_that_was_blocked_meanwhile(
    harness: RegistrationHarness,
) -> None:
    account_id = await lost(harness)
    request_id = await returning(harness)
    await HarnessAccountHolder(harness, account_id).close("frozen")
    assert (await refused(harness, request_id, CODE)).slug == "account_closed"
    await harness.request(password=OTHER_PASSWORD)
    assert len(await harness.events(KnownAddressRequested)) == 1


async def test_g_26_the_code_is_stored_as_a_hash_and_deleted(
    harness: RegistrationHarness,
) -> None:
    await lost(harness)
    (row,) = await harness.fetch("SELECT code_hash FROM resumption_codes")
    assert len(row["code_hash"]) == 32
    assert CODE.encode() not in row["code_hash"]
