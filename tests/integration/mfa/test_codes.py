"""Codes at sign-in: each usable once, the throttle, a clock that is off, key rotation."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from structlog.testing import capture_logs

from shared.contracts.mfa.events import CodeCheckLocked, CodeRefused
from shared.contracts.mfa.views import CodeView
from shared.errors import DecryptionError
from shared.security.code_proofs import read_proof
from shared.security.sealing import KeyRing, new_key
from tests.support.harness.mfa import BROWSER, MfaHarness, OpenHarness, Phone
from tests.support.harness.mfa_settings import KEYS

MINUTE = timedelta(minutes=1)


async def fail_codes(harness: MfaHarness, account: str, phone: Phone, count: int) -> None:
    """Wrong codes, each as soon as codes are checked again."""
    for _ in range(count):
        refusal = await harness.refusal(harness.check(account, harness.wrong_code(phone)))
        assert refusal.slug == "wrong_code"
        harness.advance(seconds=refusal.retry_after or 0)


async def test_g_22_a_right_code_is_accepted(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    view = await harness.ask(harness.check(account, phone.code(harness.now)))
    assert view == CodeView(accepted_at=harness.now, failures=0, recovery_due=True)
    assert (
        await harness.outcome(harness.check(str(uuid4()), phone.code(harness.now)))
        == "not_enrolled"
    )
    assert await harness.outcome(harness.check("no id", phone.code(harness.now))) == "not_enrolled"


async def test_se_09_a_right_code_is_proved_for_what_it_is_given_for_and_a_wrong_one_is_not(
    harness: MfaHarness,
) -> None:
    account, phone = await harness.enrolled()
    about = "0123456789abcdef" * 4
    asked = msgspec.structs.replace(harness.check(account, harness.wrong_code(phone)), about=about)
    assert (await harness.refusal(asked)).slug == "wrong_code"
    right = harness.check(account, phone.code(harness.now))
    assert (await harness.refusal(msgspec.structs.replace(right, about="a b"))).slug == (
        "unknown_choice"
    )
    view = await harness.ask(msgspec.structs.replace(right, about=about))
    proof = read_proof(harness.deps.settings.code_proof_keys, view.proof)
    assert proof is not None
    assert (proof.account_id, proof.about) == (account, about)
    assert abs(proof.accepted_at - harness.now) < timedelta(seconds=1)
    assert read_proof(KeyRing.parse(new_key()), view.proof) is None


@pytest.mark.parametrize(("steps", "outcome"), [(-2, "wrong_code"), (-1, "done"), (1, "done")])
async def test_ot_05_one_step_on_each_side(harness: MfaHarness, steps: int, outcome: str) -> None:
    account, phone = await harness.enrolled()
    harness.advance(minutes=5)
    assert await harness.outcome(harness.check(account, phone.code(harness.now, steps))) == outcome


async def test_ot_05_a_window_of_zero_is_a_setting(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_TOTP_WINDOW="0") as harness:
        account, phone = await harness.enrolled()
        assert (
            await harness.outcome(harness.check(account, phone.code(harness.now, -1)))
            == "wrong_code"
        )
        assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "done"


async def test_g_24_a_code_works_once_and_the_second_time_is_not_counted(
    harness: MfaHarness,
) -> None:
    account, phone = await harness.enrolled()
    code = phone.code(harness.now)
    assert await harness.outcome(harness.check(account, code)) == "done"
    for _ in range(10):
        refusal = await harness.refusal(harness.check(account, code))
        assert (refusal.slug, refusal.params) == ("code_used", {})
    assert await harness.outcome(harness.check(account, phone.code(harness.now, -1))) == "code_used"
    assert await harness.events(CodeRefused) == []
    harness.advance(seconds=30)
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "done"


async def test_ot_04_of_fifty_with_one_right_code_one_is_accepted(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    code = phone.code(harness.now)
    outcomes = await asyncio.gather(
        *(harness.outcome(harness.check(account, code)) for _ in range(50))
    )
    assert sorted(outcomes) == ["code_used"] * 49 + ["done"]


async def test_ot_04_the_statement_itself_accepts_a_step_once(harness: MfaHarness) -> None:
    """It does not depend on the lock of the account."""
    from services.mfa import store
    from services.mfa.codes import CodeState
    from shared.database import transaction

    account, _phone = await harness.enrolled()
    async with transaction(harness.pool) as tx:
        found = await store.read(tx, account)
        assert found is not None
        step = found.code_state.last_step + 5
        state = CodeState(last_step=step - 3, blocked_steps=(step + 1,))
        assert await store.accept(tx, account, state, found.key)
        once = CodeState(last_step=step, blocked_steps=(step + 1,))
        answers = [await store.accept(tx, account, once, found.key) for _ in range(2)]
        assert answers == [True, False]
        for used in (step - 1, step + 1):
            assert not await store.accept(tx, account, CodeState(last_step=used), found.key)


async def test_au_02_after_five_wrong_codes_locks_grow(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    waits, left = [], []
    for _ in range(12):
        refusal = await harness.refusal(harness.check(account, harness.wrong_code(phone)))
        assert refusal.slug == "wrong_code"
        left.append(refusal.params["tries_left"])
        waits.append(refusal.retry_after)
        if refusal.retry_after:
            # A right code is not checked meanwhile, to the last second.
            harness.advance(seconds=refusal.retry_after - 1)
            locked = await harness.refusal(harness.check(account, phone.code(harness.now)))
            assert (locked.slug, locked.retry_after) == ("too_many_codes", 1)
            harness.advance(seconds=1)
    assert left == [4, 3, 2, 1, *[0] * 8]
    assert waits == [None] * 4 + [90, 180, 360, 720, 1440, 2880, 3600, 3600]
    view = await harness.ask(harness.check(account, phone.code(harness.now)))
    assert view.failures == 12
    # The count starts again.
    harness.advance(seconds=60)
    refusal = await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    assert (refusal.params["tries_left"], refusal.retry_after) == (4, None)


async def test_au_02_the_26th_of_a_day_is_not_checked_and_only_time_helps(
    harness: MfaHarness,
) -> None:
    account, phone = await harness.enrolled()
    begin = harness.now
    for number in range(24):
        await fail_codes(harness, account, phone, 1)
        if number % 4 == 3:
            # A right code in between ends the growing wait.
            harness.advance(seconds=60)
            await harness.ask(harness.check(account, phone.code(harness.now)))
            harness.advance(seconds=60)
    last = await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    assert last.params["tries_left"] == 0
    until = begin + timedelta(hours=24)
    assert last.retry_after == (until - harness.now).total_seconds()
    harness.advance(hours=2)
    right = await harness.refusal(harness.check(account, phone.code(harness.now)))
    assert right.slug == "too_many_codes"
    assert right.retry_after == (until - harness.now).total_seconds()
    harness.now = until
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "done"


async def test_au_03_of_fifty_wrong_codes_at_once_five_are_checked(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    wrong = harness.wrong_code(phone)
    outcomes = await asyncio.gather(
        *(harness.outcome(harness.check(account, wrong)) for _ in range(50))
    )
    assert sorted(outcomes) == ["too_many_codes"] * 45 + ["wrong_code"] * 5
    assert len(await harness.events(CodeRefused)) == 5
    assert (
        await harness.outcome(harness.check(account, phone.code(harness.now))) == "too_many_codes"
    )


async def test_au_03_both_requests_with_a_code_are_throttled_together(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    wrong = harness.wrong_code(phone)
    requests = [harness.check(account, wrong), harness.replace(account, wrong)] * 10
    outcomes = await asyncio.gather(*(harness.outcome(each) for each in requests))
    assert sorted(outcomes) == ["too_many_codes"] * 15 + ["wrong_code"] * 5


async def test_accounts_are_throttled_separately(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    other, their_phone = await harness.enrolled()
    await fail_codes(harness, account, phone, 4)
    locked = await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    assert locked.retry_after == 90
    assert await harness.outcome(harness.check(other, their_phone.code(harness.now))) == "done"


async def test_au_02_codes_stay_locked_over_a_restart(
    harness: MfaHarness, harness_with: OpenHarness
) -> None:
    account, phone = await harness.enrolled()
    await fail_codes(harness, account, phone, 4)
    await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    async with harness_with(now=harness.now, keep_tables=True) as again:
        refusal = await again.refusal(again.check(account, phone.code(again.now)))
        assert (refusal.slug, refusal.retry_after) == ("too_many_codes", 90)


async def test_g_24_each_wrong_code_and_each_lock_is_published(
    harness: MfaHarness,
) -> None:
    account, phone = await harness.enrolled()
    await fail_codes(harness, account, phone, 4)
    moment = harness.now
    await harness.refusal(harness.check(account, harness.wrong_code(phone)))
    await harness.refusal(
        harness.check(account, phone.code(harness.now))
    )  # not checked, so not published
    refused = await harness.account_events(CodeRefused)
    assert [event.failures for _, event in refused] == [1, 2, 3, 4, 5]
    assert {(subject, event.kind, event.device) for subject, event in refused} == {
        (account, "totp", BROWSER)
    }
    locked = CodeCheckLocked(
        kind="totp",
        locked_at=moment,
        locked_until=moment + timedelta(seconds=90),
        device=BROWSER,
    )
    assert await harness.account_events(CodeCheckLocked) == [(account, locked)]


async def test_ot_08_a_wrong_format_is_not_counted(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    for typed in ["123a456", "12345", "123 45", "abcdef", "", "²³⁴⁵⁶⁷"] * 3:
        refusal = await harness.refusal(harness.check(account, typed))
        assert refusal.slug == "invalid_fields"
    assert await harness.events(CodeRefused) == []
    assert await harness.count("tries") == 0


@pytest.mark.parametrize(
    ("seconds", "minutes", "direction"),
    [(240, 4, "slow"), (255, 4, "slow"), (-240, 4, "fast"), (65, 1, "slow"), (600, 10, "slow")],
)
async def test_g_23_a_phone_that_is_off_is_refused_with_its_drift(
    harness: MfaHarness, seconds: int, minutes: int, direction: str
) -> None:
    account, phone = await harness.enrolled()
    harness.advance(minutes=20)
    phone.slow = seconds
    first = await harness.refusal(harness.check(account, phone.code(harness.now)))
    assert (first.slug, first.params) == ("wrong_code", {"tries_left": 4})
    harness.advance(seconds=30)
    second = await harness.refusal(harness.check(account, phone.code(harness.now)))
    assert second.slug == "clock_off"
    assert second.params == {"minutes": minutes, "direction": direction}
    assert [event.failures for event in await harness.events(CodeRefused)] == [1, 2]
    # The drift is reported again, and not compensated for.
    harness.advance(seconds=30)
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "clock_off"
    phone.slow = 0
    harness.advance(minutes=15)
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "done"


async def test_g_23_two_codes_four_minutes_early_are_never_accepted(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    early = [phone.code(harness.now, 8), phone.code(harness.now, 9)]
    assert await harness.outcome(harness.check(account, early[0])) == "wrong_code"
    harness.advance(seconds=30)
    assert await harness.outcome(harness.check(account, early[1])) == "clock_off"
    harness.advance(seconds=210)
    for code in early:
        assert phone.code(harness.now) == code
        assert await harness.outcome(harness.check(account, code)) == "code_used"
        harness.advance(seconds=30)
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "done"


async def test_ot_05_the_fifth_with_a_drift_locks_codes_too(
    harness: MfaHarness,
) -> None:
    account, phone = await harness.enrolled()
    await fail_codes(harness, account, phone, 3)
    harness.advance(minutes=10)
    phone.slow = 240
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "wrong_code"
    harness.advance(seconds=30)
    locked = await harness.refusal(harness.check(account, phone.code(harness.now)))
    assert (locked.slug, locked.retry_after) == ("clock_off", 90)


async def test_ot_10_a_key_under_a_former_key_is_encrypted_again(
    harness: MfaHarness, harness_with: OpenHarness
) -> None:
    account, phone = await harness.enrolled()
    (before,) = await harness.fetch("SELECT key_id, key_box FROM authenticators")
    ring = f"{new_key('t2')},{KEYS['IMPEX_TOTP_KEYS']}"
    async with harness_with(now=harness.now, keep_tables=True, IMPEX_TOTP_KEYS=ring) as rotated:
        # A wrong code changes nothing.
        await rotated.refusal(rotated.check(account, rotated.wrong_code(phone)))
        assert await rotated.fetch("SELECT key_id, key_box FROM authenticators") == [before]
        assert await rotated.outcome(rotated.check(account, phone.code(rotated.now))) == "done"
        (after,) = await rotated.fetch("SELECT key_id, key_box FROM authenticators")
        assert (before["key_id"], after["key_id"]) == ("t1", "t2")
        assert before["key_box"] != after["key_box"]
        now = rotated.now + MINUTE
    without_the_former = ring.partition(",")[0]
    async with harness_with(now=now, keep_tables=True, IMPEX_TOTP_KEYS=without_the_former) as later:
        assert await later.outcome(later.check(account, phone.code(later.now))) == "done"


async def test_ot_10_swapped_rows_do_not_decrypt(harness: MfaHarness) -> None:
    mine, my_phone = await harness.enrolled()
    theirs, _their_phone = await harness.enrolled()
    await harness.fetch(
        "UPDATE authenticators AS a SET key_box = b.key_box FROM authenticators AS b"
        " WHERE a.account_id = $1 AND b.account_id = $2",
        theirs,
        mine,
    )
    with capture_logs() as lines, pytest.raises(DecryptionError):
        await harness.ask(harness.check(theirs, my_phone.code(harness.now)))
    assert [line["action"] for line in lines] == ["crypto_decrypt_fail"]
    assert await harness.outcome(harness.check(mine, my_phone.code(harness.now))) == "done"


async def test_cr_11_an_altered_key_or_code_is_a_clean_failure(harness: MfaHarness) -> None:
    account, phone = await harness.enrolled()
    request = harness.check(account, phone.code(harness.now))
    altered = msgspec.structs.replace(request.code, box=request.code.box[:-8] + "AAAAAAA=")
    with capture_logs() as lines, pytest.raises(DecryptionError):
        await harness.ask(msgspec.structs.replace(request, code=altered))
    await harness.fetch("UPDATE authenticators SET key_box = overlay(key_box PLACING 'AA' FROM 40)")
    with capture_logs() as more, pytest.raises(DecryptionError):
        await harness.ask(request)
    assert [line["action"] for line in lines + more] == ["crypto_decrypt_fail"] * 2
    assert await harness.count("tries") == 0
