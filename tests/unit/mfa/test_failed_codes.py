"""The throttle: some free attempts, a wait that doubles, a daily limit that only time lifts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.mfa.failed_codes import FailedCodes
from shared.domain.rate_limits import Throttle

THROTTLE = Throttle()
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


def wrong(failed: FailedCodes, now: datetime) -> FailedCodes:
    assert failed.wait(THROTTLE, now) == 0
    return failed.with_failure(THROTTLE, now)


def test_au_02_five_free_then_longer_than_a_minute_and_doubling_to_an_hour() -> None:
    failed, now, waits, left = FailedCodes(), START, [], []
    for _ in range(13):
        failed = wrong(failed, now)
        waits.append(failed.wait(THROTTLE, now))
        left.append(failed.attempts_left(THROTTLE, now))
        now += timedelta(seconds=waits[-1])
    assert waits == [0, 0, 0, 0, 90, 180, 360, 720, 1440, 2880, 3600, 3600, 3600]
    assert left == [4, 3, 2, 1, *[0] * 9]


def test_au_02_the_26th_in_a_day_is_refused_and_only_time_lifts_that() -> None:
    failed, now = FailedCodes(), START
    for number in range(25):
        # A right code after every third: the wait never grows, the daily limit still applies.
        failed = wrong(failed, now)
        if number % 3 == 2:
            failed = replace(failed, failures=0)
        now += timedelta(minutes=1)
    failed = replace(failed, failures=0)
    assert failed.attempts_left(THROTTLE, now) == 0
    assert failed.wait(THROTTLE, now) == (START + timedelta(hours=24) - now).total_seconds()
    assert failed.wait(THROTTLE, START + timedelta(hours=24)) == 0
    assert failed.attempts_left(THROTTLE, START + timedelta(hours=24)) == 1


def test_a_right_code_ends_the_wait() -> None:
    failed = FailedCodes()
    for _ in range(5):
        failed = wrong(failed, START)
    assert failed.wait(THROTTLE, START) == 90
    assert failed.failures == 5
    failed = replace(failed, failures=0)
    assert (failed.wait(THROTTLE, START), failed.failures) == (0, 0)
    assert failed.attempts_left(THROTTLE, START) == 5
    assert len(failed.times) == 5


def test_failures_are_counted_beyond_a_day() -> None:
    failed = wrong(wrong(FailedCodes(), START), START)
    later = wrong(failed, START + timedelta(days=3))
    assert (later.failures, len(later.times)) == (3, 1)
    assert later.attempts_left(THROTTLE, START + timedelta(days=3)) == 4


@given(st.lists(st.tuples(st.integers(0, 4_000), st.booleans()), max_size=200))
def test_ot_09_never_more_than_the_limit_in_any_day(steps: list[tuple[int, bool]]) -> None:
    failed, now, looked_at = FailedCodes(), START, []
    for seconds, right in steps:
        now += timedelta(seconds=seconds)
        if failed.wait(THROTTLE, now):
            continue
        if right:
            failed = replace(failed, failures=0)
            continue
        looked_at.append(now)
        failed = failed.with_failure(THROTTLE, now)
    for end in looked_at:
        day = [each for each in looked_at if end - timedelta(hours=24) < each <= end]
        assert len(day) <= THROTTLE.ceiling
