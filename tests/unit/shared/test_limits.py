"""Quotas and the sign-in throttle, to the second (AU-02, AU-17)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.rate_limits import Quota, Throttle

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def at(*seconds: int) -> list[datetime]:
    return [NOON + timedelta(seconds=each) for each in seconds]


@pytest.mark.parametrize(("asked", "wait"), [(0, 0), (1, 0), (2, 0), (3, 86_400), (9, 86_400)])
def test_au_17_a_quota_is_exact(asked: int, wait: int) -> None:
    assert Quota(name="address", limit=3, window=DAY).wait([NOON] * asked, NOON) == wait


def test_au_17_a_quota_slides() -> None:
    quota = Quota(name="address", limit=2, window=timedelta(hours=1))
    moments = at(0, 1800)
    assert quota.wait(moments, NOON + timedelta(seconds=1801)) == 1799
    assert quota.wait(moments, NOON + timedelta(seconds=3600)) == 0
    assert quota.left(moments, NOON + timedelta(seconds=3600)) == 1


@pytest.mark.parametrize(
    ("failures", "wait"),
    [(0, 0), (4, 0), (5, 90), (6, 180), (7, 360), (8, 720), (9, 1440), (10, 2880),
     (11, 3600), (24, 3600)],
)  # fmt: skip
def test_au_02_the_wait_doubles_up_to_an_hour(failures: int, wait: int) -> None:
    assert Throttle().wait([NOON] * failures, NOON) == wait
    assert Throttle().wait([NOON] * failures, NOON + timedelta(seconds=wait)) == 0


def test_au_02_the_twenty_sixth_in_a_day_waits_for_the_first_to_be_a_day_old() -> None:
    moments = at(*range(0, 25 * 3600, 3600))[:25]
    now = moments[-1] + timedelta(seconds=1)
    assert Throttle().wait(moments[1:], now) == 3599
    moments = [NOON + timedelta(seconds=n) for n in range(25)]
    assert Throttle().wait(moments, NOON + timedelta(hours=12)) == 12 * 3600


@given(st.lists(st.integers(0, 200_000), max_size=60), st.integers(0, 300_000))
def test_au_02_the_returned_wait_is_enough(failures: list[int], later: int) -> None:
    now = NOON + timedelta(seconds=later)
    past = [m for m in at(*failures) if m <= now]
    wait = Throttle().wait(past, now)
    assert 0 <= wait <= 86_400
    assert Throttle().wait(past, now + timedelta(seconds=wait)) == 0


@given(st.lists(st.integers(0, 400_000), max_size=150))
def test_au_02_never_more_than_the_ceiling_in_any_day(tries: list[int]) -> None:
    throttle, looked_at = Throttle(), []
    for moment in sorted(at(*tries)):
        if not throttle.wait(looked_at, moment):
            looked_at.append(moment)
    for moment in looked_at:
        assert sum(moment <= each < moment + DAY for each in looked_at) <= throttle.ceiling
