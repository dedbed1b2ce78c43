"""When an account without sign-ins is warned and deactivated (C-116 of the requirements: G-36)."""

from datetime import UTC, datetime, timedelta

import pytest

from services.registration.dormancy import (
    first_deactivation_at,
    months_after,
    second_deactivation_at,
    validate_months,
    warned_cutoff,
    whole_months,
)

DAY = timedelta(days=1)


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T12:00:00").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "months", "then"),
    [
        ("2026-01-15", 18, "2027-07-15"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-15", -12, "2025-01-15"),
    ],
)
def test_g_36_months_are_those_of_the_calendar(since: str, months: int, then: str) -> None:
    assert months_after(day(since), months) == day(then)


@pytest.mark.parametrize(
    ("since", "now", "months"),
    [
        ("2026-01-15", "2027-06-15", 17),
        ("2026-01-15", "2027-06-14", 16),
        ("2026-01-31", "2026-02-28", 1),
        ("2026-01-15", "2026-01-15", 0),
    ],
)
def test_g_36_only_whole_months_count(since: str, now: str, months: int) -> None:
    assert whole_months(day(since), day(now)) == months


def test_g_36_the_first_warning_is_thirty_days_before() -> None:
    last, end = day("2026-01-15"), day("2027-07-15")
    assert last <= warned_cutoff(end - 30 * DAY, 18)
    assert last > warned_cutoff(end - 31 * DAY, 18)
    assert first_deactivation_at(last, end - 30 * DAY, 18) == end


def test_g_36_a_late_warning_still_leaves_thirty_and_seven_days() -> None:
    """As where the setting is new, or nothing ran for a while."""
    now = day("2030-01-01")
    assert first_deactivation_at(day("2026-01-15"), now, 18) == now + 30 * DAY
    assert second_deactivation_at(now - 3 * DAY, now) == now + 7 * DAY
    assert second_deactivation_at(now + 7 * DAY, now) == now + 7 * DAY


@pytest.mark.parametrize(("months", "right"), [(0, True), (1, False), (5, False), (6, True)])
def test_g_36_the_setting_is_off_or_half_a_year_at_least(months: int, right: bool) -> None:
    assert (validate_months(months) is None) is right
