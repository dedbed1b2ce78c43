"""Recovery codes: ten, shown once, each usable once, replaced on demand, or turned off."""

import asyncio
import re
from uuid import uuid4

import pytest

from shared.contracts.mfa.events import (
    AuthenticatorReplaced,
    CodeCheckLocked,
    CodeRefused,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
)
from shared.contracts.mfa.requests import KeepRecoveryCodes, Noted
from shared.security.sealing import new_key
from tests.support.harness.mfa import BROWSER, MfaHarness, OpenHarness
from tests.support.harness.mfa_settings import KEYS


async def test_b_13_ten_codes_of_four_groups_shown_once(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    view = await harness.ask(harness.make_codes(account))
    codes = harness.open_codes(view)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code) for code in codes)
    assert (view.made_at, view.renewed) == (harness.now, False)
    factor = await harness.factor(account)
    assert (factor.recovery_on, factor.recovery_left, factor.recovery_kept) == (True, 10, False)
    await harness.ask(KeepRecoveryCodes(account_id=account))
    assert (await harness.factor(account)).recovery_kept
    assert await harness.events(RecoveryCodesReplaced) == []


async def test_b_13_only_the_valid_list_can_be_confirmed(harness: MfaHarness) -> None:
    """Of two windows, the first one shows codes that are no longer valid."""
    account, _phone = await harness.enrolled()
    first = await harness.ask(harness.make_codes(account))
    harness.advance(seconds=1)
    second = await harness.ask(harness.make_codes(account))
    stale = KeepRecoveryCodes(account_id=account, made_at=first.made_at)
    assert await harness.outcome(stale) == "list_replaced"
    assert not (await harness.factor(account)).recovery_kept
    good = KeepRecoveryCodes(account_id=account, made_at=second.made_at)
    assert await harness.outcome(good) == "done"
    assert (await harness.factor(account)).recovery_kept


async def test_b_13_an_unconfirmed_list_is_replaced_silently(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    former = harness.open_codes(await harness.ask(harness.make_codes(account)))
    view = await harness.ask(harness.make_codes(account))
    assert view.renewed
    assert await harness.events(RecoveryCodesReplaced) == [], "nobody relied on it"
    assert await harness.outcome(harness.recover(account, former[0])) == "recovery_refused"
    assert await harness.outcome(harness.recover(account, harness.open_codes(view)[0])) == "done"


async def test_ot_14_replacing_a_confirmed_list_is_published(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    former = await harness.recovery_codes(account)
    harness.advance(hours=1)
    view = await harness.ask(harness.make_codes(account))
    assert not view.renewed
    replaced = RecoveryCodesReplaced(replaced_at=harness.now, device=BROWSER)
    assert await harness.account_events(RecoveryCodesReplaced) == [(account, replaced)]
    assert not (await harness.factor(account)).recovery_kept
    for code in former[:3]:
        assert await harness.outcome(harness.recover(account, code)) == "recovery_refused"


@pytest.mark.parametrize(
    "typed", [str, str.lower, lambda code: code.replace("-", " "), lambda c: c.replace("-", "")]
)
async def test_ot_14_a_code_makes_a_key_for_a_new_phone_at_once(
    harness: MfaHarness, typed: object
) -> None:
    account, old = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    assert callable(typed)
    view = await harness.ask(harness.recover(account, typed(codes[3])))
    assert view.replaces
    used = RecoveryCodeUsed(left=9, used_at=harness.now, device=BROWSER)
    assert await harness.account_events(RecoveryCodeUsed) == [(account, used)]
    # The old phone works until the new one does: a stolen code locks nobody out.
    assert await harness.outcome(harness.check(account, old.code(harness.now))) == "done"
    new = harness.phone(view)
    await harness.ask(harness.confirm(account, view.enrolment_id, new.code(harness.now)))
    (event,) = await harness.events(AuthenticatorReplaced)
    assert event.by == "recovery"
    harness.advance(seconds=60)
    assert await harness.outcome(harness.check(account, old.code(harness.now))) == "wrong_code"
    # The other codes stay valid.
    factor = await harness.factor(account)
    assert (factor.recovery_left, factor.recovery_kept) == (9, True)
    assert await harness.outcome(harness.recover(account, codes[4])) == "done"


async def test_ot_14_used_and_wrong_codes_are_refused_alike(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    await harness.ask(harness.recover(account, codes[0]))
    for number, typed in enumerate([codes[0], "ABCD-EFGH-2345-MNOP"]):
        refusal = await harness.refusal(harness.recover(account, typed))
        assert refusal.slug == "recovery_refused"
        assert refusal.params == {"tries_left": 4 - number}
        assert refusal.errors == ()
    refused = await harness.events(CodeRefused)
    assert [(event.kind, event.failures) for event in refused] == [
        ("recovery", number) for number in (1, 2)
    ]


@pytest.mark.parametrize(
    "typed", ["", "été", "ABCD", "9BCD-EFGH-2345-MNOP", "ABCD-EFGH-2345-MNOPQ", "\u0301" * 40]
)
async def test_t_10_what_cannot_be_a_recovery_code_costs_no_try(
    harness: MfaHarness, typed: str
) -> None:
    account, _phone = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    for _ in range(6):
        refusal = await harness.refusal(harness.recover(account, typed))
        assert (refusal.slug, refusal.errors[0].code) == ("invalid_fields", "format")
    assert await harness.events(CodeRefused) == []
    typed = f"1. \ufeff{codes[0].replace('B', '8').replace('O', '0').replace('I', '1').lower()}"
    assert await harness.outcome(harness.recover(account, typed)) == "done"


async def test_ot_14_one_code_given_twenty_times_at_once_is_used_once(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    requests = [harness.recover(account, codes[0]) for _ in range(20)]
    outcomes = await asyncio.gather(*(harness.outcome(each) for each in requests))
    assert outcomes.count("done") == 1
    assert len(await harness.events(RecoveryCodeUsed)) == 1
    assert (await harness.factor(account)).recovery_left == 9


async def test_au_03_recovery_codes_are_throttled_separately(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    wrong = [
        harness.recover(account, f"ABCD-EFGH-2345-MN{a}{b}") for a in "ABCDE" for b in "ABCDEFGHIJ"
    ]
    outcomes = await asyncio.gather(*(harness.outcome(each) for each in wrong))
    assert sorted(outcomes) == ["recovery_refused"] * 5 + ["too_many_codes"] * 45
    closed = await harness.refusal(harness.recover(account, codes[0]))
    assert (closed.slug, closed.retry_after) == ("too_many_codes", 90)
    locked = await harness.events(CodeCheckLocked)
    assert [event.kind for event in locked] == ["recovery"]
    # Codes of the phone are not locked, and the other way round.
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "done"
    for _ in range(5):
        await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    assert (
        await harness.outcome(harness.check(account, phone.code(harness.now))) == "too_many_codes"
    )
    harness.advance(seconds=90)
    assert await harness.outcome(harness.recover(account, codes[0])) == "done"


async def test_ot_14_a_code_is_valid_for_one_account_only(harness: MfaHarness) -> None:
    mine, _phone = await harness.enrolled()
    theirs, _their_phone = await harness.enrolled()
    codes = await harness.recovery_codes(mine)
    await harness.recovery_codes(theirs)
    assert await harness.outcome(harness.recover(theirs, codes[0])) == "recovery_refused"
    await harness.fetch(
        "UPDATE recovery_codes SET account_id = $1 WHERE account_id = $2", theirs, mine
    )
    assert await harness.outcome(harness.recover(theirs, codes[0])) == "recovery_refused"


async def test_ot_14_only_hashes_are_stored(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    rows = await harness.fetch("SELECT code_hash, key_id FROM recovery_codes")
    assert {len(row["code_hash"]) for row in rows} == {32}
    assert len({row["code_hash"] for row in rows}) == 10
    text = str([tuple(row) for row in rows])
    assert not [code for code in codes if code in text or code.replace("-", "") in text]


async def test_codes_under_a_former_key_stay_valid(
    harness: MfaHarness, harness_with: OpenHarness
) -> None:
    account, _phone = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    ring = f"{new_key('t2')},{KEYS['IMPEX_RECOVERY_KEYS']}"
    async with harness_with(now=harness.now, keep_tables=True, IMPEX_RECOVERY_KEYS=ring) as rotated:
        assert await rotated.outcome(rotated.recover(account, codes[0])) == "done"


async def test_b_13_a_setting_turns_them_off(
    harness: MfaHarness, harness_with: OpenHarness
) -> None:
    account, _phone = await harness.enrolled()
    codes = await harness.recovery_codes(account)
    async with harness_with(now=harness.now, keep_tables=True, IMPEX_RECOVERY_CODES="false") as off:
        assert not (await off.factor(account)).recovery_on
        assert not (await off.factor(str(uuid4()))).recovery_on
        assert await off.outcome(off.make_codes(account)) == "recovery_off"
        assert await off.outcome(off.recover(account, codes[0])) == "recovery_off"


async def test_b_13_a_right_code_returns_whether_a_list_is_due(
    harness: MfaHarness, harness_with: OpenHarness
) -> None:
    account, phone = await harness.enrolled()
    harness.advance(minutes=1)
    assert (await harness.ask(harness.check(account, phone.code(harness.now)))).recovery_due
    await harness.ask(harness.make_codes(account))
    harness.advance(minutes=1)
    assert (await harness.ask(harness.check(account, phone.code(harness.now)))).recovery_due
    async with harness_with(now=harness.now, keep_tables=True, IMPEX_RECOVERY_CODES="false") as off:
        off.advance(minutes=1)
        assert not (await off.ask(off.check(account, phone.code(off.now)))).recovery_due
    await harness.ask(KeepRecoveryCodes(account_id=account))
    harness.advance(minutes=2)
    assert not (await harness.ask(harness.check(account, phone.code(harness.now)))).recovery_due


async def test_without_a_phone_there_is_no_list(harness: MfaHarness) -> None:
    account = str(uuid4())
    for request in (
        harness.make_codes(account),
        KeepRecoveryCodes(account_id=account),
        harness.recover(account, "ABCD-EFGH-2345-MNOP"),
    ):
        assert await harness.outcome(request) == "not_enrolled"
    enrolled, _phone = await harness.enrolled()
    # Confirming without a list has no effect, and no code is right.
    assert await harness.ask(KeepRecoveryCodes(account_id=enrolled)) == Noted()
    assert not (await harness.factor(enrolled)).recovery_kept
    refusal = await harness.refusal(harness.recover(enrolled, "ABCD-EFGH-2345-MNOP"))
    assert (refusal.slug, refusal.params) == ("recovery_refused", {"tries_left": 4})
