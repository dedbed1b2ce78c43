"""The first phone: a key that stays until the enrolment ends, in force once its code was right."""

from __future__ import annotations

import asyncio
import base64
import secrets
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from shared.contracts import mfa as words
from tests.integration.mfa.room import ADDRESS, BROWSER, START, Desk, Phone


async def test_g_20_an_account_is_protected_once_a_right_code_was_given(desk: Desk) -> None:
    account = str(uuid4())
    assert await desk.factor(account) == words.FactorView()
    view = await desk.ask(desk.start(account))
    assert not view.replaces
    assert view.expires_at == START + timedelta(minutes=30)
    phone = desk.phone(view)
    # Nothing is in force before.
    assert await desk.factor(account) == words.FactorView()
    early = desk.check(account, phone.code(desk.now))
    assert (await desk.refusal(early)).slug == "not_enrolled"
    done = await desk.ask(desk.confirm(account, view.enrolment_id, phone.code(desk.now)))
    assert done == words.EnrolledView(enrolled_at=START, replaced=False, recovery_due=True)
    assert (await desk.factor(account)).enrolled_at == START
    enrolled = words.AuthenticatorEnrolled(enrolled_at=START, device=BROWSER)
    assert await desk.told() == [(account, enrolled)]


async def test_g_21_the_entry_bears_our_name_and_the_persons_address(desk: Desk) -> None:
    view = await desk.ask(desk.start(str(uuid4())))
    uri = urlsplit(desk.open(view, "uri"))
    assert unquote(uri.path) == f"/IMPEXWEB:{ADDRESS}"
    query = parse_qs(uri.query)
    assert query["issuer"] == ["IMPEXWEB"]
    assert query["secret"] == [desk.open(view, "key")]
    assert [query[name] for name in ("algorithm", "digits", "period")] == [["SHA1"], ["6"], ["30"]]


async def test_ot_01_every_enrolment_has_a_key_of_its_own_of_160_bits(desk: Desk) -> None:
    account = str(uuid4())
    views = [await desk.ask(desk.start(account)) for _ in range(20)]
    keys = {desk.open(view, "key") for view in views}
    assert len(keys) == 20
    assert {len(base64.b32decode(key)) for key in keys} == {20}
    assert desk.deps.random is secrets.token_bytes, "the system's source and no other"


async def test_ot_11_a_reload_and_a_wrong_code_keep_the_key(desk: Desk) -> None:
    account = str(uuid4())
    view = await desk.ask(desk.start(account))
    wrong = desk.wrong(desk.phone(view))
    for _ in range(30):  # far more than any door would allow
        refusal = await desk.refusal(desk.confirm(account, view.enrolment_id, wrong))
        assert (refusal.slug, refusal.params, refusal.retry_after) == ("wrong_code", {}, None)
    again = await desk.ask(desk.describe(account, view.enrolment_id))
    assert desk.open(again, "key") == desk.open(view, "key")
    assert desk.open(again, "uri") == desk.open(view, "uri")
    assert (again.enrolment_id, again.expires_at) == (view.enrolment_id, view.expires_at)
    assert await desk.events() == [], "a first code that is mistyped is no news"
    code = desk.phone(view).code(desk.now)
    assert await desk.outcome(desk.confirm(account, view.enrolment_id, code)) == "done"


async def test_ot_11_to_start_again_voids_the_half_made_one(desk: Desk) -> None:
    account = str(uuid4())
    old = await desk.ask(desk.start(account))
    desk.later(minutes=20)
    new = await desk.ask(desk.restart(account, old.enrolment_id))
    assert new.enrolment_id != old.enrolment_id
    assert desk.open(new, "key") != desk.open(old, "key")
    assert new.expires_at == desk.now + timedelta(minutes=30)
    code = desk.phone(old).code(desk.now)
    for request in (
        desk.confirm(account, old.enrolment_id, code),
        desk.describe(account, old.enrolment_id),
        desk.restart(account, old.enrolment_id),
    ):
        assert (await desk.refusal(request)).slug == "enrolment_gone"
    # The former key is worth nothing for the new one either.
    refused = await desk.refusal(desk.confirm(account, new.enrolment_id, code))
    assert refused.slug == "wrong_code"
    code = desk.phone(new).code(desk.now)
    assert await desk.outcome(desk.confirm(account, new.enrolment_id, code)) == "done"


async def test_ot_11_after_thirty_minutes_it_is_over(desk: Desk) -> None:
    account = str(uuid4())
    view = await desk.ask(desk.start(account))
    desk.later(minutes=30)
    code = desk.phone(view).code(desk.now)
    for request in (
        desk.confirm(account, view.enrolment_id, code),
        desk.describe(account, view.enrolment_id),
        desk.restart(account, view.enrolment_id),
    ):
        assert (await desk.refusal(request)).slug == "enrolment_gone"


async def test_an_enrolment_is_its_accounts_only(desk: Desk) -> None:
    account, other = str(uuid4()), str(uuid4())
    view = await desk.ask(desk.start(account))
    code = desk.phone(view).code(desk.now)
    for enrolment in (view.enrolment_id, str(uuid4()), "no id", ""):
        for request in (
            desk.describe(other, enrolment),
            desk.restart(other, enrolment),
            desk.confirm(other, enrolment, code),
        ):
            assert (await desk.refusal(request)).slug == "enrolment_gone"
    assert await desk.factor("no id") == words.FactorView()


async def test_the_first_confirmed_wins_and_voids_the_others(desk: Desk) -> None:
    """Who has the password as well cannot read the key of the other one, nor finish after him."""
    account = str(uuid4())
    mine, theirs = [await desk.ask(desk.start(account)) for _ in range(2)]
    code = desk.phone(mine).code(desk.now)
    await desk.ask(desk.confirm(account, mine.enrolment_id, code))
    late = desk.phone(theirs).code(desk.now)
    for each in (mine, theirs):
        confirm = desk.confirm(account, each.enrolment_id, late)
        assert (await desk.refusal(confirm)).slug == "already_enrolled"
        for request in (
            desk.describe(account, each.enrolment_id),
            desk.restart(account, each.enrolment_id),
        ):
            assert (await desk.refusal(request)).slug == "enrolment_gone"
    assert (await desk.refusal(desk.start(account))).slug == "already_enrolled"
    kept = await desk.fetch("SELECT key_box, key_id FROM enrolments")
    assert [tuple(row) for row in kept] == [(None, None)] * 2, "their keys are gone"
    assert len(await desk.events(words.AuthenticatorEnrolled)) == 1


async def test_db_01_of_twenty_confirmed_at_once_one_is_in_force(desk: Desk) -> None:
    account = str(uuid4())
    views = [await desk.ask(desk.start(account)) for _ in range(20)]
    outcomes = await asyncio.gather(
        *(
            desk.outcome(desk.confirm(account, view.enrolment_id, desk.phone(view).code(desk.now)))
            for view in views
        )
    )
    assert sorted(outcomes) == ["already_enrolled"] * 19 + ["done"]
    assert await desk.count("authenticators") == 1
    winner = desk.phone(views[outcomes.index("done")])
    desk.later(seconds=30)
    assert await desk.outcome(desk.check(account, winner.code(desk.now))) == "done"


async def test_ot_04_the_enrolments_code_is_spent(desk: Desk) -> None:
    account = str(uuid4())
    view = await desk.ask(desk.start(account))
    phone = desk.phone(view)
    code = phone.code(desk.now)
    await desk.ask(desk.confirm(account, view.enrolment_id, code))
    first_sign_in = desk.check(account, code)
    assert (await desk.refusal(first_sign_in)).slug == "code_used"
    desk.later(seconds=30)
    assert await desk.outcome(desk.check(account, phone.code(desk.now))) == "done"


async def test_ot_05_a_clock_that_is_off_is_told_at_the_first_code_already(desk: Desk) -> None:
    account = str(uuid4())
    view = await desk.ask(desk.start(account))
    slow = Phone(desk.open(view, "key"), slow=240)
    first = await desk.refusal(desk.confirm(account, view.enrolment_id, slow.code(desk.now)))
    assert first.slug == "wrong_code"
    desk.later(seconds=30)
    second = await desk.refusal(desk.confirm(account, view.enrolment_id, slow.code(desk.now)))
    assert (second.slug, second.params) == ("clock_off", {"minutes": 4, "direction": "slow"})
    # Its clock mended, the phone is enrolled.
    slow.slow = 0
    assert (
        await desk.outcome(desk.confirm(account, view.enrolment_id, slow.code(desk.now))) == "done"
    )


async def test_g_23_a_step_recognised_during_the_enrolment_never_works_later(desk: Desk) -> None:
    account = str(uuid4())
    view = await desk.ask(desk.start(account))
    phone = desk.phone(view)
    ahead = phone.code(desk.now, 8)
    refused = await desk.refusal(desk.confirm(account, view.enrolment_id, ahead))
    assert refused.slug == "wrong_code"
    await desk.ask(desk.confirm(account, view.enrolment_id, phone.code(desk.now)))
    desk.later(seconds=240)
    assert phone.code(desk.now) == ahead
    assert (await desk.refusal(desk.check(account, ahead))).slug == "code_used"


async def test_ot_08_what_is_no_code_is_told_as_such(desk: Desk) -> None:
    account = str(uuid4())
    view = await desk.ask(desk.start(account))
    for typed in ("12345", "１２３４５６", "", "12-3456"):
        refusal = await desk.refusal(desk.confirm(account, view.enrolment_id, typed))
        assert refusal.slug == "invalid_fields"
        assert [(error.field, error.code) for error in refusal.errors] == [("code", "format")]
    code = desk.phone(view).code(desk.now)
    typed = f"{code[:3]}\u00a0{code[3:]}"
    assert await desk.outcome(desk.confirm(account, view.enrolment_id, typed)) == "done"
