"""Changes of an account's address (B-14, B-03)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.registration.purge import purge
from shared.contracts import registration as contracts
from shared.database import transaction
from tests.integration.registration.conftest import OpenRoom
from tests.integration.registration.holder import ADDRESS, Holder, codes, forgotten
from tests.integration.registration.mover import DEVICE, NEW, Mover
from tests.integration.registration.room import OTHER_PASSWORD, PASSWORD, Room
from tests.integration.registration.test_address_codes import wrong


@pytest.fixture
async def mover(room: Room) -> Mover:
    return await Mover.of(room)


async def test_b_14_the_account_gets_the_new_address_once_it_is_verified(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.judge())
    assert not await room.events(contracts.AddressChangeRequested)
    view = await room.ask(mover.wish())
    assert view == contracts.AddressChangeView(
        address=NEW,
        code_sent_at=room.now,
        expires_at=room.now + timedelta(minutes=60),
        resend_at=room.now + timedelta(seconds=60),
        resends_left=5,
        tries_left=5,
    )
    assert await room.ask(mover.look()) == view
    ((_, subject, event),) = await room.said(contracts.AddressChangeRequested)
    assert subject == mover.holder.account_id
    assert (event.address, event.new_address, event.language) == (ADDRESS, NEW, "fr")
    assert (event.device, event.again) == (DEVICE, False)
    assert await mover.signs_in(ADDRESS)
    assert not await mover.signs_in(NEW)
    room.later(minutes=3)
    done = await room.ask(mover.give(await mover.code()))
    assert done == contracts.AddressChangedView(address=NEW, changed_at=room.now)
    ((_, subject, changed),) = await room.said(contracts.AddressChanged)
    assert subject == mover.holder.account_id
    assert changed == contracts.AddressChanged(
        address=NEW, former_address=ADDRESS, by="holder", changed_at=room.now, device=DEVICE
    )
    assert await mover.signs_in(NEW.upper())
    assert not await mover.signs_in(ADDRESS)
    row = await mover.holder.row()
    assert (row["address"], row["verified_at"]) == (NEW, room.now)
    assert await room.count("address_changes") == 0
    assert await room.outcome(mover.give(await mover.code())) == "no_change"


@pytest.mark.parametrize(
    ("address", "password", "expected"),
    [
        ("", PASSWORD, ["address:missing"]),
        ("pas une adresse", PASSWORD, ["address:format"]),
        (ADDRESS, PASSWORD, ["address:unchanged"]),
        (NEW, "", ["password:missing"]),
        ("", "", ["address:missing", "password:missing"]),
        (NEW, OTHER_PASSWORD, ["password:wrong"]),
        ("kvfz@labo.fr", PASSWORD, ["password:identity"]),
        ("wmqt@labo.fr", OTHER_PASSWORD, ["password:wrong"]),
    ],
)
async def test_b_14_the_errors_of_the_form(
    mover: Mover, address: str, password: str, expected: list[str]
) -> None:
    for form in (mover.judge(address, password), mover.wish(address, password)):
        assert codes(await mover.room.refusal(form)) == expected
    assert not await mover.room.events(contracts.AddressChangeRequested)


async def test_g_05_a_likely_typo_gets_a_suggestion_and_can_be_confirmed(mover: Mover) -> None:
    refusal = await mover.room.refusal(mover.judge("marie@gmial.com", point_out_slip=True))
    assert (refusal.slug, refusal.params) == ("likely_slip", {"suggestion": "marie@gmail.com"})
    assert (await mover.room.ask(mover.wish("marie@gmial.com"))).address == "marie@gmial.com"


async def test_au_02_wrong_passwords_are_counted_like_those_of_a_known_browser(
    mover: Mover,
) -> None:
    for _ in range(5):
        await mover.room.refusal(mover.judge(password=OTHER_PASSWORD))
    assert await mover.room.outcome(mover.wish()) == "too_many_tries"
    assert await mover.room.outcome(mover.holder.check(PASSWORD)) == "too_many_tries"


async def test_b_03_an_address_that_has_an_account_gets_the_same_answers(room: Room) -> None:
    other = await Holder.of(room, NEW)
    mover = await Mover.of(room)
    view = await room.ask(mover.wish())
    assert (view.address, view.tries_left) == (NEW, 5)
    ((_, subject, told),) = await room.said(contracts.KnownAddressRequested)
    assert (subject, told.address, told.expires_at) == (other.account_id, NEW, view.expires_at)
    (said,) = await room.events(contracts.AddressChangeRequested)
    assert (said.code, said.address) == (None, ADDRESS)
    for left in (4, 3, 2, 1):
        refusal = await room.refusal(mover.give("123456"))
        assert (refusal.slug, refusal.params) == ("wrong_code", {"tries_left": left})
    assert await room.outcome(mover.give("123456")) == "code_void"
    room.later(minutes=2)
    assert (await room.ask(mover.again())).tries_left == 5
    assert (await room.events(contracts.AddressChangeRequested))[-1].again
    assert len(await room.events(contracts.KnownAddressRequested)) == 2
    room.later(hours=2)
    assert await room.outcome(mover.give("123456")) == "code_expired"


async def test_au_03_a_code_has_five_tries_and_a_new_one_voids_the_former(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    first = await mover.code()
    assert codes(await room.refusal(mover.give("12345"))) == ["code:format"]
    assert await room.outcome(mover.again()) == "too_soon"
    for _ in range(4):
        assert await room.outcome(mover.give(wrong(first))) == "wrong_code"
    assert await room.outcome(mover.give(wrong(first))) == "code_void"
    assert await room.outcome(mover.give(first)) == "code_void"
    room.later(minutes=2)
    await room.ask(mover.again())
    second = await mover.code()
    assert (await room.events(contracts.AddressChangeRequested))[-1].language == "en"
    if second != first:
        assert await room.outcome(mover.give(first)) == "wrong_code"
    assert await room.outcome(mover.give(second)) == "done"


async def test_re_02_a_code_expires_and_the_change_is_deleted_after_a_day(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    code = await mover.code()
    room.later(minutes=60)
    refusal = await room.refusal(mover.give(code))
    assert (refusal.slug, refusal.params) == ("code_expired", {"at": room.now.isoformat()})
    room.later(hours=22, minutes=59)
    view = await room.ask(mover.again())
    assert view.expires_at == room.now + timedelta(minutes=1)
    room.later(minutes=1)
    assert await room.outcome(mover.look()) == "no_change"
    assert await room.outcome(mover.give(await mover.code())) == "no_change"
    await purge(room.pool, room.now)
    assert await room.count("address_changes") == 0


async def test_address_changes_are_rate_limited_per_account(room_with: OpenRoom) -> None:
    async with room_with(IMPEX_ADDRESS_CHANGES="2", IMPEX_RESENDS_PER_ADDRESS="1") as room:
        mover = await Mover.of(room)
        await room.ask(mover.wish("a.neuve@labo.fr"))
        await room.ask(mover.wish("b.neuve@labo.fr"))
        refusal = await room.refusal(mover.wish("c.neuve@labo.fr"))
        assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "changes"})
        room.later(minutes=2)
        assert (await room.ask(mover.again())).resends_left == 0
        room.later(minutes=2)
        refusal = await room.refusal(mover.again())
        assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "sends"})
        room.later(days=1)
        await room.ask(mover.wish("c.neuve@labo.fr"))


async def test_b_14_of_two_accounts_with_one_new_address_the_first_verification_wins(
    room: Room,
) -> None:
    one, two = await Mover.of(room), await Mover.of(room, "jean@labo.fr")
    await room.ask(one.wish())
    first = await one.code()
    await room.ask(two.wish())
    second = await two.code()
    outcomes = await asyncio.gather(room.outcome(one.give(first)), room.outcome(two.give(second)))
    assert sorted(outcomes) == ["address_taken", "done"]
    assert len(await room.events(contracts.AddressChanged)) == 1
    assert len(await room.fetch("SELECT 1 FROM accounts WHERE address_key = lower($1)", NEW)) == 1


async def test_b_14_a_verified_request_for_an_account_came_first(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    code = await mover.code()
    request_id = await room.verified(NEW)
    assert await room.outcome(mover.give(code)) == "address_taken"
    assert await room.outcome(room.accept(request_id)) == "done"
    assert await room.outcome(mover.look()) == "no_change"


async def test_b_14_an_unverified_request_is_deleted_by_the_change(mover: Mover) -> None:
    room = mover.room
    pending = await room.request(NEW)
    code, _ = (await room.letters())[-1]
    await room.ask(mover.wish())
    await room.ask(mover.give(await mover.code()))
    assert await room.outcome(room.code(pending.request_id, code)) == "request_gone"
    expired = await room.events(contracts.RequestExpired)
    assert [one.request_id for one in expired] == [pending.request_id]


async def test_b_14_a_new_password_voids_the_change(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    code = await mover.code()
    await room.ask(mover.holder.change(PASSWORD, OTHER_PASSWORD))
    assert await room.outcome(mover.give(code)) == "no_change"
    assert await mover.signs_in(ADDRESS, OTHER_PASSWORD)


async def test_b_14_links_in_the_former_mailbox_are_void(mover: Mover) -> None:
    room = mover.room
    await room.ask(forgotten())
    link = await mover.holder.secret(contracts.PasswordResetRequested)
    await room.ask(mover.wish())
    await room.ask(mover.give(await mover.code()))
    assert await room.outcome(mover.holder.reset(link)) == "link_gone"


async def test_a_freeze_soon_after_a_change_restricts_to_support(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    await room.ask(mover.give(await mover.code()))
    frozen = await mover.holder.disavow(mover.holder.disavowal())
    assert frozen.desk_only


async def test_b_14_an_account_closed_in_the_meantime(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    code = await mover.code()
    await mover.holder.disavow(mover.holder.disavowal())
    for act in (mover.give(code), mover.again(), mover.wish(), mover.judge(), mover.cancel()):
        assert await room.outcome(act) == "account_closed"
    assert await room.outcome(mover.look()) == "no_change"


async def test_b_14_a_cancelled_change(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    code = await mover.code()
    await room.ask(mover.cancel())
    await room.ask(mover.cancel())
    assert await room.outcome(mover.look()) == "no_change"
    assert await room.outcome(mover.give(code)) == "no_change"
    assert await room.count("address_changes") == 0


async def test_re_08_another_spelling_of_the_own_address_is_a_change(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish("Pierre@labo.fr"))
    await room.ask(mover.give(await mover.code()))
    assert (await mover.holder.row())["address"] == "Pierre@labo.fr"
    assert await mover.signs_in(ADDRESS)


async def test_re_03_no_code_is_stored_in_clear(mover: Mover) -> None:
    room = mover.room
    await room.ask(mover.wish())
    code = await mover.code()
    async with transaction(room.pool) as tx:
        row = await tx.fetchrow("SELECT * FROM address_changes")
    assert code not in str(dict(row))
    assert PASSWORD not in str(dict(row))
