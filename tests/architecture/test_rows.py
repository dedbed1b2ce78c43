"""Every requirement in `tests/rows.txt` is named by a test, in its name or in its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROWS = [
    line
    for line in (TESTS / "rows.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
SOURCES = "\n".join(
    path.read_text("utf-8") for path in TESTS.rglob("test_*.py") if path != Path(__file__)
)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_named_by_a_test(row: str) -> None:
    family, number = row.split("-")
    in_a_name = rf"_{family.lower()}(_\d+)*_{number}(?!\d)"
    in_words = rf"\b{family}-{number}\b"
    assert re.search(f"{in_a_name}|{in_words}", SOURCES), f"no test names {row}"


def test_no_row_is_listed_twice() -> None:
    assert len(ROWS) == len(set(ROWS))
