"""What a code is worth: the window, one use, clocks that are off, and for how long."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mfa.codes import REACH, Memory, Stray, Verdict, judge
from services.mfa.totp import code_at

KEY = base64.b32encode(b"12345678901234567890").decode()
NOW = 60_000_000
#: Around NOW no two steps of KEY have the same code, so that each test means what it says.
assert len({code_at(KEY, NOW + each) for each in range(-60, 61)}) == 121


def at(step: int, memory: Memory | None = None, *, now: int = NOW, window: int = 1) -> Verdict:
    """The code of `step`, given at `now`."""
    return judge(KEY, code_at(KEY, step), now, memory or Memory(), window)


def unknown(now: int = NOW) -> str:
    """A code that no step around has."""
    near = {code_at(KEY, now + each) for each in range(-60, 61)}
    return next(f"{n:06d}" for n in range(1_000_000) if f"{n:06d}" not in near)


@pytest.mark.parametrize(
    ("offset", "worth"),
    [(-3, "wrong"), (-2, "wrong"), (-1, "right"), (0, "right"), (1, "right"), (2, "wrong")],
)
def test_ot_05_one_step_before_and_after_is_right(offset: int, worth: str) -> None:
    verdict = at(NOW + offset)
    assert verdict.worth == worth
    if worth == "right":
        assert verdict.memory == Memory(last_step=NOW + offset)


@pytest.mark.parametrize("offset", [-1, 1])
def test_ot_05_without_a_window_only_the_step_itself_is_right(offset: int) -> None:
    assert at(NOW, window=0).worth == "right"
    assert at(NOW + offset, window=0).worth == "wrong"


def test_ot_04_a_step_is_right_once_and_what_came_before_it_is_not() -> None:
    once = at(NOW).memory
    assert at(NOW, once).worth == "used"
    assert at(NOW - 1, once).worth == "used"
    assert at(NOW + 1, once).worth == "right"
    assert at(NOW, once).memory == once, "a code that was used changes nothing"


def test_a_code_that_two_steps_have_is_still_right_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.mfa.codes.is_code_of", lambda _key, step, _code: step >= NOW)
    once = judge(KEY, "000000", NOW, Memory(), 1)
    assert (once.worth, once.memory.last_step) == ("right", NOW + 1)
    assert judge(KEY, "000000", NOW, once.memory, 1).worth == "used"


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
def test_g_23_two_codes_in_a_row_tell_how_far_the_clock_is_off(
    offset: int, minutes: int, direction: str
) -> None:
    first = at(NOW + offset)
    assert (first.worth, first.refusal.slug) == ("wrong", "wrong_code")
    second = at(NOW + 1 + offset, first.memory, now=NOW + 1)
    assert second.worth == "off"
    assert second.refusal.slug == "clock_off"
    assert second.refusal.params == {"minutes": minutes, "direction": direction}


@pytest.mark.parametrize("apart", [-1, 0, 1])
def test_ot_05_two_measures_within_a_step_agree(apart: int) -> None:
    first = at(NOW - 8).memory
    assert at(NOW + 3 - 8 + apart, first, now=NOW + 3).worth == "off"


@pytest.mark.parametrize("apart", [-2, 2, 7])
def test_ot_05_measures_that_differ_do_not(apart: int) -> None:
    first = at(NOW - 10).memory
    later = at(NOW + 3 - 10 + apart, first, now=NOW + 3)
    assert later.worth == "wrong"
    assert later.memory.stray == Stray(step=NOW - 7 + apart, offset=apart - 10)


def test_ot_05_beyond_ten_minutes_nothing_is_told() -> None:
    memory = Memory()
    for later in range(4):
        verdict = at(NOW + later - REACH - 1, memory, now=NOW + later)
        memory = verdict.memory
        assert verdict.worth == "wrong"
        assert memory.stray is None


def test_ot_05_the_same_code_again_does_not_agree_with_itself() -> None:
    first = at(NOW - 8).memory
    again = at(NOW - 8, first)
    assert again.worth == "wrong"
    assert again.memory == first
    # The one after it does agree with the first.
    assert at(NOW - 7, again.memory, now=NOW + 1).worth == "off"


def test_ot_05_in_a_row_means_without_another_code_between() -> None:
    first = at(NOW - 8).memory
    between = judge(KEY, unknown(), NOW, first, 1).memory
    assert between.stray is None
    assert at(NOW - 7, between, now=NOW + 1).worth == "wrong"


def test_ot_05_drift_is_not_learnt() -> None:
    """However often they agree, codes of a clock that is off are refused."""
    memory = Memory()
    worths: list[str] = []
    for later in range(6):
        verdict = at(NOW + later - 8, memory, now=NOW + later)
        memory = verdict.memory
        worths.append(verdict.worth)
    assert worths == ["wrong", *["off"] * 5]
    # A right one ends it.
    assert at(NOW + 6, memory, now=NOW + 6).memory.stray is None


@pytest.mark.parametrize("offset", [2, 8, 20])
def test_g_23_a_step_so_recognised_never_works_again(offset: int) -> None:
    """A code given early does not come true when its time has come."""
    memory = at(NOW + offset).memory
    for now in range(NOW + offset - 1, NOW + offset + 2):
        assert at(NOW + offset, memory, now=now).worth == "used"
    # Its neighbours, which nobody has seen, do.
    assert at(NOW + offset + 1, memory, now=NOW + offset).worth == "right"


def test_g_23_it_never_works_even_if_our_own_clock_is_put_back() -> None:
    memory = at(NOW - 5).memory
    assert at(NOW - 5, memory, now=NOW - 5).worth == "used"


def test_what_cannot_come_up_any_more_is_not_kept() -> None:
    memory = at(NOW + 8).memory
    assert memory.burned == (NOW + 8,)
    assert at(NOW + 20, memory, now=NOW + 20).memory.burned == (NOW + 8,)
    assert at(NOW + 40, memory, now=NOW + 40).memory.burned == ()


@given(st.lists(st.tuples(st.integers(-25, 25), st.integers(0, 5)), max_size=40))
def test_ot_04_whatever_is_given_no_step_is_right_twice_and_steps_only_grow(
    given_codes: list[tuple[int, int]],
) -> None:
    memory, now, accepted, seen_outside = Memory(), NOW, [], set()
    for offset, pause in given_codes:
        now += pause
        step = now + offset
        verdict = judge(KEY, code_at(KEY, step), now, memory, 1)
        memory = verdict.memory
        if verdict.worth == "right":
            assert abs(offset) <= 1
            assert step not in seen_outside
            accepted.append(step)
        elif 1 < abs(offset) <= REACH:
            seen_outside.add(step)
        assert len(memory.burned) <= 2 * REACH + 1
    assert accepted == sorted(set(accepted))
