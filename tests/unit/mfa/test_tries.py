"""The door: some free tries, a wait that doubles, a ceiling that only time lifts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.mfa.tries import Tries
from shared.domain.rate_limits import Throttle

THROTTLE = Throttle()
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


def wrong(tries: Tries, now: datetime) -> Tries:
    assert tries.wait(THROTTLE, now) == 0
    return tries.one_more(THROTTLE, now)


def test_au_02_five_free_then_longer_than_a_minute_and_doubling_to_an_hour() -> None:
    tries, now, waits, left = Tries(), START, [], []
    for _ in range(13):
        tries = wrong(tries, now)
        waits.append(tries.wait(THROTTLE, now))
        left.append(tries.left(THROTTLE, now))
        now += timedelta(seconds=waits[-1])
    assert waits == [0, 0, 0, 0, 90, 180, 360, 720, 1440, 2880, 3600, 3600, 3600]
    assert left == [4, 3, 2, 1, *[0] * 9]


def test_au_02_the_26th_in_a_day_is_refused_and_only_time_lifts_that() -> None:
    tries, now = Tries(), START
    for number in range(25):
        # A right code after every third: the wait never grows, the ceiling still comes.
        tries = wrong(tries, now)
        if number % 3 == 2:
            tries = tries.forgiven()
        now += timedelta(minutes=1)
    tries = tries.forgiven()
    assert tries.left(THROTTLE, now) == 0
    assert tries.wait(THROTTLE, now) == (START + timedelta(hours=24) - now).total_seconds()
    assert tries.wait(THROTTLE, START + timedelta(hours=24)) == 0
    assert tries.left(THROTTLE, START + timedelta(hours=24)) == 1


def test_a_right_code_ends_the_wait() -> None:
    tries = Tries()
    for _ in range(5):
        tries = wrong(tries, START)
    assert tries.wait(THROTTLE, START) == 90
    assert tries.failures == 5
    tries = tries.forgiven()
    assert (tries.wait(THROTTLE, START), tries.failures) == (0, 0)
    assert tries.left(THROTTLE, START) == 5
    assert len(tries.wrong) == 5


def test_failures_are_counted_beyond_a_day() -> None:
    tries = wrong(wrong(Tries(), START), START)
    later = wrong(tries, START + timedelta(days=3))
    assert (later.failures, len(later.wrong)) == (3, 1)
    assert later.left(THROTTLE, START + timedelta(days=3)) == 4


@given(st.lists(st.tuples(st.integers(0, 4_000), st.booleans()), max_size=200))
def test_ot_09_never_more_than_the_ceiling_in_any_day(steps: list[tuple[int, bool]]) -> None:
    tries, now, looked_at = Tries(), START, []
    for seconds, right in steps:
        now += timedelta(seconds=seconds)
        if tries.wait(THROTTLE, now):
            continue
        if right:
            tries = tries.forgiven()
            continue
        looked_at.append(now)
        tries = tries.one_more(THROTTLE, now)
    for end in looked_at:
        day = [each for each in looked_at if end - timedelta(hours=24) < each <= end]
        assert len(day) <= THROTTLE.ceiling
