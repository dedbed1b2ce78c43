"""Removal with the account's credentials; purge of enrolments and failed codes."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.mfa.purge import purge
from shared.contracts.mfa.events import AuthenticatorRemoved
from shared.contracts.mfa.views import FactorView
from shared.contracts.registration.events import CredentialsRemoved
from shared.errors import Reject
from tests.support.harness.mfa import MfaHarness


async def test_g_26_the_authenticator_is_removed_with_the_credentials(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    other, _their_phone = await harness.enrolled()
    await harness.recovery_codes(account)
    pending = await harness.ask(harness.replace(account, phone.code(harness.now)))
    harness.advance(minutes=1)
    await harness.handle_event(CredentialsRemoved(removed_at=harness.now), account)
    assert await harness.factor(account) == FactorView()
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "not_enrolled"
    assert (
        await harness.outcome(harness.describe(account, pending.enrolment_id)) == "enrolment_gone"
    )
    removed = AuthenticatorRemoved(removed_at=harness.now)
    assert await harness.account_events(AuthenticatorRemoved) == [(account, removed)]
    tables = ("recovery_lists", "recovery_codes")
    assert [await harness.count(table) for table in tables] == [0, 0]
    owners = await harness.fetch("SELECT account_id FROM enrolments")
    assert [str(row["account_id"]) for row in owners] == [other]
    assert (await harness.factor(other)).enrolled_at is not None


async def test_a_removal_is_published_once(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    event = CredentialsRemoved(removed_at=harness.now)
    await asyncio.gather(*(harness.handle_event(event, account) for _ in range(5)))
    await harness.handle_event(event, str(uuid4()))
    assert len(await harness.events(AuthenticatorRemoved)) == 1


async def test_a_late_event_leaves_what_was_enrolled_since(harness: MfaHarness) -> None:
    """The account was opened again (G-26) before the event of its removal arrives."""
    account = str(uuid4())
    removed_at = harness.now
    harness.advance(minutes=1)
    _, phone = await harness.enrolled(account)
    pending = await harness.ask(harness.replace(account, phone.code(harness.now)))
    await harness.handle_event(CredentialsRemoved(removed_at=removed_at), account)
    assert (await harness.factor(account)).enrolled_at is not None
    assert await harness.outcome(harness.describe(account, pending.enrolment_id)) == "done"
    assert await harness.events(AuthenticatorRemoved) == []


async def test_a_phone_replaced_in_between_is_removed_too(harness: MfaHarness) -> None:
    """A session cannot save its authenticator by replacing it before the event arrives."""
    account, phone = await harness.enrolled()
    removed_at = harness.now
    view = await harness.ask(harness.replace(account, phone.code(harness.now)))
    harness.advance(seconds=30)
    new = harness.phone(view)
    await harness.ask(harness.confirm(account, view.enrolment_id, new.code(harness.now)))
    await harness.handle_event(CredentialsRemoved(removed_at=removed_at), account)
    assert await harness.factor(account) == FactorView()


async def test_an_earlier_enrolment_is_removed_even_if_restarted(
    harness: MfaHarness,
) -> None:
    account = str(uuid4())
    first = await harness.ask(harness.start(account))
    removed_at = harness.now
    harness.advance(seconds=30)
    again = await harness.ask(harness.restart(account, first.enrolment_id))
    fresh = await harness.ask(harness.start(account))
    await harness.handle_event(CredentialsRemoved(removed_at=removed_at), account)
    assert await harness.outcome(harness.describe(account, again.enrolment_id)) == "enrolment_gone"
    assert await harness.outcome(harness.describe(account, fresh.enrolment_id)) == "done"


async def test_g_26_an_account_opened_again_enrols_anew(harness: MfaHarness) -> None:
    account, old = await harness.enrolled()
    await harness.handle_event(CredentialsRemoved(removed_at=harness.now), account)
    harness.advance(minutes=5)
    _, new = await harness.enrolled(account)
    assert new.key != old.key
    assert await harness.outcome(harness.check(account, new.code(harness.now))) == "done"


async def test_failed_codes_outlive_the_authenticator(harness: MfaHarness) -> None:
    """Only time lifts the daily limit."""
    account, phone = await harness.enrolled()
    for _ in range(3):
        await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    await harness.handle_event(CredentialsRemoved(removed_at=harness.now), account)
    (row,) = await harness.fetch("SELECT cardinality(wrong) AS n FROM tries")
    assert row["n"] == 3


async def test_an_event_without_a_subject_is_rejected(harness: MfaHarness) -> None:
    with pytest.raises(Reject):
        await harness.handle_event(CredentialsRemoved(removed_at=harness.now))


async def test_ot_11_expired_enrolments_are_purged(harness: MfaHarness) -> None:
    accounts = [str(uuid4()) for _ in range(3)]
    for account in accounts:
        await harness.ask(harness.start(account))
        harness.advance(minutes=10)
    assert await purge(harness.pool, harness.now) == 1
    assert await harness.count("enrolments") == 2
    assert await purge(harness.pool, harness.now + timedelta(minutes=20)) == 2
    assert await purge(harness.pool, harness.now + timedelta(minutes=20)) == 0


async def test_failed_codes_are_purged_after_thirty_days(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    harness.advance(days=29)
    await purge(harness.pool, harness.now)
    assert (await harness.ask(harness.check(account, phone.code(harness.now)))).failures == 1
    harness.advance(days=1)
    await purge(harness.pool, harness.now)
    assert await harness.count("tries") == 0
