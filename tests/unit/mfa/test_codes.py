"""Verification of codes: the window, single use, clocks that are off."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mfa.codes import DRIFT_WINDOW, CodeState, OffWindowCode, Verification, verify_code
from services.mfa.totp import code_at

KEY = base64.b32encode(b"12345678901234567890").decode()
NOW = 60_000_000
#: Around NOW no two steps of KEY have the same code.
assert len({code_at(KEY, NOW + each) for each in range(-60, 61)}) == 121


def verify_step(
    step: int, state: CodeState | None = None, *, now: int = NOW, window: int = 1
) -> Verification:
    """Verify the code of `step` at `now`."""
    return verify_code(KEY, code_at(KEY, step), now, state or CodeState(), window)


def unmatched_code(now: int = NOW) -> str:
    """A code that no nearby step has."""
    near = {code_at(KEY, now + each) for each in range(-60, 61)}
    return next(f"{n:06d}" for n in range(1_000_000) if f"{n:06d}" not in near)


@pytest.mark.parametrize(
    ("offset", "result"),
    [(-3, "wrong"), (-2, "wrong"), (-1, "right"), (0, "right"), (1, "right"), (2, "wrong")],
)
def test_ot_05_one_step_before_and_after_is_right(offset: int, result: str) -> None:
    verification = verify_step(NOW + offset)
    assert verification.result == result
    if result == "right":
        assert verification.state == CodeState(last_step=NOW + offset)


@pytest.mark.parametrize("offset", [-1, 1])
def test_ot_05_without_a_window_only_the_step_itself_is_right(offset: int) -> None:
    assert verify_step(NOW, window=0).result == "right"
    assert verify_step(NOW + offset, window=0).result == "wrong"


def test_ot_04_a_step_is_right_once_and_no_earlier_one_afterwards() -> None:
    once = verify_step(NOW).state
    assert verify_step(NOW, once).result == "used"
    assert verify_step(NOW - 1, once).result == "used"
    assert verify_step(NOW + 1, once).result == "right"
    assert verify_step(NOW, once).state == once, "a used code changes nothing"


def test_a_code_of_two_steps_is_right_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.mfa.codes.is_code_of", lambda _key, step, _code: step >= NOW)
    once = verify_code(KEY, "000000", NOW, CodeState(), 1)
    assert (once.result, once.state.last_step) == ("right", NOW + 1)
    assert verify_code(KEY, "000000", NOW, once.state, 1).result == "used"


@pytest.mark.parametrize(
    ("offset", "minutes", "direction"),
    [
        (-2, 1, "slow"),
        (-3, 1, "slow"),
        (-4, 2, "slow"),
        (-8, 4, "slow"),
        (-9, 4, "slow"),
        (-20, 10, "slow"),
        (2, 1, "fast"),
        (7, 4, "fast"),
        (8, 4, "fast"),
        (19, 10, "fast"),
        (20, 10, "fast"),
    ],
)
def test_g_23_two_codes_in_a_row_measure_the_drift(
    offset: int, minutes: int, direction: str
) -> None:
    first = verify_step(NOW + offset)
    assert (first.result, first.refusal.slug) == ("wrong", "wrong_code")
    second = verify_step(NOW + 1 + offset, first.state, now=NOW + 1)
    assert second.result == "off"
    assert second.refusal.slug == "clock_off"
    assert second.refusal.params == {"minutes": minutes, "direction": direction}


@pytest.mark.parametrize("apart", [-1, 0, 1])
def test_ot_05_two_offsets_within_a_step_are_the_same_drift(apart: int) -> None:
    first = verify_step(NOW - 8).state
    assert verify_step(NOW + 3 - 8 + apart, first, now=NOW + 3).result == "off"


@pytest.mark.parametrize("apart", [-2, 2, 7])
def test_ot_05_offsets_that_differ_are_not(apart: int) -> None:
    first = verify_step(NOW - 10).state
    later = verify_step(NOW + 3 - 10 + apart, first, now=NOW + 3)
    assert later.result == "wrong"
    assert later.state.off_window == OffWindowCode(step=NOW - 7 + apart, offset=apart - 10)


def test_ot_05_no_drift_is_reported_beyond_ten_minutes() -> None:
    state = CodeState()
    for later in range(4):
        verification = verify_step(NOW + later - DRIFT_WINDOW - 1, state, now=NOW + later)
        state = verification.state
        assert verification.result == "wrong"
        assert state.off_window is None


def test_ot_05_the_same_code_again_measures_no_drift() -> None:
    first = verify_step(NOW - 8).state
    again = verify_step(NOW - 8, first)
    assert again.result == "wrong"
    assert again.state == first
    # The one after it does.
    assert verify_step(NOW - 7, again.state, now=NOW + 1).result == "off"


def test_ot_05_another_code_between_resets_the_drift() -> None:
    first = verify_step(NOW - 8).state
    between = verify_code(KEY, unmatched_code(), NOW, first, 1).state
    assert between.off_window is None
    assert verify_step(NOW - 7, between, now=NOW + 1).result == "wrong"


def test_ot_05_drift_is_not_compensated_for() -> None:
    """Codes of a clock that is off are refused, however often they agree."""
    state = CodeState()
    results: list[str] = []
    for later in range(6):
        verification = verify_step(NOW + later - 8, state, now=NOW + later)
        state = verification.state
        results.append(verification.result)
    assert results == ["wrong", *["off"] * 5]
    # A right code resets the drift.
    assert verify_step(NOW + 6, state, now=NOW + 6).state.off_window is None


@pytest.mark.parametrize("offset", [2, 8, 20])
def test_g_23_a_step_found_outside_the_window_is_blocked(offset: int) -> None:
    """A code given early is not accepted when its time has come."""
    state = verify_step(NOW + offset).state
    for now in range(NOW + offset - 1, NOW + offset + 2):
        assert verify_step(NOW + offset, state, now=now).result == "used"
    # Adjacent steps are accepted.
    assert verify_step(NOW + offset + 1, state, now=NOW + offset).result == "right"


def test_g_23_it_stays_blocked_even_if_the_clock_is_set_back() -> None:
    state = verify_step(NOW - 5).state
    assert verify_step(NOW - 5, state, now=NOW - 5).result == "used"


def test_blocked_steps_out_of_reach_are_dropped() -> None:
    state = verify_step(NOW + 8).state
    assert state.blocked_steps == (NOW + 8,)
    assert verify_step(NOW + 20, state, now=NOW + 20).state.blocked_steps == (NOW + 8,)
    assert verify_step(NOW + 40, state, now=NOW + 40).state.blocked_steps == ()


@given(st.lists(st.tuples(st.integers(-25, 25), st.integers(0, 5)), max_size=40))
def test_ot_04_no_step_is_right_twice_and_steps_only_grow(
    given_codes: list[tuple[int, int]],
) -> None:
    state, now, accepted, seen_outside = CodeState(), NOW, [], set()
    for offset, pause in given_codes:
        now += pause
        step = now + offset
        verification = verify_code(KEY, code_at(KEY, step), now, state, 1)
        state = verification.state
        if verification.result == "right":
            assert abs(offset) <= 1
            assert step not in seen_outside
            accepted.append(step)
        elif 1 < abs(offset) <= DRIFT_WINDOW:
            seen_outside.add(step)
        assert len(state.blocked_steps) <= 2 * DRIFT_WINDOW + 1
    assert accepted == sorted(set(accepted))
