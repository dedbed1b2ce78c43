"""Recovery codes: ten, shown once, each good once, a new list on demand, or none by setting."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest

from shared.contracts import mfa as words
from shared.security.sealing import new_key
from tests.integration.mfa.conftest import OpenDesk
from tests.integration.mfa.room import BROWSER, Desk
from tests.unit.mfa.settings_for_tests import KEYS


async def test_b_13_ten_codes_of_four_groups_shown_once(desk: Desk) -> None:
    account, _phone = await desk.enrolled()
    view = await desk.ask(desk.make_codes(account))
    codes = desk.codes_view(view)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code) for code in codes)
    assert (view.made_at, view.renewed) == (desk.now, False)
    factor = await desk.factor(account)
    assert (factor.recovery_on, factor.recovery_left, factor.recovery_kept) == (True, 10, False)
    await desk.ask(words.KeepRecoveryCodes(account_id=account))
    assert (await desk.factor(account)).recovery_kept
    assert await desk.events(words.RecoveryCodesReplaced) == []


async def test_b_13_only_the_list_that_is_good_can_be_kept(desk: Desk) -> None:
    """Two windows: who confirms the list of the first one holds codes that are worth nothing."""
    account, _phone = await desk.enrolled()
    first = await desk.ask(desk.make_codes(account))
    desk.later(seconds=1)
    second = await desk.ask(desk.make_codes(account))
    stale = words.KeepRecoveryCodes(account_id=account, made_at=first.made_at)
    assert await desk.outcome(stale) == "list_replaced"
    assert not (await desk.factor(account)).recovery_kept
    good = words.KeepRecoveryCodes(account_id=account, made_at=second.made_at)
    assert await desk.outcome(good) == "done"
    assert (await desk.factor(account)).recovery_kept


async def test_b_13_a_list_never_kept_is_thrown_away_for_another(desk: Desk) -> None:
    account, _phone = await desk.enrolled()
    former = desk.codes_view(await desk.ask(desk.make_codes(account)))
    view = await desk.ask(desk.make_codes(account))
    assert view.renewed
    assert await desk.events(words.RecoveryCodesReplaced) == [], "nobody relied on it"
    assert await desk.outcome(desk.recover(account, former[0])) == "recovery_refused"
    assert await desk.outcome(desk.recover(account, desk.codes_view(view)[0])) == "done"


async def test_ot_14_a_kept_list_is_replaced_and_that_is_said(desk: Desk) -> None:
    account, _phone = await desk.enrolled()
    former = await desk.sheet(account)
    desk.later(hours=1)
    view = await desk.ask(desk.make_codes(account))
    assert not view.renewed
    replaced = words.RecoveryCodesReplaced(replaced_at=desk.now, device=BROWSER)
    assert await desk.told(words.RecoveryCodesReplaced) == [(account, replaced)]
    assert not (await desk.factor(account)).recovery_kept
    for code in former[:3]:
        assert await desk.outcome(desk.recover(account, code)) == "recovery_refused"


@pytest.mark.parametrize(
    "typed", [str, str.lower, lambda code: code.replace("-", " "), lambda c: c.replace("-", "")]
)
async def test_ot_14_a_code_makes_a_key_for_a_new_phone_at_once(desk: Desk, typed: object) -> None:
    account, old = await desk.enrolled()
    codes = await desk.sheet(account)
    assert callable(typed)
    view = await desk.ask(desk.recover(account, typed(codes[3])))
    assert view.replaces
    used = words.RecoveryCodeUsed(left=9, used_at=desk.now, device=BROWSER)
    assert await desk.told(words.RecoveryCodeUsed) == [(account, used)]
    # The old phone works until the new one does: a thief of one code locks nobody out.
    assert await desk.outcome(desk.check(account, old.code(desk.now))) == "done"
    new = desk.phone(view)
    await desk.ask(desk.confirm(account, view.enrolment_id, new.code(desk.now)))
    (event,) = await desk.events(words.AuthenticatorReplaced)
    assert event.by == "recovery"
    desk.later(seconds=60)
    assert await desk.outcome(desk.check(account, old.code(desk.now))) == "wrong_code"
    # What is left of the list stays good.
    factor = await desk.factor(account)
    assert (factor.recovery_left, factor.recovery_kept) == (9, True)
    assert await desk.outcome(desk.recover(account, codes[4])) == "done"


async def test_ot_14_used_and_wrong_codes_are_refused_alike(desk: Desk) -> None:
    account, _phone = await desk.enrolled()
    codes = await desk.sheet(account)
    await desk.ask(desk.recover(account, codes[0]))
    for number, typed in enumerate([codes[0], "ABCD-EFGH-2345-MNOP", "", "été"]):
        refusal = await desk.refusal(desk.recover(account, typed))
        assert refusal.slug == "recovery_refused"
        assert refusal.params == {"tries_left": 4 - number}
        assert refusal.errors == ()
    refused = await desk.events(words.CodeRefused)
    assert [(event.kind, event.failures) for event in refused] == [
        ("recovery", number) for number in (1, 2, 3, 4)
    ]


async def test_ot_14_one_code_given_twenty_times_at_once_is_used_once(desk: Desk) -> None:
    account, _phone = await desk.enrolled()
    codes = await desk.sheet(account)
    requests = [desk.recover(account, codes[0]) for _ in range(20)]
    outcomes = await asyncio.gather(*(desk.outcome(each) for each in requests))
    assert outcomes.count("done") == 1
    assert len(await desk.events(words.RecoveryCodeUsed)) == 1
    assert (await desk.factor(account)).recovery_left == 9


async def test_au_03_recovery_codes_have_a_door_of_their_own(desk: Desk) -> None:
    account, phone = await desk.enrolled()
    codes = await desk.sheet(account)
    wrong = [
        desk.recover(account, f"ABCD-EFGH-2345-MN{a}{b}") for a in "ABCDE" for b in "ABCDEFGHIJ"
    ]
    outcomes = await asyncio.gather(*(desk.outcome(each) for each in wrong))
    assert sorted(outcomes) == ["recovery_refused"] * 5 + ["too_many_codes"] * 45
    closed = await desk.refusal(desk.recover(account, codes[0]))
    assert (closed.slug, closed.retry_after) == ("too_many_codes", 90)
    locked = await desk.events(words.CodeCheckLocked)
    assert [event.kind for event in locked] == ["recovery"]
    # The phone's own is open, and the other way round.
    assert await desk.outcome(desk.check(account, phone.code(desk.now))) == "done"
    for _ in range(5):
        await desk.refusal(desk.check(account, desk.wrong(phone)))
    assert await desk.outcome(desk.check(account, phone.code(desk.now))) == "too_many_codes"
    desk.later(seconds=90)
    assert await desk.outcome(desk.recover(account, codes[0])) == "done"


async def test_ot_14_a_code_is_good_for_its_own_account_only(desk: Desk) -> None:
    mine, _phone = await desk.enrolled()
    theirs, _their_phone = await desk.enrolled()
    codes = await desk.sheet(mine)
    await desk.sheet(theirs)
    assert await desk.outcome(desk.recover(theirs, codes[0])) == "recovery_refused"
    await desk.fetch(
        "UPDATE recovery_codes SET account_id = $1 WHERE account_id = $2", theirs, mine
    )
    assert await desk.outcome(desk.recover(theirs, codes[0])) == "recovery_refused"


async def test_ot_14_only_hashes_are_kept(desk: Desk) -> None:
    account, _phone = await desk.enrolled()
    codes = await desk.sheet(account)
    rows = await desk.fetch("SELECT code_hash, key_id FROM recovery_codes")
    assert {len(row["code_hash"]) for row in rows} == {32}
    assert len({row["code_hash"] for row in rows}) == 10
    text = str([tuple(row) for row in rows])
    assert not [code for code in codes if code in text or code.replace("-", "") in text]


async def test_a_former_key_of_the_ring_still_knows_its_codes(
    desk: Desk, desk_with: OpenDesk
) -> None:
    account, _phone = await desk.enrolled()
    codes = await desk.sheet(account)
    ring = f"{new_key('t2')},{KEYS['IMPEX_RECOVERY_KEYS']}"
    async with desk_with(now=desk.now, keep=True, IMPEX_RECOVERY_KEYS=ring) as rotated:
        assert await rotated.outcome(rotated.recover(account, codes[0])) == "done"


async def test_b_13_a_setting_turns_them_off(desk: Desk, desk_with: OpenDesk) -> None:
    account, _phone = await desk.enrolled()
    codes = await desk.sheet(account)
    async with desk_with(now=desk.now, keep=True, IMPEX_RECOVERY_CODES="false") as off:
        assert not (await off.factor(account)).recovery_on
        assert not (await off.factor(str(uuid4()))).recovery_on
        assert await off.outcome(off.make_codes(account)) == "recovery_off"
        assert await off.outcome(off.recover(account, codes[0])) == "recovery_off"


async def test_b_13_a_right_code_says_whether_a_list_is_still_to_be_kept(
    desk: Desk, desk_with: OpenDesk
) -> None:
    account, phone = await desk.enrolled()
    desk.later(minutes=1)
    assert (await desk.ask(desk.check(account, phone.code(desk.now)))).recovery_due
    await desk.ask(desk.make_codes(account))
    desk.later(minutes=1)
    assert (await desk.ask(desk.check(account, phone.code(desk.now)))).recovery_due
    async with desk_with(now=desk.now, keep=True, IMPEX_RECOVERY_CODES="false") as off:
        off.later(minutes=1)
        assert not (await off.ask(off.check(account, phone.code(off.now)))).recovery_due
    await desk.ask(words.KeepRecoveryCodes(account_id=account))
    desk.later(minutes=2)
    assert not (await desk.ask(desk.check(account, phone.code(desk.now)))).recovery_due


async def test_without_a_phone_there_is_no_list(desk: Desk) -> None:
    account = str(uuid4())
    for request in (
        desk.make_codes(account),
        words.KeepRecoveryCodes(account_id=account),
        desk.recover(account, "ABCD-EFGH-2345-MNOP"),
    ):
        assert await desk.outcome(request) == "not_enrolled"
    enrolled, _phone = await desk.enrolled()
    # A list that was never made cannot be kept, and no code of it is right.
    assert await desk.ask(words.KeepRecoveryCodes(account_id=enrolled)) == words.Noted()
    assert not (await desk.factor(enrolled)).recovery_kept
    refusal = await desk.refusal(desk.recover(enrolled, "ABCD-EFGH-2345-MNOP"))
    assert (refusal.slug, refusal.params) == ("recovery_refused", {"tries_left": 4})
