"""A new phone, enrolled with a code of the old one, which works until then."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.mfa.views import EnrolledView
from shared.contracts.registration.events import CredentialsRemoved
from tests.support.harness.mfa import BROWSER, MfaHarness


async def test_g_25_the_old_phone_works_until_the_new_ones_first_code(harness: MfaHarness) -> None:
    account, old = await harness.enrolled()
    view = await harness.ask(harness.replace(account, old.code(harness.now)))
    assert view.replaces
    assert view.expires_at == harness.now + timedelta(minutes=30)
    new = harness.phone(view)
    harness.advance(seconds=60)
    assert await harness.outcome(harness.check(account, old.code(harness.now))) == "done"
    assert await harness.outcome(harness.check(account, new.code(harness.now))) == "wrong_code"
    done = await harness.ask(harness.confirm(account, view.enrolment_id, new.code(harness.now)))
    assert done == EnrolledView(enrolled_at=harness.now, replaced=True, recovery_due=True)
    assert (await harness.factor(account)).enrolled_at == harness.now
    # The first code of the new phone is used up, and the old phone no longer works.
    assert await harness.outcome(harness.check(account, new.code(harness.now))) == "code_used"
    harness.advance(seconds=60)
    assert await harness.outcome(harness.check(account, old.code(harness.now))) == "wrong_code"
    assert await harness.outcome(harness.check(account, new.code(harness.now))) == "done"
    published = await harness.account_events(AuthenticatorReplaced)
    replaced_at = harness.now - timedelta(seconds=60)
    replaced = AuthenticatorReplaced(by="phone", replaced_at=replaced_at, device=BROWSER)
    assert published == [(account, replaced)]


async def test_ot_04_the_code_that_allows_it_is_used_up(harness: MfaHarness) -> None:
    account, old = await harness.enrolled()
    code = old.code(harness.now)
    await harness.ask(harness.replace(account, code))
    assert await harness.outcome(harness.check(account, code)) == "code_used"
    assert await harness.outcome(harness.replace(account, code)) == "code_used"
    assert await harness.count("enrolments") == 2  # the first one's, and one replacement


async def test_a_wrong_code_allows_nothing_and_is_counted(harness: MfaHarness) -> None:
    account, old = await harness.enrolled()
    for _ in range(5):
        assert (
            await harness.outcome(harness.replace(account, harness.wrong_code(old))) == "wrong_code"
        )
    assert (
        await harness.outcome(harness.replace(account, old.code(harness.now))) == "too_many_codes"
    )
    assert await harness.outcome(harness.check(account, old.code(harness.now))) == "too_many_codes"
    assert await harness.fetch("SELECT 1 FROM enrolments WHERE allowed_by IS NOT NULL") == []
    assert await harness.outcome(harness.replace("no id", "123456")) == "not_enrolled"


async def test_a_restart_keeps_its_authorization(harness: MfaHarness) -> None:
    account, old = await harness.enrolled()
    first = await harness.ask(harness.replace(account, old.code(harness.now)))
    second = await harness.ask(harness.restart(account, first.enrolment_id))
    assert second.replaces
    code = harness.phone(first).code(harness.now)
    assert (
        await harness.outcome(harness.confirm(account, first.enrolment_id, code))
        == "enrolment_gone"
    )
    code = harness.phone(second).code(harness.now)
    await harness.ask(harness.confirm(account, second.enrolment_id, code))
    (event,) = await harness.events(AuthenticatorReplaced)
    assert event.by == "phone"


async def test_of_two_replacements_the_first_confirmed_wins(harness: MfaHarness) -> None:
    account, old = await harness.enrolled()
    views = []
    for _ in range(2):
        views.append(await harness.ask(harness.replace(account, old.code(harness.now))))
        harness.advance(seconds=30)
    confirms = [
        harness.confirm(account, view.enrolment_id, harness.phone(view).code(harness.now))
        for view in views
    ]
    outcomes = await asyncio.gather(*(harness.outcome(each) for each in confirms))
    assert sorted(outcomes) == ["done", "enrolment_gone"]
    assert len(await harness.events(AuthenticatorReplaced)) == 1
    assert await harness.count("authenticators") == 1


async def test_a_new_phone_does_not_lift_the_daily_limit(harness: MfaHarness) -> None:
    account, old = await harness.enrolled()
    view = await harness.ask(harness.replace(account, old.code(harness.now)))
    for _ in range(5):
        refusal = await harness.refusal(harness.check(account, harness.wrong_code(old)))
    assert refusal.retry_after == 90
    new = harness.phone(view)
    await harness.ask(harness.confirm(account, view.enrolment_id, new.code(harness.now)))
    # Its first code ended the wait; the five failures of the day still count.
    harness.advance(seconds=30)
    assert await harness.outcome(harness.check(account, new.code(harness.now))) == "done"
    (row,) = await harness.fetch("SELECT cardinality(wrong) AS n, failures FROM tries")
    assert tuple(row) == (5, 0)


async def test_stored_answers_of_the_account_are_deleted_with_its_phone(
    harness: MfaHarness,
) -> None:
    """AU-06: a code of the former phone that is posted again is checked again."""
    account, old = await harness.enrolled()
    others = [str(uuid4()), str(uuid4())]
    for subject in (account, *others):
        await harness.store_answer(subject)
    view = await harness.ask(harness.replace(account, old.code(harness.now)))
    assert await harness.stored_answers() == {account, *others}, "nothing is in force yet"
    new = harness.phone(view)
    await harness.ask(harness.confirm(account, view.enrolment_id, new.code(harness.now)))
    assert await harness.stored_answers() == set(others)
    await harness.enrolled(others[0])
    assert await harness.stored_answers() == {others[1]}
    await harness.enrolled(others[1])
    await harness.store_answer(others[1])
    await harness.handle_event(CredentialsRemoved(removed_at=harness.now), others[1])
    assert await harness.stored_answers() == set()
