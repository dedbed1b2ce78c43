"""Lost phones: reported by anybody, confirmed by a mailed link, frozen if stolen."""

import asyncio
import re
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
from shared.security.link_codes import link_code
from shared.security.sealing import KeyRing, new_key
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    UNKNOWN,
    HarnessAccountHolder,
    codes,
    lost_phone_claim,
    reset_request,
)
from tests.support.harness.registration import PASSWORD, RegistrationHarness


async def link(harness: RegistrationHarness, holder: HarnessAccountHolder) -> str:
    """Report a lost phone; returns the link's token."""
    await harness.ask(lost_phone_claim())
    return await holder.secret(LostPhoneClaimed)


async def test_a_claim_alone_changes_nothing(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    before = await holder.row()
    assert await harness.ask(lost_phone_claim()) == Done()
    ((_, subject, event),) = await harness.published(LostPhoneClaimed)
    assert (subject, event.address, event.stolen) == (holder.account_id, ADDRESS, False)
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
    done = await harness.ask(holder.confirm_loss(token))
    assert re.fullmatch("TEL(-[A-Z2-7]{5}){2}", done.number)
    assert done == LostPhoneView(
        account_id=holder.account_id,
        frozen=False,
        reported_at=harness.now,
        number=done.number,
    )
    ((_, subject, event),) = await harness.published(LostPhoneReported)
    assert subject == holder.account_id
    assert event == LostPhoneReported(stolen=False, reported_at=harness.now, request_id=done.number)
    assert (await harness.refusal(holder.confirm_loss(token))).slug == "link_used"
    view = await harness.ask(holder.follow(DescribeLostPhone, token))
    assert (view.state, view.at) == ("used", harness.now)
    assert await holder.can_sign_in_with(PASSWORD)


async def test_a_stolen_phone_freezes_and_only_support_unfreezes(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    reset = await holder.reset_link()
    token = await link(harness, holder)
    done = await harness.ask(holder.confirm_loss(token, stolen=True))
    view = await harness.ask(holder.follow(DescribeLostPhone, token))
    assert (view.state, view.stolen) == ("used", True)
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
    token = await link(harness, holder)
    assert (await harness.ask(holder.confirm_loss(token, stolen=stolen))).frozen
    assert len(await harness.events(AccountFrozen)) == 1
    assert (await holder.row())["desk_only"] == stolen
    state = (await harness.ask(holder.follow(DescribeReset, reset))).state
    assert state == ("gone" if stolen else "valid")


async def test_two_confirmations_at_once_make_one_case(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    confirm = holder.confirm_loss(await link(harness, holder), stolen=True)
    answers = await asyncio.gather(
        *(harness.ask(confirm) for _ in range(4)), return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, Refused)]
    assert [each.refusal.slug for each in refused] == ["link_used"] * 3
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
    assert (await harness.refusal(holder.confirm_loss(token))).slug == "link_gone"
    assert (await harness.ask(holder.follow(DescribeLostPhone, token))).state == "gone"


async def test_unusable_links_are_refused_with_a_reason(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    new = await link(harness, holder)
    reset = await holder.reset_link()
    harness.advance(minutes=60)
    for token, state in (
        (new, "expired"),
        (reset, "gone"),
        (new[:-1], "malformed"),
    ):
        assert (await harness.ask(holder.follow(DescribeLostPhone, token))).state == state
        refusal = await harness.refusal(holder.confirm_loss(token))
        assert refusal.slug == f"link_{state}"


async def test_five_claims_per_address_and_day(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    for _ in range(5):
        await harness.ask(lost_phone_claim())
        harness.advance(minutes=61)
    refusal = await harness.refusal(lost_phone_claim())
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "address"})
    await harness.ask(reset_request())
    assert codes(await harness.refusal(lost_phone_claim("pierre@"))) == ["address:format"]


async def test_s_04_a_loss_needs_the_code_of_the_mail(harness: RegistrationHarness) -> None:
    """What a robot sends: nothing, no digits, or wrong ones."""
    holder = await HarnessAccountHolder.of(harness)
    token = await link(harness, holder)
    for typed, code in (("", "missing"), ("12345", "format"), ("abcdef", "format")):
        asked = (
            holder.with_code(ConfirmLostPhone, token, typed)
            if typed
            else holder.follow(ConfirmLostPhone, token)
        )
        found = codes(await harness.refusal(asked))
        assert found in (["code:format"], [f"code:{code}"])
    wrong = "000000" if link_code(ring(harness), token) != "000000" else "000001"
    for left in (4, 3, 2, 1):
        refusal = await harness.refusal(holder.with_code(ConfirmLostPhone, token, wrong))
        assert (refusal.slug, refusal.params) == ("wrong_code", {"tries_left": left})
    for code in (wrong, ""):
        refusal = await harness.refusal(holder.with_code(ConfirmLostPhone, token, code))
        assert refusal.slug == "code_void"
    assert await harness.events(LostPhoneReported) == []


async def test_s_04_a_theft_needs_the_password_too(harness: RegistrationHarness) -> None:
    """The mailbox alone does not cause a freeze that only support ends."""
    holder = await HarnessAccountHolder.of(harness)
    token = await link(harness, holder)
    for given, code in (("", "missing"), ("Zzzz9999a", "not_yours")):
        refusal = await harness.refusal(holder.confirm_loss(token, stolen=True, password=given))
        assert codes(refusal) == [f"password:{code}"]
    assert await harness.events(LostPhoneReported, AccountFrozen) == []
    assert (await harness.ask(holder.confirm_loss(token, stolen=True))).frozen
    assert (await holder.row())["desk_only"]


async def test_s_04_the_password_of_a_theft_is_throttled(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await link(harness, holder)
    slugs = [
        await harness.outcome(holder.confirm_loss(token, stolen=True, password="Zzzz9999a"))
        for _ in range(6)
    ]
    assert slugs == ["invalid_fields"] * 5 + ["too_many_tries"]


def ring(harness: RegistrationHarness) -> KeyRing:
    """The keys that the digits of mails follow from."""
    return harness.deps.settings.disavowal_keys


async def test_s_04_the_digits_hold_under_a_rotated_ring(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await link(harness, holder)
    confirm = holder.confirm_loss(token)
    rotated = KeyRing((*KeyRing.parse(new_key("d2")).keys, *ring(harness).keys))
    object.__setattr__(harness.deps, "disavowal_keys", rotated)
    assert not (await harness.ask(confirm)).frozen


async def test_s_05_while_a_link_lives_nothing_new_is_sent_or_counted(
    harness: RegistrationHarness,
) -> None:
    await HarnessAccountHolder.of(harness)
    for address in (ADDRESS, UNKNOWN):
        for ask in (lost_phone_claim, reset_request):
            await harness.ask(ask(address))
            before = [await harness.count(each) for each in ("outbox", "mailed_links", "counters")]
            moments = await harness.fetch("SELECT sum(cardinality(moments)) FROM counters")
            for _ in range(20):
                assert await harness.ask(ask(address)) == Done()
            after = [await harness.count(each) for each in ("outbox", "mailed_links", "counters")]
            assert after == before
            assert moments == await harness.fetch("SELECT sum(cardinality(moments)) FROM counters")
