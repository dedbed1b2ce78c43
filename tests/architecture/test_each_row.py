"""`each_row` runs every row and names each one that fails."""

import inspect
from pathlib import Path

import pytest

from tests.support.each_row import MAX_NAMED, each_row


def test_every_row_runs_and_each_failure_has_its_row() -> None:
    seen = []

    @each_row("number", range(1, 7))
    def even(number: int) -> None:
        seen.append(number)
        assert number % 2 == 0

    with pytest.raises(ExceptionGroup, match=r"^3 of 6 rows: 1, 3, 5$") as failure:
        even()
    assert seen == [1, 2, 3, 4, 5, 6]
    assert [one.__notes__ for one in failure.value.exceptions] == [
        [f"the row is {number}"] for number in (1, 3, 5)
    ]


def test_an_error_that_is_missing_fails_its_row() -> None:
    @each_row("text", ["1", "x"])
    def refused(text: str) -> None:
        with pytest.raises(ValueError):
            int(text)

    with pytest.raises(BaseExceptionGroup, match=r"^1 of 2 rows: 1$"):
        refused()


def test_rows_of_several_arguments_and_tables_in_tables() -> None:
    seen = []

    @each_row(("first", "second"), [(1, 2), (3, 4)])
    @each_row("third", "ab")
    def all_of_them(first: int, second: int, third: str) -> None:
        seen.append((first, second, third))

    all_of_them()
    assert seen == [(1, 2, "a"), (1, 2, "b"), (3, 4, "a"), (3, 4, "b")]


def test_other_arguments_are_fixtures() -> None:
    @each_row("row", [1, 2], ids=lambda row: f"row {row}")
    def uses_a_folder(row: int, tmp_path: Path) -> None:
        assert tmp_path == Path("folder")
        assert row == 1

    assert list(inspect.signature(uses_a_folder).parameters) == ["tmp_path"]
    with pytest.raises(ExceptionGroup, match="1 of 2 rows: row 2"):
        uses_a_folder(tmp_path=Path("folder"))


def test_a_summary_names_the_first_rows_and_a_table_has_some() -> None:
    @each_row("row", range(MAX_NAMED + 1))
    def fails(row: int) -> None:
        raise AssertionError(row)

    with pytest.raises(ExceptionGroup, match=r"^11 of 11 rows: .* 8, 9, …$"):
        fails()
    with pytest.raises(ValueError, match="no rows for a, b"):
        each_row(("a", "b"), [])
