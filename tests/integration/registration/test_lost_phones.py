"""Lost phones: reported by anybody, confirmed by a mailed link, frozen if stolen."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shared.contracts import registration as contracts
from shared.messaging.handlers import Refused
from tests.integration.registration.holder import ADDRESS, UNKNOWN, Holder, codes, forgotten, lost
from tests.integration.registration.room import PASSWORD, Room


async def link(room: Room, holder: Holder, *, stolen: bool = False) -> str:
    """Report a lost phone; returns the link's token."""
    await room.ask(lost(stolen=stolen))
    return await holder.secret(contracts.LostPhoneClaimed)


async def test_a_claim_alone_changes_nothing(room: Room) -> None:
    holder = await Holder.of(room)
    before = await holder.row()
    assert await room.ask(lost(stolen=True)) == contracts.Done()
    ((_, subject, event),) = await room.said(contracts.LostPhoneClaimed)
    assert (subject, event.address, event.stolen) == (holder.account_id, ADDRESS, True)
    assert event.expires_at == room.now + timedelta(minutes=60)
    assert await holder.row() == before
    assert await room.events(contracts.LostPhoneReported, contracts.AccountFrozen) == []
    assert await holder.opens_with(PASSWORD)


async def test_a_confirmed_loss_is_reported_once_and_the_account_stays_open(room: Room) -> None:
    holder = await Holder.of(room)
    token = await link(room, holder)
    for _ in range(5):
        view = await room.ask(holder.follow(contracts.DescribeLostPhone, token))
        assert (view.state, view.stolen) == ("valid", False)
    done = await room.ask(holder.follow(contracts.ConfirmLostPhone, token))
    assert done == contracts.LostPhoneView(
        account_id=holder.account_id, frozen=False, reported_at=room.now
    )
    ((_, subject, event),) = await room.said(contracts.LostPhoneReported)
    assert subject == holder.account_id
    assert event == contracts.LostPhoneReported(stolen=False, reported_at=room.now)
    assert (
        await room.refusal(holder.follow(contracts.ConfirmLostPhone, token))
    ).slug == "link_used"
    view = await room.ask(holder.follow(contracts.DescribeLostPhone, token))
    assert (view.state, view.at) == ("used", room.now)
    assert await holder.opens_with(PASSWORD)


async def test_a_stolen_phone_freezes_and_only_support_unfreezes(room: Room) -> None:
    holder = await Holder.of(room)
    reset = await holder.reset_link()
    token = await link(room, holder, stolen=True)
    view = await room.ask(holder.follow(contracts.DescribeLostPhone, token))
    assert (view.state, view.stolen) == ("valid", True)
    done = await room.ask(holder.follow(contracts.ConfirmLostPhone, token))
    assert done.frozen
    ((_, subject, event),) = await room.said(contracts.AccountFrozen)
    assert subject == holder.account_id
    assert event == contracts.AccountFrozen(by="lost_phone", desk_only=True, frozen_at=room.now)
    assert not await holder.opens_with(PASSWORD)
    assert (await room.refusal(holder.reset(reset))).slug == "link_gone"
    await room.ask(forgotten())
    assert [told.closed for told in await room.events(contracts.UnknownAddressAsked)] == [True]


@pytest.mark.parametrize("stolen", [True, False])
async def test_a_frozen_account_may_report_its_phone_too(room: Room, stolen: bool) -> None:
    """A theft restricts a frozen account to support, without a second event."""
    holder = await Holder.of(room)
    await holder.disavow(holder.disavowal())
    reset = await holder.reset_link()
    token = await link(room, holder, stolen=stolen)
    assert (await room.ask(holder.follow(contracts.ConfirmLostPhone, token))).frozen
    assert len(await room.events(contracts.AccountFrozen)) == 1
    assert (await holder.row())["desk_only"] == stolen
    state = (await room.ask(holder.follow(contracts.DescribeReset, reset))).state
    assert state == ("gone" if stolen else "valid")


async def test_two_confirmations_at_once_make_one_case(room: Room) -> None:
    holder = await Holder.of(room)
    confirm = holder.follow(contracts.ConfirmLostPhone, await link(room, holder, stolen=True))
    answers = await asyncio.gather(*(room.ask(confirm) for _ in range(8)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Refused)]
    assert [each.refusal.slug for each in refused] == ["link_used"] * 7
    assert len(await room.events(contracts.LostPhoneReported)) == 1
    assert len(await room.events(contracts.AccountFrozen)) == 1


@pytest.mark.parametrize("state", [None, "deactivated"])
async def test_b_03_without_an_account_only_the_mailbox_is_notified(
    room: Room, state: str | None
) -> None:
    holder = await Holder.of(room)
    if state is not None:
        await holder.close(state)
    address = ADDRESS if state else UNKNOWN
    assert await room.ask(lost(address)) == contracts.Done()
    ((_, subject, event),) = await room.said(contracts.UnknownAddressAsked)
    assert (subject, event.address, event.about) == (None, address, "phone")
    assert event.closed == (state is not None)
    assert await room.events(contracts.LostPhoneClaimed) == []


async def test_a_link_of_an_account_closed_meanwhile_is_gone(room: Room) -> None:
    holder = await Holder.of(room)
    token = await link(room, holder)
    await holder.close("deactivated")
    assert (
        await room.refusal(holder.follow(contracts.ConfirmLostPhone, token))
    ).slug == "link_gone"
    assert (await room.ask(holder.follow(contracts.DescribeLostPhone, token))).state == "gone"


async def test_unusable_links_are_refused_with_a_reason(room: Room) -> None:
    holder = await Holder.of(room)
    old, new = await link(room, holder), await link(room, holder)
    reset = await holder.reset_link()
    room.later(minutes=60)
    for token, state in (
        (old, "replaced"),
        (new, "expired"),
        (reset, "gone"),
        (new[:-1], "malformed"),
    ):
        assert (await room.ask(holder.follow(contracts.DescribeLostPhone, token))).state == state
        refusal = await room.refusal(holder.follow(contracts.ConfirmLostPhone, token))
        assert refusal.slug == f"link_{state}"


async def test_five_claims_per_address_and_day(room: Room) -> None:
    await Holder.of(room)
    for _ in range(5):
        await room.ask(lost())
    refusal = await room.refusal(lost())
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "address"})
    await room.ask(forgotten())
    assert codes(await room.refusal(lost("pierre@"))) == ["address:format"]
