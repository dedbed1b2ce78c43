"""Files for spreadsheets: cells between quotes, and none that a spreadsheet would carry out."""

import csv
import io
from collections.abc import Iterable, Sequence

from shared.domain.spreadsheet_cells import escape_formula

BOM = "\ufeff"
SEPARATOR = ";"


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """The rows as lines of a file, each cell between quotes."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=SEPARATOR, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    return made.getvalue()
