"""Working days: weekends, French public holidays, Paris time; and the promises made of them."""

from datetime import UTC, date, datetime

import pytest

from shared.domain.answer_days import AnswerDays
from shared.domain.working_days import add_working_days, answer_day, is_working_day

#: 2026: Easter Monday 6 April, Ascension 14 May, Whit Monday 25 May.
HOLIDAYS = "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25"


@pytest.mark.parametrize("day", HOLIDAYS.split())
def test_the_eleven_public_holidays_are_no_working_days(day: str) -> None:
    assert not is_working_day(date.fromisoformat(f"2026-{day}"))


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-30", 1, "2026-12-01"),  # Monday to Tuesday
        ("2026-12-04", 1, "2026-12-07"),  # over a weekend
        ("2026-12-05", 1, "2026-12-07"),  # from a Saturday
        ("2026-12-24", 1, "2026-12-28"),  # Christmas is a Friday
        ("2026-04-30", 3, "2026-05-06"),  # the first of May, then a weekend
        ("2026-05-13", 1, "2026-05-15"),  # Ascension
        ("2026-12-30", 3, "2027-01-05"),  # into another year
    ],
)
def test_promises_skip_weekends_and_holidays(start: str, days: int, end: str) -> None:
    assert add_working_days(date.fromisoformat(start), days) == date.fromisoformat(end)


def test_the_day_of_reception_is_that_of_paris() -> None:
    # 23:30 UTC on Monday is Tuesday in Paris.
    assert answer_day(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), 1) == date(2026, 12, 2)


def test_each_kind_has_the_promise_of_its_setting() -> None:
    fields = AnswerDays.__dataclass_fields__
    names = ("lost_phone", "mailbox", "departure", "message", "correction")
    assert [fields[f"answer_days_{name}"].default for name in names] == [1, 2, 3, 3, 5]
