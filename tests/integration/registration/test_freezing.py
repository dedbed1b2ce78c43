"""Freezing with « ce n'est pas moi » and unfreezing, with events in any order."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.registration.purge import purge
from shared.contracts import registration as contracts
from shared.security import signed_tokens
from shared.security.sealing import KeyRing, new_key
from tests.integration.registration.holder import MAIL, Holder, forgotten
from tests.integration.registration.room import OTHER_PASSWORD, PASSWORD, Room

OTHER_MAIL = MAIL[::-1]


async def state(room: Room, holder: Holder, token: str) -> str:
    """The state of a link."""
    view = await room.ask(holder.follow(contracts.DescribeDisavowal, token))
    assert (view.masked_address is None) == (view.state == "malformed")
    return str(view.state)


async def test_the_link_freezes_the_account(room: Room) -> None:
    holder = await Holder.of(room)
    token = holder.disavowal()
    before = await holder.row()
    for _ in range(10):  # scanners
        view = await room.ask(holder.follow(contracts.DescribeDisavowal, token))
        assert view == contracts.DisavowalView(state="valid", masked_address="p***@labo.fr")
    assert await holder.row() == before
    view = await holder.disavow(token)
    assert view == contracts.FrozenView(account_id=holder.account_id, desk_only=False)
    ((_, subject, event),) = await room.said(contracts.AccountFrozen)
    assert subject == holder.account_id
    assert event == contracts.AccountFrozen(by="holder", desk_only=False, frozen_at=room.now)
    assert not await holder.opens_with(PASSWORD)
    assert await state(room, holder, token) == "done"


async def test_freezing_twice_is_no_error_and_emits_one_event(room: Room) -> None:
    holder = await Holder.of(room)
    tokens = [holder.disavowal(), holder.disavowal(mail=OTHER_MAIL)]
    views = await asyncio.gather(*(holder.disavow(token) for token in tokens * 4))
    assert {view.account_id for view in views} == {holder.account_id}
    assert len(await room.events(contracts.AccountFrozen)) == 1


async def test_unfreezing_needs_the_mailbox_a_new_password_and_the_second_factor(
    room: Room,
) -> None:
    holder = await Holder.of(room)
    token = holder.disavowal()
    await holder.disavow(token)
    room.later(minutes=1)
    reset = await holder.reset_link()
    assert (await room.events(contracts.PasswordResetRequested))[-1].thaws
    await room.ask(holder.reset(reset))
    assert (await holder.row())["state"] == "thawing"
    # A session from before the new password does not show the second factor since.
    room.later(seconds=-30)
    await holder.opens_session()
    assert (await holder.row())["state"] == "thawing"
    room.later(minutes=1)
    assert await holder.opens_with(OTHER_PASSWORD)
    assert await room.events(contracts.AccountThawed) == []
    await holder.opens_session()
    await holder.opens_session()
    ((_, subject, event),) = await room.said(contracts.AccountThawed)
    assert (subject, event.thawed_at) == (holder.account_id, room.now)
    row = await holder.row()
    assert (row["state"], row["frozen_at"]) == ("active", None)


async def test_a_link_works_once(room: Room) -> None:
    """A used link does not freeze the account again; that of a later mail does."""
    holder = await Holder.of(room)
    token = holder.disavowal()
    await holder.disavow(token)
    await room.ask(holder.reset(await holder.reset_link()))
    assert await state(room, holder, token) == "used"
    refusal = await room.refusal(holder.follow(contracts.Disavow, token))
    assert refusal.slug == "link_used"
    assert await holder.opens_with(OTHER_PASSWORD)
    # The mail about that reset, where a thief made it, freezes the thawing account again.
    await holder.disavow(holder.disavowal(mail=OTHER_MAIL))
    assert len(await room.events(contracts.AccountFrozen)) == 2
    assert not await holder.opens_with(OTHER_PASSWORD)


async def test_a_link_is_valid_for_seven_days(room: Room) -> None:
    holder = await Holder.of(room)
    token = holder.disavowal()
    at = room.now + timedelta(days=7)
    room.later(days=6, hours=23)
    assert await state(room, holder, token) == "valid"
    room.later(hours=1)
    assert await state(room, holder, token) == "expired"
    refusal = await room.refusal(holder.follow(contracts.Disavow, token))
    assert (refusal.slug, refusal.params) == ("link_expired", {"at": at.isoformat()})
    assert await holder.opens_with(PASSWORD)


async def test_a_link_not_signed_by_the_mailer_is_malformed(room: Room) -> None:
    holder = await Holder.of(room)
    good = holder.disavowal()
    ring = room.deps.settings.disavowal_keys
    soon = room.now + timedelta(days=1)
    parts = (holder.account_id.replace("-", ""), MAIL)
    forged = [
        "",
        good[:-1],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good + "A",
        holder.disavowal(purpose="other"),
        signed_tokens.sign(KeyRing.parse(new_key("t1")), "disavowal", parts, soon),
        signed_tokens.sign(ring, "disavowal", parts[:1], soon),
        signed_tokens.sign(ring, "disavowal", (holder.account_id, MAIL), soon),
        signed_tokens.sign(ring, "disavowal", (MAIL, MAIL), soon),  # an unknown account
    ]
    for token in forged:
        assert await state(room, holder, token) == "malformed", token
        refusal = await room.refusal(holder.follow(contracts.Disavow, token))
        assert refusal.slug == "link_malformed", token
    assert await holder.opens_with(PASSWORD)


async def test_a_freeze_voids_the_reset_links_that_are_open(room: Room) -> None:
    """A thief cannot unfreeze with a link requested before the freeze."""
    holder = await Holder.of(room)
    token = await holder.reset_link()
    await holder.disavow(holder.disavowal())
    assert (await room.refusal(holder.reset(token))).slug == "link_gone"


async def test_of_a_concurrent_freeze_and_reset_the_freeze_wins(room: Room) -> None:
    holder = await Holder.of(room)
    token = await holder.reset_link()
    reset = holder.reset(token)
    prepared = await room.prepare(reset)
    await asyncio.gather(
        room.carry_out(reset, prepared), holder.disavow(holder.disavowal()), return_exceptions=True
    )
    # In either order the account is frozen.
    assert (await holder.row())["state"] == "frozen"
    assert len(await room.events(contracts.AccountFrozen)) == 1


async def test_deactivated_stays_deactivated(room: Room) -> None:
    holder = await Holder.of(room)
    await holder.close("deactivated")
    token = holder.disavowal()
    view = await room.ask(holder.follow(contracts.DescribeDisavowal, token))
    assert (view.state, view.desk_only) == ("done", True)
    assert (await holder.disavow(token)).desk_only
    assert (await holder.row())["state"] == "deactivated"
    assert await room.events(contracts.AccountFrozen) == []


@pytest.mark.parametrize(("days", "desk_only"), [(13.9, True), (14.0, False), (30, False)])
async def test_a_phone_replaced_within_two_weeks_restricts_to_support(
    room: Room, days: float, desk_only: bool
) -> None:
    holder = await Holder.of(room)
    room.later(days=40)
    await holder.replaces_phone(days_ago=days)
    assert (await holder.disavow(holder.disavowal())).desk_only == desk_only
    (event,) = await room.events(contracts.AccountFrozen)
    assert event.desk_only == desk_only
    await room.ask(forgotten())
    told = await room.events(contracts.UnknownAddressAsked)
    assert [one.closed for one in told] == [True] * desk_only
    view = await room.ask(holder.follow(contracts.DescribeDisavowal, holder.disavowal()))
    assert (view.state, view.desk_only) == ("done", desk_only)


async def test_a_replacement_reported_after_the_freeze_counts_too(room: Room) -> None:
    holder = await Holder.of(room)
    room.later(days=10)
    await holder.disavow(holder.disavowal())
    token = await holder.reset_link()
    await holder.replaces_phone(days_ago=1)
    assert (await holder.row())["desk_only"]
    assert (await room.refusal(holder.reset(token))).slug == "link_gone"
    assert (await holder.disavow(holder.disavowal(mail=OTHER_MAIL))).desk_only
    assert len(await room.events(contracts.AccountFrozen)) == 1


async def test_a_replacement_reported_while_thawing_freezes_again(room: Room) -> None:
    holder = await Holder.of(room)
    room.later(days=10)
    await holder.disavow(holder.disavowal())
    await room.ask(holder.reset(await holder.reset_link()))
    room.later(minutes=1)
    await holder.replaces_phone(days_ago=1)
    assert (await room.events(contracts.AccountFrozen))[-1].desk_only
    assert not await holder.opens_with(OTHER_PASSWORD)


async def test_a_phone_replaced_while_thawing_does_not_freeze(room: Room) -> None:
    holder = await Holder.of(room)
    room.later(days=10)
    await holder.disavow(holder.disavowal())
    await room.ask(holder.reset(await holder.reset_link()))
    room.later(minutes=5)
    await holder.replaces_phone()
    await holder.opens_session()
    assert (await holder.row())["state"] == "active"


async def test_replacements_in_any_order_leave_the_latest(room: Room) -> None:
    holder = await Holder.of(room)
    room.later(days=30)
    await holder.replaces_phone(days_ago=2)
    await holder.replaces_phone(days_ago=20)
    assert (await holder.row())["phone_replaced_at"] == room.now - timedelta(days=2)


async def test_events_without_an_account_change_nothing(room: Room) -> None:
    await Holder.of(room)
    nobody = Holder(room, "8d5d2b40-6b0e-4a5e-9f0c-000000000000")
    before = await room.fetch("SELECT * FROM accounts")
    await nobody.opens_session()
    await nobody.replaces_phone()
    assert await room.fetch("SELECT * FROM accounts") == before


async def test_a_session_of_an_active_account_changes_nothing(room: Room) -> None:
    holder = await Holder.of(room)
    await holder.opens_session()
    assert await room.events(contracts.AccountThawed) == []


async def test_re_11_links_codes_and_records_of_use_are_deleted(room: Room) -> None:
    holder = await Holder.of(room)
    await room.ask(holder.send_code())
    await room.ask(forgotten())
    await room.ask(forgotten("nobody@labo.fr"))
    await holder.disavow(holder.disavowal())
    await room.ask(forgotten())
    tables = ("mailed_links", "address_codes", "disavowals")
    # The freeze deleted the link that was open.
    assert [await room.count(table) for table in tables] == [2, 1, 1]
    room.later(days=7)
    await purge(room.pool, room.now)
    assert [await room.count(table) for table in tables] == [2, 0, 0]
    room.later(hours=1)
    await purge(room.pool, room.now)
    assert [await room.count(table) for table in tables] == [0, 0, 0]
