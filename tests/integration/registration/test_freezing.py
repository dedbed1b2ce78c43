"""Freezing with « ce n'est pas moi » and unfreezing, with events in any order."""

import asyncio
from datetime import timedelta

import pytest

from services.registration.purge import purge
from shared.contracts.mfa.events import AuthenticatorRemoved
from shared.contracts.registration.events import (
    AccountFrozen,
    AccountThawed,
    PasswordResetRequested,
    UnknownAddressAsked,
)
from shared.contracts.registration.holder import BlockAccount
from shared.contracts.registration.requests import DescribeDisavowal, Disavow
from shared.contracts.registration.views import DisavowalView, FrozenView
from shared.security import signed_tokens
from shared.security.link_codes import link_code
from shared.security.sealing import KeyRing, new_key
from tests.support.actors.harness_account_holder import MAIL, HarnessAccountHolder, reset_request
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness

OTHER_MAIL = MAIL[::-1]


async def state(harness: RegistrationHarness, holder: HarnessAccountHolder, token: str) -> str:
    """The state of a link."""
    view = await harness.ask(holder.follow(DescribeDisavowal, token))
    assert (view.masked_address is None) == (view.state == "malformed")
    return str(view.state)


async def test_the_link_freezes_the_account(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = holder.disavowal()
    before = await holder.row()
    for _ in range(10):  # scanners
        view = await harness.ask(holder.follow(DescribeDisavowal, token))
        assert view == DisavowalView(state="valid", masked_address="p***@labo.fr")
    assert await holder.row() == before
    view = await holder.disavow(token)
    assert view == FrozenView(account_id=holder.account_id, desk_only=False)
    ((_, subject, event),) = await harness.published(AccountFrozen)
    assert subject == holder.account_id
    assert event == AccountFrozen(by="holder", desk_only=False, frozen_at=harness.now)
    assert not await holder.can_sign_in_with(PASSWORD)
    assert await state(harness, holder, token) == "done"


async def test_freezing_twice_is_no_error_and_emits_one_event(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    tokens = [holder.disavowal(), holder.disavowal(mail=OTHER_MAIL)]
    views = await asyncio.gather(*(holder.disavow(token) for token in tokens * 4))
    assert {view.account_id for view in views} == {holder.account_id}
    assert len(await harness.events(AccountFrozen)) == 1


async def test_unfreezing_needs_the_mailbox_a_new_password_and_the_second_factor(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = holder.disavowal()
    await holder.disavow(token)
    harness.advance(minutes=1)
    reset = await holder.reset_link()
    assert (await harness.events(PasswordResetRequested))[-1].thaws
    await harness.ask(holder.reset(reset))
    assert (await holder.row())["state"] == "thawing"
    # A session from before the new password does not show the second factor since.
    harness.advance(seconds=-30)
    await holder.open_session()
    assert (await holder.row())["state"] == "thawing"
    harness.advance(minutes=1)
    assert await holder.can_sign_in_with(OTHER_PASSWORD)
    assert await harness.events(AccountThawed) == []
    await holder.open_session()
    await holder.open_session()
    ((_, subject, event),) = await harness.published(AccountThawed)
    assert (subject, event.thawed_at) == (holder.account_id, harness.now)
    row = await holder.row()
    assert (row["state"], row["frozen_at"]) == ("active", None)


async def test_a_link_works_once(harness: RegistrationHarness) -> None:
    """A used link does not freeze the account again; that of a later mail does."""
    holder = await HarnessAccountHolder.of(harness)
    token = holder.disavowal()
    await holder.disavow(token)
    await harness.ask(holder.reset(await holder.reset_link()))
    assert await state(harness, holder, token) == "used"
    refusal = await harness.refusal(holder.with_code(Disavow, token))
    assert refusal.slug == "link_used"
    assert await holder.can_sign_in_with(OTHER_PASSWORD)
    # The mail about that reset, where a thief made it, freezes the thawing account again.
    await holder.disavow(holder.disavowal(mail=OTHER_MAIL))
    assert len(await harness.events(AccountFrozen)) == 2
    assert not await holder.can_sign_in_with(OTHER_PASSWORD)


async def test_a_link_is_valid_for_seven_days(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = holder.disavowal()
    at = harness.now + timedelta(days=7)
    harness.advance(days=6, hours=23)
    assert await state(harness, holder, token) == "valid"
    harness.advance(hours=1)
    assert await state(harness, holder, token) == "expired"
    refusal = await harness.refusal(holder.with_code(Disavow, token))
    assert (refusal.slug, refusal.params) == ("link_expired", {"at": at.isoformat()})
    assert await holder.can_sign_in_with(PASSWORD)


async def test_a_link_not_signed_by_the_mailer_is_malformed(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    good = holder.disavowal()
    ring = harness.deps.settings.disavowal_keys
    soon = harness.now + timedelta(days=1)
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
        assert await state(harness, holder, token) == "malformed", token
        refusal = await harness.refusal(holder.with_code(Disavow, token))
        assert refusal.slug == "link_malformed", token
    assert await holder.can_sign_in_with(PASSWORD)


async def test_a_freeze_voids_the_reset_links_that_are_open(harness: RegistrationHarness) -> None:
    """A thief cannot unfreeze with a link requested before the freeze."""
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    await holder.disavow(holder.disavowal())
    assert (await harness.refusal(holder.reset(token))).slug == "link_gone"


async def test_of_a_concurrent_freeze_and_reset_the_freeze_wins(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    reset = holder.reset(token)
    prepared = await harness.prepare(reset)
    await asyncio.gather(
        harness.execute(reset, prepared), holder.disavow(holder.disavowal()), return_exceptions=True
    )
    # In either order the account is frozen.
    assert (await holder.row())["state"] == "frozen"
    assert len(await harness.events(AccountFrozen)) == 1


async def test_deactivated_stays_deactivated(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await holder.close("deactivated")
    token = holder.disavowal()
    view = await harness.ask(holder.follow(DescribeDisavowal, token))
    assert (view.state, view.desk_only) == ("done", True)
    assert (await holder.disavow(token)).desk_only
    assert (await holder.row())["state"] == "deactivated"
    assert await harness.events(AccountFrozen) == []


@pytest.mark.parametrize(("days", "desk_only"), [(13.9, True), (14.0, False), (30, False)])
async def test_a_phone_replaced_within_two_weeks_restricts_to_support(
    harness: RegistrationHarness, days: float, desk_only: bool
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=40)
    await holder.replace_phone(days_ago=days)
    assert (await holder.disavow(holder.disavowal())).desk_only == desk_only
    (event,) = await harness.events(AccountFrozen)
    assert event.desk_only == desk_only
    await harness.ask(reset_request())
    notified = await harness.events(UnknownAddressAsked)
    assert [one.closed for one in notified] == [True] * desk_only
    view = await harness.ask(holder.follow(DescribeDisavowal, holder.disavowal()))
    assert (view.state, view.desk_only) == ("done", desk_only)


async def test_a_replacement_reported_after_the_freeze_counts_too(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=10)
    await holder.disavow(holder.disavowal())
    token = await holder.reset_link()
    await holder.replace_phone(days_ago=1)
    assert (await holder.row())["desk_only"]
    assert (await harness.refusal(holder.reset(token))).slug == "link_gone"
    assert (await holder.disavow(holder.disavowal(mail=OTHER_MAIL))).desk_only
    assert len(await harness.events(AccountFrozen)) == 1


async def test_a_replacement_reported_while_thawing_freezes_again(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=10)
    await holder.disavow(holder.disavowal())
    await harness.ask(holder.reset(await holder.reset_link()))
    harness.advance(minutes=1)
    await holder.replace_phone(days_ago=1)
    assert (await harness.events(AccountFrozen))[-1].desk_only
    assert not await holder.can_sign_in_with(OTHER_PASSWORD)


async def test_a_phone_replaced_while_thawing_does_not_freeze(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=10)
    await holder.disavow(holder.disavowal())
    await harness.ask(holder.reset(await holder.reset_link()))
    harness.advance(minutes=5)
    await holder.replace_phone()
    await holder.open_session()
    assert (await holder.row())["state"] == "active"


async def test_replacements_in_any_order_leave_the_latest(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=30)
    await holder.replace_phone(days_ago=2)
    await holder.replace_phone(days_ago=20)
    assert (await holder.row())["phone_replaced_at"] == harness.now - timedelta(days=2)


async def test_events_without_an_account_change_nothing(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    nobody = HarnessAccountHolder(harness, "8d5d2b40-6b0e-4a5e-9f0c-000000000000")
    before = await harness.fetch("SELECT * FROM accounts")
    await nobody.open_session()
    await nobody.replace_phone()
    assert await harness.fetch("SELECT * FROM accounts") == before


async def test_a_session_of_an_active_account_changes_nothing(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await holder.open_session()
    assert await harness.events(AccountThawed) == []


async def test_re_11_links_codes_and_records_of_use_are_deleted(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await harness.ask(holder.send_code())
    await harness.ask(reset_request())
    await harness.ask(reset_request("nobody@labo.fr"))
    await holder.disavow(holder.disavowal())
    await harness.ask(reset_request())
    tables = ("mailed_links", "address_codes", "disavowals")
    # The freeze deleted the link that was open.
    assert [await harness.count(table) for table in tables] == [2, 1, 1]
    harness.advance(days=7)
    await purge(harness.pool, harness.now)
    assert [await harness.count(table) for table in tables] == [2, 0, 0]
    harness.advance(hours=1)
    await purge(harness.pool, harness.now)
    assert [await harness.count(table) for table in tables] == [0, 0, 0]


async def test_s_04_freezing_needs_the_code_of_the_mail(harness: RegistrationHarness) -> None:
    """A robot that presses every button of every link types nothing."""
    holder = await HarnessAccountHolder.of(harness)
    token, other = holder.disavowal(), holder.disavowal(mail=OTHER_MAIL)
    assert (await harness.refusal(holder.follow(Disavow, token))).slug == "invalid_fields"
    code = link_code(harness.deps.settings.disavowal_keys, other)
    refusal = await harness.refusal(holder.with_code(Disavow, token, code))
    assert refusal.slug == "wrong_code", "the code of another mail"
    assert await harness.events(AccountFrozen) == []
    await holder.disavow(token)
    assert len(await harness.events(AccountFrozen)) == 1


async def frozen_by_mailbox(harness: RegistrationHarness) -> HarnessAccountHolder:
    """An account with a phone, frozen a minute ago by its mailbox alone."""
    holder = await HarnessAccountHolder.of(harness)
    await holder.open_session()
    harness.advance(minutes=1)
    view = await holder.disavow(holder.disavowal())
    assert view.undo_until == harness.now + timedelta(hours=12)
    (event,) = await harness.events(AccountFrozen)
    assert event.undo_until == view.undo_until
    harness.advance(minutes=1)
    return holder


async def test_s_04_both_factors_undo_a_freeze_by_the_mailbox_alone(
    harness: RegistrationHarness,
) -> None:
    holder = await frozen_by_mailbox(harness)
    assert (await harness.refusal(harness.sign_in("pierre@labo.fr", "Zzzz9999a"))).slug == (
        "wrong_credentials"
    )
    assert await holder.can_sign_in_with(PASSWORD)
    assert (await holder.row())["state"] == "frozen", "the password alone undoes nothing"
    await holder.open_session()
    assert (await holder.row())["state"] == "active"
    assert len(await harness.events(AccountThawed)) == 1


async def test_s_04_not_after_some_hours(harness: RegistrationHarness) -> None:
    holder = await frozen_by_mailbox(harness)
    harness.advance(hours=12)
    assert not await holder.can_sign_in_with(PASSWORD)
    await holder.open_session()
    assert (await holder.row())["state"] == "frozen"


async def test_s_04_a_session_from_before_the_freeze_undoes_nothing(
    harness: RegistrationHarness,
) -> None:
    holder = await frozen_by_mailbox(harness)
    harness.advance(seconds=-60)
    await holder.open_session()
    harness.advance(seconds=60)
    assert (await holder.row())["state"] == "frozen"


async def test_s_04_without_a_phone_there_is_nothing_to_undo_it_with(
    harness: RegistrationHarness,
) -> None:
    """Otherwise the password alone would enrol a phone and undo the freeze."""
    holder = await HarnessAccountHolder.of(harness)
    assert (await holder.disavow(holder.disavowal())).undo_until is None
    harness.advance(minutes=1)
    assert not await holder.can_sign_in_with(PASSWORD)


async def test_s_04_nor_where_the_phone_was_removed_since(harness: RegistrationHarness) -> None:
    holder = await frozen_by_mailbox(harness)
    await harness.handle_event(AuthenticatorRemoved(removed_at=harness.now), holder.account_id)
    assert not await holder.can_sign_in_with(PASSWORD)


async def test_s_04_a_changed_phone_undoes_no_freeze(harness: RegistrationHarness) -> None:
    """The person who replaced it has both factors: only support ends that freeze."""
    holder = await HarnessAccountHolder.of(harness)
    await holder.open_session()
    await holder.replace_phone(days_ago=1)
    harness.advance(minutes=1)
    view = await holder.disavow(holder.disavowal())
    assert (view.desk_only, view.undo_until) == (True, None)
    assert not await holder.can_sign_in_with(PASSWORD)


@pytest.mark.parametrize("session_first", [True, False])
async def test_s_04_a_recovery_code_and_its_new_phone_undo_no_freeze(
    harness: RegistrationHarness, session_first: bool
) -> None:
    """Events arrive in any order."""
    holder = await frozen_by_mailbox(harness)
    if not session_first:
        await holder.replace_phone()
    await holder.open_session(phone_replaced=True)
    if session_first:
        await holder.replace_phone()
    row = await holder.row()
    assert (row["state"], row["desk_only"]) == ("frozen", True)


async def test_s_16_the_holder_blocks_the_account_in_a_session(
    harness: RegistrationHarness,
) -> None:
    """Both factors opened the session, so that both do not undo it: the mailbox is needed too."""
    holder = await HarnessAccountHolder.of(harness)
    await holder.open_session()
    harness.advance(minutes=1)
    block = BlockAccount(account_id=holder.account_id)
    expected = FrozenView(account_id=holder.account_id, desk_only=False)
    assert await asyncio.gather(*(harness.ask(block) for _ in range(3))) == [expected] * 3
    ((_, subject, event),) = await harness.published(AccountFrozen)
    assert subject == holder.account_id
    assert event == AccountFrozen(
        by="holder", desk_only=False, frozen_at=harness.now, signed_in=True
    )
    harness.advance(minutes=1)
    assert not await holder.can_sign_in_with(PASSWORD)
    await holder.open_session()
    assert (await holder.row())["state"] == "frozen"
    await harness.ask(holder.reset(await holder.reset_link()))
    harness.advance(minutes=1)
    assert await holder.can_sign_in_with(OTHER_PASSWORD)
    await holder.open_session()
    assert (await holder.row())["state"] == "active"


@pytest.mark.parametrize(("days", "desk_only"), [(13.9, True), (14.0, False)])
async def test_s_16_after_a_new_phone_only_support_opens_a_blocked_account(
    harness: RegistrationHarness, days: float, desk_only: bool
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=40)
    await holder.replace_phone(days_ago=days)
    view = await harness.ask(BlockAccount(account_id=holder.account_id))
    assert view.desk_only == desk_only


async def test_s_16_an_unknown_or_deactivated_account_is_not_blocked(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await holder.close("deactivated")
    assert (await harness.ask(BlockAccount(account_id=holder.account_id))).desk_only
    assert (await holder.row())["state"] == "deactivated"
    nobody = BlockAccount(account_id="8d5d2b40-6b0e-4a5e-9f0c-000000000000")
    assert (await harness.refusal(nobody)).slug == "unknown_account"
    assert await harness.events(AccountFrozen) == []
