"""Verifying an account's address again before a late enrolment (OT-13, AU-09)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shared.contracts import registration as contracts
from tests.integration.registration.conftest import OpenRoom
from tests.integration.registration.holder import ADDRESS, Holder, codes
from tests.integration.registration.room import OTHER_PASSWORD, PASSWORD, START, Room


async def late(room: Room, address: str = ADDRESS) -> Holder:
    """An account whose address was verified a day ago."""
    holder = await Holder.of(room, address)
    room.later(hours=25)
    return holder


def wrong(code: str) -> str:
    """A code that differs from this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def sent(room: Room, holder: Holder, *, renew: bool = False) -> str:
    """Request a code; returns its digits."""
    await room.ask(holder.send_code(renew=renew))
    return await holder.secret(contracts.AddressProofRequested, "code")


async def test_ot_13_a_day_later_a_code_verifies_the_address_again(room: Room) -> None:
    holder = await late(room)
    signed_in = await room.ask(room.sign_in(ADDRESS, PASSWORD))
    assert signed_in.enrol_before == START + timedelta(hours=24)
    assert signed_in.enrol_before < room.now
    view = await room.ask(holder.send_code())
    assert view == contracts.AddressCodeView(
        address=ADDRESS,
        code_sent_at=room.now,
        expires_at=room.now + timedelta(minutes=10),
        resend_at=room.now + timedelta(seconds=60),
        tries_left=5,
    )
    ((_, subject, event),) = await room.said(contracts.AddressProofRequested)
    assert (subject, event.address, event.language) == (holder.account_id, ADDRESS, "fr")
    assert event.expires_at == view.expires_at
    code = await holder.secret(contracts.AddressProofRequested, "code")
    room.later(minutes=5)
    proved = await room.ask(holder.code(f" {code[:3]} {code[3:]} "))
    assert proved.enrol_before == room.now + timedelta(hours=24)
    ((_, subject, event),) = await room.said(contracts.AddressProofRenewed)
    assert subject == holder.account_id
    assert event == contracts.AddressProofRenewed(
        proved_at=room.now, enrol_before=proved.enrol_before
    )
    again = await room.ask(room.sign_in(ADDRESS, PASSWORD))
    assert again.enrol_before == proved.enrol_before


async def test_a_code_given_twice_verifies_once(room: Room) -> None:
    holder = await late(room)
    code = await sent(room, holder)
    first = await room.ask(holder.code(code))
    room.later(minutes=5)
    assert await room.ask(holder.code(code)) == first
    assert len(await room.events(contracts.AddressProofRenewed)) == 1


async def test_ot_13_five_wrong_codes_void_it_even_at_once(room: Room) -> None:
    holder = await late(room)
    code = await sent(room, holder)
    refusals = await asyncio.gather(*(room.refusal(holder.code(wrong(code))) for _ in range(50)))
    assert sorted(each.params["tries_left"] for each in refusals if each.slug == "wrong_code") == [
        1, 2, 3, 4,
    ]  # fmt: skip
    refusal = await room.refusal(holder.code(code))
    assert (refusal.slug, refusal.params) == ("code_void", {"tries": 5})
    # The page still shows that code, with no try left, until another one is requested.
    assert (await room.ask(holder.send_code())).tries_left == 0
    room.later(seconds=60)
    fresh = await sent(room, holder, renew=True)
    assert (await room.ask(holder.send_code())).tries_left == 5
    await room.ask(holder.code(fresh))


async def test_ot_13_a_code_is_valid_for_ten_minutes(room: Room) -> None:
    holder = await late(room)
    code = await sent(room, holder)
    at = room.now + timedelta(minutes=10)
    room.later(minutes=10)
    refusal = await room.refusal(holder.code(code))
    assert (refusal.slug, refusal.params) == ("code_expired", {"at": at.isoformat()})
    # The page, opened again, sends another one.
    assert await sent(room, holder) is not None
    assert len(await room.events(contracts.AddressProofRequested)) == 2


async def test_a_reload_sends_nothing_and_another_code_voids_the_former(room: Room) -> None:
    holder = await late(room)
    code = await sent(room, holder)
    view = await room.ask(holder.send_code())
    assert len(await room.events(contracts.AddressProofRequested)) == 1
    refusal = await room.refusal(holder.send_code(renew=True))
    assert (refusal.slug, refusal.retry_after) == ("too_soon", 60)
    room.later(seconds=60)
    assert view.resend_at == room.now
    fresh = await sent(room, holder, renew=True)
    if fresh != code:
        assert (await room.refusal(holder.code(code))).slug == "wrong_code"
    await room.ask(holder.code(fresh))


async def test_au_17_five_codes_a_day(room: Room) -> None:
    holder = await late(room)
    for _ in range(5):
        await sent(room, holder, renew=True)
        room.later(minutes=1)
    refusal = await room.refusal(holder.send_code(renew=True))
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "sends"})
    # Account requests of others have a limit of their own.
    await room.request(password=OTHER_PASSWORD)
    room.later(days=1)
    await sent(room, holder)


async def test_re_03_the_code_of_one_account_is_not_valid_for_another(room: Room) -> None:
    holder, other = await late(room), await late(room, "paul@labo.fr")
    code = await sent(room, holder)
    theirs = await sent(room, other)
    if code != theirs:
        assert (await room.refusal(other.code(code))).slug == "wrong_code"
    await room.ask(other.code(theirs))


async def test_au_09_the_mailed_code_verifies_the_mailbox_and_nothing_else(room: Room) -> None:
    """It changes one date; no session, factor or password."""
    holder = await late(room)
    before, code = await holder.row(), await sent(room, holder)
    view = await room.ask(holder.code(code))
    assert set(view.__struct_fields__) == {"enrol_before"}
    after = await holder.row()
    assert {name for name in before if before[name] != after[name]} == {"verified_at"}
    kinds = {type(each) for each in await room.events()}
    assert (
        not {contracts.PasswordChanged, contracts.PasswordAccepted, contracts.AccountThawed} & kinds
    )


async def test_au_09_a_code_is_not_valid_for_a_request(room: Room) -> None:
    holder = await late(room)
    view = await room.request("paul@labo.fr")
    code = await sent(room, holder)
    letter, _ = (await room.letters())[-1]
    if code != letter:
        assert (await room.refusal(room.code(view.request_id, code))).slug == "wrong_code"
        assert (await room.refusal(holder.code(letter))).slug == "wrong_code"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "a" * 2_000])
async def test_a_malformed_code_is_a_field_error(room: Room, typed: str) -> None:
    holder = await late(room)
    await sent(room, holder)
    assert codes(await room.refusal(holder.code(typed))) == ["code:format"]
    assert (await room.ask(holder.send_code())).tries_left == 5


async def test_a_code_that_was_never_sent_is_expired(room: Room) -> None:
    holder = await late(room)
    assert (await room.refusal(holder.code("123456"))).slug == "code_expired"


@pytest.mark.parametrize("state", ["deactivated", "frozen"])
async def test_a_closed_account_is_sent_no_code(room: Room, state: str) -> None:
    holder = await late(room)
    code = await sent(room, holder)
    await holder.close(state)
    assert (await room.refusal(holder.send_code(renew=True))).slug == "account_closed"
    assert (await room.refusal(holder.code(code))).slug == "account_closed"
    nobody = Holder(room, "not an id")
    assert (await room.refusal(nobody.send_code())).slug == "account_closed"


async def test_b_12_the_validity_of_a_code_is_a_setting(room_with: OpenRoom) -> None:
    async with room_with(IMPEX_ADDRESS_CODE_MINUTES="2") as room:
        view = await room.ask((await late(room)).send_code())
        assert view.expires_at == room.now + timedelta(minutes=2)
