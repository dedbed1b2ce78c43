"""The table of typed text, judged by the rules of each service."""

from tests.support.each_row import each_row
from tests.support.typed_text_table import ACCEPTED, Row, server_verdict, table

ROWS = table()


def test_t_04_the_table_is_large_and_has_no_row_twice() -> None:
    assert len(ROWS) >= 300
    assert len({(row.value, row.field) for row in ROWS}) == len(ROWS)


@each_row("row", ROWS, ids=str)
def test_t_03_t_04_the_server_agrees_with_the_table(row: Row) -> None:
    assert server_verdict(row.field, row.value) == (row.verdict, row.kept)


@each_row("row", [row for row in ROWS if row.verdict == ACCEPTED], ids=str)
def test_t_04_what_is_kept_is_kept_again(row: Row) -> None:
    assert server_verdict(row.field, row.kept) == (ACCEPTED, row.kept)
