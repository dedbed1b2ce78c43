"""Localized dates, times and numbers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.i18n import dates

WINTER = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
SUMMER = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)


def test_times_are_shown_in_paris_time_with_its_name() -> None:
    assert dates.format_datetime(WINTER, "fr") == "1er janvier 2027 à 00:30 (heure de Paris)"
    assert dates.format_datetime(SUMMER, "en") == "1 August 2026 at 00:30 (Paris time)"
    assert dates.format_date(WINTER, "fr") == "1er janvier 2027"
    assert dates.format_time(SUMMER, "en") == "00:30 (Paris time)"


def test_p_19_a_time_of_another_day_has_its_date() -> None:
    """Midnight in Paris parts the days."""
    later = SUMMER + timedelta(hours=23, minutes=29)
    assert dates.format_time_from(SUMMER, later, "fr") == "23:59 (heure de Paris)"
    later += timedelta(minutes=1)
    assert dates.format_time_from(SUMMER, later, "fr") == "00:00 (heure de Paris) le 2 août 2026"
    assert dates.format_time_from(SUMMER, later, "en") == "00:00 (Paris time) on 2 August 2026"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("2026-11-23", "fr", "23 novembre 2026"),
        ("2026-11-01", "fr", "1er novembre 2026"),
        ("2026-11-01", "en", "1 November 2026"),
        ("hier", "fr", "hier"),
    ],
)
def test_days_are_written_in_words(text: str, language: str, expected: str) -> None:
    assert dates.format_day(text, language) == expected


def test_days_of_tables_are_short() -> None:
    assert dates.format_short(date(2026, 9, 3), "fr") == "03/09/2026"
    assert dates.format_short(date(2026, 9, 3), "en") == "3 Sep 2026"


def test_numbers_have_their_separators() -> None:
    assert dates.format_number(1234567, "fr") == "1\u202f234\u202f567"
    assert dates.format_number(1234567, "en") == "1,234,567"
