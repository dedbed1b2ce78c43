"""Days as people type them."""

from datetime import date

import pytest

from shared.domain.typed_days import read_day

FIRST = date(2026, 1, 5)


@pytest.mark.parametrize(
    "typed",
    [
        *("2026-01-05", "2026-1-5", "05/01/2026", "5.1.2026", "5 1 2026", "\u200b2026-01-05\u00a0"),
        *("２０２６-01-05", "05\u202f01\u202f2026"),
    ],
)
def test_t_03_a_day_is_read_as_it_is_written(typed: str) -> None:
    assert read_day(typed) == FIRST


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            " ",
            "2026-02-31",
            "31/02/2026",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "20260105",
        ),
        *("2026-W01-1", "05/01/26", "a\x002026-01-05", "2026-01-05T00:00", "9" * 5_000),
    ],
)
def test_t_17_what_is_no_day_is_none(typed: str) -> None:
    assert read_day(typed) is None
