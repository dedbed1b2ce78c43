"""A new phone: by a code of the old one, which works on until the new one's first code."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from shared.contracts import mfa as words
from tests.integration.mfa.room import BROWSER, Desk


async def test_g_25_the_old_phone_works_until_the_new_ones_first_code(desk: Desk) -> None:
    account, old = await desk.enrolled()
    view = await desk.ask(desk.replace(account, old.code(desk.now)))
    assert view.replaces
    assert view.expires_at == desk.now + timedelta(minutes=30)
    new = desk.phone(view)
    desk.later(seconds=60)
    assert await desk.outcome(desk.check(account, old.code(desk.now))) == "done"
    assert await desk.outcome(desk.check(account, new.code(desk.now))) == "wrong_code"
    done = await desk.ask(desk.confirm(account, view.enrolment_id, new.code(desk.now)))
    assert done == words.EnrolledView(enrolled_at=desk.now, replaced=True, recovery_due=True)
    assert (await desk.factor(account)).enrolled_at == desk.now
    # The new one's first code is spent, the old phone is nobody's.
    assert await desk.outcome(desk.check(account, new.code(desk.now))) == "code_used"
    desk.later(seconds=60)
    assert await desk.outcome(desk.check(account, old.code(desk.now))) == "wrong_code"
    assert await desk.outcome(desk.check(account, new.code(desk.now))) == "done"
    said = await desk.told(words.AuthenticatorReplaced)
    replaced_at = desk.now - timedelta(seconds=60)
    replaced = words.AuthenticatorReplaced(by="phone", replaced_at=replaced_at, device=BROWSER)
    assert said == [(account, replaced)]


async def test_ot_04_the_code_that_allows_it_is_spent(desk: Desk) -> None:
    account, old = await desk.enrolled()
    code = old.code(desk.now)
    await desk.ask(desk.replace(account, code))
    assert await desk.outcome(desk.check(account, code)) == "code_used"
    assert await desk.outcome(desk.replace(account, code)) == "code_used"
    assert await desk.count("enrolments") == 2  # the first one's, and one replacement


async def test_a_wrong_code_allows_nothing_and_is_counted(desk: Desk) -> None:
    account, old = await desk.enrolled()
    for _ in range(5):
        assert await desk.outcome(desk.replace(account, desk.wrong(old))) == "wrong_code"
    assert await desk.outcome(desk.replace(account, old.code(desk.now))) == "too_many_codes"
    assert await desk.outcome(desk.check(account, old.code(desk.now))) == "too_many_codes"
    assert await desk.fetch("SELECT 1 FROM enrolments WHERE allowed_by IS NOT NULL") == []
    assert await desk.outcome(desk.replace("no id", "123456")) == "not_enrolled"


async def test_to_start_again_keeps_what_allowed_it(desk: Desk) -> None:
    account, old = await desk.enrolled()
    first = await desk.ask(desk.replace(account, old.code(desk.now)))
    second = await desk.ask(desk.restart(account, first.enrolment_id))
    assert second.replaces
    code = desk.phone(first).code(desk.now)
    assert await desk.outcome(desk.confirm(account, first.enrolment_id, code)) == "enrolment_gone"
    code = desk.phone(second).code(desk.now)
    await desk.ask(desk.confirm(account, second.enrolment_id, code))
    (event,) = await desk.events(words.AuthenticatorReplaced)
    assert event.by == "phone"


async def test_of_two_replacements_the_first_confirmed_wins(desk: Desk) -> None:
    account, old = await desk.enrolled()
    views = []
    for _ in range(2):
        views.append(await desk.ask(desk.replace(account, old.code(desk.now))))
        desk.later(seconds=30)
    confirms = [
        desk.confirm(account, view.enrolment_id, desk.phone(view).code(desk.now)) for view in views
    ]
    outcomes = await asyncio.gather(*(desk.outcome(each) for each in confirms))
    assert sorted(outcomes) == ["done", "enrolment_gone"]
    assert len(await desk.events(words.AuthenticatorReplaced)) == 1
    assert await desk.count("authenticators") == 1


async def test_a_new_phone_does_not_lift_the_ceiling_of_the_day(desk: Desk) -> None:
    account, old = await desk.enrolled()
    view = await desk.ask(desk.replace(account, old.code(desk.now)))
    for _ in range(5):
        refusal = await desk.refusal(desk.check(account, desk.wrong(old)))
    assert refusal.retry_after == 90
    new = desk.phone(view)
    await desk.ask(desk.confirm(account, view.enrolment_id, new.code(desk.now)))
    # Its first code was right, so the wait is over; the five of the day still count.
    desk.later(seconds=30)
    assert await desk.outcome(desk.check(account, new.code(desk.now))) == "done"
    (row,) = await desk.fetch("SELECT cardinality(wrong) AS n, failures FROM tries")
    assert tuple(row) == (5, 0)
