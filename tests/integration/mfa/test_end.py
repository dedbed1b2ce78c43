"""What ends: a factor with the account's credentials, enrolments and wrong codes in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.mfa.purge import purge
from shared.contracts import mfa as words
from shared.contracts.registration import CredentialsRemoved
from shared.errors import Reject
from tests.integration.mfa.room import Desk


async def test_g_26_the_factor_goes_with_the_credentials(desk: Desk) -> None:
    account, phone = await desk.enrolled()
    other, _their_phone = await desk.enrolled()
    await desk.sheet(account)
    pending = await desk.ask(desk.replace(account, phone.code(desk.now)))
    desk.later(minutes=1)
    await desk.hear(CredentialsRemoved(removed_at=desk.now), account)
    assert await desk.factor(account) == words.FactorView()
    assert await desk.outcome(desk.check(account, phone.code(desk.now))) == "not_enrolled"
    assert await desk.outcome(desk.describe(account, pending.enrolment_id)) == "enrolment_gone"
    removed = words.AuthenticatorRemoved(removed_at=desk.now)
    assert await desk.told(words.AuthenticatorRemoved) == [(account, removed)]
    tables = ("recovery_lists", "recovery_codes")
    assert [await desk.count(table) for table in tables] == [0, 0]
    owners = await desk.fetch("SELECT account_id FROM enrolments")
    assert [str(row["account_id"]) for row in owners] == [other]
    assert (await desk.factor(other)).enrolled_at is not None


async def test_heard_twice_or_for_nothing_it_is_said_once(desk: Desk) -> None:
    account, _phone = await desk.enrolled()
    event = CredentialsRemoved(removed_at=desk.now)
    await asyncio.gather(*(desk.hear(event, account) for _ in range(5)))
    await desk.hear(event, str(uuid4()))
    assert len(await desk.events(words.AuthenticatorRemoved)) == 1


async def test_heard_late_it_leaves_what_was_enrolled_since(desk: Desk) -> None:
    """The person has come back with the same account (G-26) before we hear that they had left."""
    account = str(uuid4())
    removed_at = desk.now
    desk.later(minutes=1)
    _, phone = await desk.enrolled(account)
    pending = await desk.ask(desk.replace(account, phone.code(desk.now)))
    await desk.hear(CredentialsRemoved(removed_at=removed_at), account)
    assert (await desk.factor(account)).enrolled_at is not None
    assert await desk.outcome(desk.describe(account, pending.enrolment_id)) == "done"
    assert await desk.events(words.AuthenticatorRemoved) == []


async def test_a_phone_replaced_in_between_goes_all_the_same(desk: Desk) -> None:
    """An old session cannot save its factor by replacing it before we hear of the removal."""
    account, phone = await desk.enrolled()
    removed_at = desk.now
    view = await desk.ask(desk.replace(account, phone.code(desk.now)))
    desk.later(seconds=30)
    new = desk.phone(view)
    await desk.ask(desk.confirm(account, view.enrolment_id, new.code(desk.now)))
    await desk.hear(CredentialsRemoved(removed_at=removed_at), account)
    assert await desk.factor(account) == words.FactorView()


async def test_a_first_enrolment_begun_before_goes_even_if_begun_again(desk: Desk) -> None:
    account = str(uuid4())
    first = await desk.ask(desk.start(account))
    removed_at = desk.now
    desk.later(seconds=30)
    again = await desk.ask(desk.restart(account, first.enrolment_id))
    fresh = await desk.ask(desk.start(account))
    await desk.hear(CredentialsRemoved(removed_at=removed_at), account)
    assert await desk.outcome(desk.describe(account, again.enrolment_id)) == "enrolment_gone"
    assert await desk.outcome(desk.describe(account, fresh.enrolment_id)) == "done"


async def test_g_26_whoever_comes_back_enrols_anew(desk: Desk) -> None:
    account, old = await desk.enrolled()
    await desk.hear(CredentialsRemoved(removed_at=desk.now), account)
    desk.later(minutes=5)
    _, new = await desk.enrolled(account)
    assert new.key != old.key
    assert await desk.outcome(desk.check(account, new.code(desk.now))) == "done"


async def test_wrong_codes_outlive_the_factor(desk: Desk) -> None:
    """Nothing but time lifts the ceiling of a day."""
    account, phone = await desk.enrolled()
    for _ in range(3):
        await desk.refusal(desk.check(account, desk.wrong(phone)))
    await desk.hear(CredentialsRemoved(removed_at=desk.now), account)
    (row,) = await desk.fetch("SELECT cardinality(wrong) AS n FROM tries")
    assert row["n"] == 3


async def test_an_event_that_names_nobody_is_put_aside(desk: Desk) -> None:
    with pytest.raises(Reject):
        await desk.hear(CredentialsRemoved(removed_at=desk.now))


async def test_ot_11_what_has_expired_is_forgotten(desk: Desk) -> None:
    accounts = [str(uuid4()) for _ in range(3)]
    for account in accounts:
        await desk.ask(desk.start(account))
        desk.later(minutes=10)
    assert await purge(desk.pool, desk.now) == 1
    assert await desk.count("enrolments") == 2
    assert await purge(desk.pool, desk.now + timedelta(minutes=20)) == 2
    assert await purge(desk.pool, desk.now + timedelta(minutes=20)) == 0


async def test_wrong_codes_are_forgotten_after_thirty_days(desk: Desk) -> None:
    account, phone = await desk.enrolled()
    await desk.refusal(desk.check(account, desk.wrong(phone)))
    desk.later(days=29)
    await purge(desk.pool, desk.now)
    assert (await desk.ask(desk.check(account, phone.code(desk.now)))).failures == 1
    desk.later(days=1)
    await purge(desk.pool, desk.now)
    assert await desk.count("tries") == 0
