"""Lost phones: reported by anybody, confirmed by a mailed link, frozen if stolen."""

import asyncio
from datetime import timedelta

import pytest

from shared.contracts.registration.events import (
    AccountFrozen,
    LostPhoneClaimed,
    LostPhoneReported,
    UnknownAddressAsked,
)
from shared.contracts.registration.requests import (
    ConfirmLostPhone,
    DescribeLostPhone,
    DescribeReset,
)
from shared.contracts.registration.views import Done, LostPhoneView
from shared.messaging.handlers import Refused
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    UNKNOWN,
    HarnessAccountHolder,
    codes,
    lost_phone_claim,
    reset_request,
)
from tests.support.harness.registration import PASSWORD, RegistrationHarness


async def link(
    harness: RegistrationHarness, holder: HarnessAccountHolder, *, stolen: bool = False
) -> str:
    """Report a lost phone; returns the link's token."""
    await harness.ask(lost_phone_claim(stolen=stolen))
    return await holder.secret(LostPhoneClaimed)


async def test_a_claim_alone_changes_nothing(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    before = await holder.row()
    assert await harness.ask(lost_phone_claim(stolen=True)) == Done()
    ((_, subject, event),) = await harness.published(LostPhoneClaimed)
    assert (subject, event.address, event.stolen) == (holder.account_id, ADDRESS, True)
    assert event.expires_at == harness.now + timedelta(minutes=60)
    assert await holder.row() == before
    assert await harness.events(LostPhoneReported, AccountFrozen) == []
    assert await holder.can_sign_in_with(PASSWORD)


async def test_a_confirmed_loss_is_reported_once_and_the_account_stays_open(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await link(harness, holder)
    for _ in range(5):
        view = await harness.ask(holder.follow(DescribeLostPhone, token))
        assert (view.state, view.stolen) == ("valid", False)
    done = await harness.ask(holder.follow(ConfirmLostPhone, token))
    assert done == LostPhoneView(
        account_id=holder.account_id, frozen=False, reported_at=harness.now
    )
    ((_, subject, event),) = await harness.published(LostPhoneReported)
    assert subject == holder.account_id
    assert event == LostPhoneReported(stolen=False, reported_at=harness.now)
    assert (await harness.refusal(holder.follow(ConfirmLostPhone, token))).slug == "link_used"
    view = await harness.ask(holder.follow(DescribeLostPhone, token))
    assert (view.state, view.at) == ("used", harness.now)
    assert await holder.can_sign_in_with(PASSWORD)


async def test_a_stolen_phone_freezes_and_only_support_unfreezes(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    reset = await holder.reset_link()
    token = await link(harness, holder, stolen=True)
    view = await harness.ask(holder.follow(DescribeLostPhone, token))
    assert (view.state, view.stolen) == ("valid", True)
    done = await harness.ask(holder.follow(ConfirmLostPhone, token))
    assert done.frozen
    ((_, subject, event),) = await harness.published(AccountFrozen)
    assert subject == holder.account_id
    assert event == AccountFrozen(by="lost_phone", desk_only=True, frozen_at=harness.now)
    assert not await holder.can_sign_in_with(PASSWORD)
    assert (await harness.refusal(holder.reset(reset))).slug == "link_gone"
    await harness.ask(reset_request())
    assert [notified.closed for notified in await harness.events(UnknownAddressAsked)] == [True]


@pytest.mark.parametrize("stolen", [True, False])
async def test_a_frozen_account_may_report_its_phone_too(
    harness: RegistrationHarness, stolen: bool
) -> None:
    """A theft restricts a frozen account to support, without a second event."""
    holder = await HarnessAccountHolder.of(harness)
    await holder.disavow(holder.disavowal())
    reset = await holder.reset_link()
    token = await link(harness, holder, stolen=stolen)
    assert (await harness.ask(holder.follow(ConfirmLostPhone, token))).frozen
    assert len(await harness.events(AccountFrozen)) == 1
    assert (await holder.row())["desk_only"] == stolen
    state = (await harness.ask(holder.follow(DescribeReset, reset))).state
    assert state == ("gone" if stolen else "valid")


async def test_two_confirmations_at_once_make_one_case(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    confirm = holder.follow(ConfirmLostPhone, await link(harness, holder, stolen=True))
    answers = await asyncio.gather(
        *(harness.ask(confirm) for _ in range(8)), return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, Refused)]
    assert [each.refusal.slug for each in refused] == ["link_used"] * 7
    assert len(await harness.events(LostPhoneReported)) == 1
    assert len(await harness.events(AccountFrozen)) == 1


@pytest.mark.parametrize("state", [None, "deactivated"])
async def test_b_03_without_an_account_only_the_mailbox_is_notified(
    harness: RegistrationHarness, state: str | None
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    if state is not None:
        await holder.close(state)
    address = ADDRESS if state else UNKNOWN
    assert await harness.ask(lost_phone_claim(address)) == Done()
    ((_, subject, event),) = await harness.published(UnknownAddressAsked)
    assert (subject, event.address, event.about) == (None, address, "phone")
    assert event.closed == (state is not None)
    assert await harness.events(LostPhoneClaimed) == []


async def test_a_link_of_an_account_closed_meanwhile_is_gone(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await link(harness, holder)
    await holder.close("deactivated")
    assert (await harness.refusal(holder.follow(ConfirmLostPhone, token))).slug == "link_gone"
    assert (await harness.ask(holder.follow(DescribeLostPhone, token))).state == "gone"


async def test_unusable_links_are_refused_with_a_reason(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    old, new = await link(harness, holder), await link(harness, holder)
    reset = await holder.reset_link()
    harness.advance(minutes=60)
    for token, state in (
        (old, "replaced"),
        (new, "expired"),
        (reset, "gone"),
        (new[:-1], "malformed"),
    ):
        assert (await harness.ask(holder.follow(DescribeLostPhone, token))).state == state
        refusal = await harness.refusal(holder.follow(ConfirmLostPhone, token))
        assert refusal.slug == f"link_{state}"


async def test_five_claims_per_address_and_day(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    for _ in range(5):
        await harness.ask(lost_phone_claim())
    refusal = await harness.refusal(lost_phone_claim())
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "address"})
    await harness.ask(reset_request())
    assert codes(await harness.refusal(lost_phone_claim("pierre@"))) == ["address:format"]
