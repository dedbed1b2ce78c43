"""Rows of texts as a file that spreadsheets open: UTF-8 with its mark, and inert (IN-06).

Pure. Fields are parted by semicolons: what a French spreadsheet, and any other of the continent,
splits at; the comma is their decimal sign. Everything else is RFC 4180: CRLF, quotes doubled.
"""

import csv
import io
from collections.abc import Iterable, Sequence

BOM = "\ufeff"
SEPARATOR = ";"
#: A cell that begins with one of these is a formula in some spreadsheet; wide forms included.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """The rows as lines of a file, each cell between quotes."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=SEPARATOR, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    return made.getvalue()


def escape_formula(cell: str) -> str:
    """The cell, with a quote before what a spreadsheet would carry out."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell
