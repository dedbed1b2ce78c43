"""« Ce n'est pas moi » and thawing (settled 8), with facts of others in any order."""

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
    """What a link is said to be worth."""
    view = await room.ask(holder.follow(contracts.DescribeDisavowal, token))
    assert (view.masked_address is None) == (view.state == "malformed")
    return str(view.state)


async def test_settled_8_the_link_freezes_the_account(room: Room) -> None:
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


async def test_settled_8_frozen_already_is_no_error_and_is_said_once(room: Room) -> None:
    holder = await Holder.of(room)
    tokens = [holder.disavowal(), holder.disavowal(mail=OTHER_MAIL)]
    views = await asyncio.gather(*(holder.disavow(token) for token in tokens * 4))
    assert {view.account_id for view in views} == {holder.account_id}
    assert len(await room.events(contracts.AccountFrozen)) == 1


async def test_settled_8_thawing_asks_for_the_mailbox_a_new_password_and_the_second_factor(
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
    # A session from before the new password proves nothing of it.
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


async def test_settled_8_a_link_works_once(room: Room) -> None:
    """Once the account opens again, the mail that froze it does so no more; a later mail does."""
    holder = await Holder.of(room)
    token = holder.disavowal()
    await holder.disavow(token)
    await room.ask(holder.reset(await holder.reset_link()))
    assert await state(room, holder, token) == "used"
    refusal = await room.refusal(holder.follow(contracts.Disavow, token))
    assert refusal.slug == "link_used"
    assert await holder.opens_with(OTHER_PASSWORD)
    # The mail about that very reset, when it was the thief's: thawing freezes again.
    await holder.disavow(holder.disavowal(mail=OTHER_MAIL))
    assert len(await room.events(contracts.AccountFrozen)) == 2
    assert not await holder.opens_with(OTHER_PASSWORD)


async def test_settled_8_a_link_lives_seven_days(room: Room) -> None:
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


async def test_a_link_that_is_not_the_mailers_is_malformed(room: Room) -> None:
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
        signed_tokens.sign(ring, "disavowal", (MAIL, MAIL), soon),  # nobody's account
    ]
    for token in forged:
        assert await state(room, holder, token) == "malformed", token
        refusal = await room.refusal(holder.follow(contracts.Disavow, token))
        assert refusal.slug == "link_malformed", token
    assert await holder.opens_with(PASSWORD)


async def test_a_freeze_voids_the_reset_links_that_are_open(room: Room) -> None:
    """A thief who asked for one before the freeze does not thaw with it."""
    holder = await Holder.of(room)
    token = await holder.reset_link()
    await holder.disavow(holder.disavowal())
    assert (await room.refusal(holder.reset(token))).slug == "link_gone"


async def test_of_a_freeze_and_a_reset_at_once_the_account_never_opens_by_both(
    room: Room,
) -> None:
    holder = await Holder.of(room)
    token = await holder.reset_link()
    reset = holder.reset(token)
    prepared = await room.prepare(reset)
    await asyncio.gather(
        room.carry_out(reset, prepared), holder.disavow(holder.disavowal()), return_exceptions=True
    )
    # Whichever came first: the account is frozen.
    assert (await holder.row())["state"] == "frozen"
    assert len(await room.events(contracts.AccountFrozen)) == 1


async def test_settled_8_deactivated_stays_deactivated(room: Room) -> None:
    holder = await Holder.of(room)
    await holder.close("deactivated")
    token = holder.disavowal()
    view = await room.ask(holder.follow(contracts.DescribeDisavowal, token))
    assert (view.state, view.desk_only) == ("done", True)
    assert (await holder.disavow(token)).desk_only
    assert (await holder.row())["state"] == "deactivated"
    assert await room.events(contracts.AccountFrozen) == []


@pytest.mark.parametrize(("days", "desk_only"), [(13.9, True), (14.0, False), (30, False)])
async def test_settled_8_a_phone_replaced_two_weeks_before_or_less_leaves_it_to_the_desk(
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


async def test_settled_8_a_replacement_heard_after_the_freeze_counts_too(room: Room) -> None:
    holder = await Holder.of(room)
    room.later(days=10)
    await holder.disavow(holder.disavowal())
    token = await holder.reset_link()
    await holder.replaces_phone(days_ago=1)
    assert (await holder.row())["desk_only"]
    assert (await room.refusal(holder.reset(token))).slug == "link_gone"
    assert (await holder.disavow(holder.disavowal(mail=OTHER_MAIL))).desk_only
    assert len(await room.events(contracts.AccountFrozen)) == 1


async def test_settled_8_a_replacement_heard_while_thawing_freezes_again(room: Room) -> None:
    holder = await Holder.of(room)
    room.later(days=10)
    await holder.disavow(holder.disavowal())
    await room.ask(holder.reset(await holder.reset_link()))
    room.later(minutes=1)
    await holder.replaces_phone(days_ago=1)
    assert (await room.events(contracts.AccountFrozen))[-1].desk_only
    assert not await holder.opens_with(OTHER_PASSWORD)


async def test_a_phone_replaced_after_the_thaw_began_is_its_holders(room: Room) -> None:
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


async def test_facts_about_nobody_change_nothing(room: Room) -> None:
    await Holder.of(room)
    nobody = Holder(room, "8d5d2b40-6b0e-4a5e-9f0c-000000000000")
    before = await room.fetch("SELECT * FROM accounts")
    await nobody.opens_session()
    await nobody.replaces_phone()
    assert await room.fetch("SELECT * FROM accounts") == before


async def test_a_session_of_an_active_account_thaws_nothing(room: Room) -> None:
    holder = await Holder.of(room)
    await holder.opens_session()
    assert await room.events(contracts.AccountThawed) == []


async def test_re_11_links_codes_and_marks_of_use_are_forgotten(room: Room) -> None:
    holder = await Holder.of(room)
    await room.ask(holder.send_code())
    await room.ask(forgotten())
    await room.ask(forgotten("nobody@labo.fr"))
    await holder.disavow(holder.disavowal())
    await room.ask(forgotten())
    tables = ("mailed_links", "address_codes", "disavowals")
    # The link that was open at the freeze went with it.
    assert [await room.count(table) for table in tables] == [2, 1, 1]
    room.later(days=7)
    await purge(room.pool, room.now)
    assert [await room.count(table) for table in tables] == [2, 0, 0]
    room.later(hours=1)
    await purge(room.pool, room.now)
    assert [await room.count(table) for table in tables] == [0, 0, 0]
