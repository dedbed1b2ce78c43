"""Lines of CSV files as people and spreadsheets write them, for `impex accounts` and `dossiers`.

UTF-8, separated by `;`, `,` or tabs. The first line that is not empty names the columns, in any
order; a line `sep=;` before it names the separator. Empty lines, and empty cells beyond the last
column, mean nothing. No cell has a line break, so each line is read alone, and a fault of one
leaves no other unread.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.typed_text import clean_edges

#: No line of valid fields is longer, in bytes.
MAX_LINE = 8_192
LINE_BREAK = re.compile(rb"\r\n|\r|\n")
#: The first line of some spreadsheets, which names the separator.
SEPARATOR = re.compile(r'"?sep=([;,\t])"?[;,\t ]*$', re.IGNORECASE)
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAVE_AS = 'save the file as "CSV UTF-8"'


@dataclass(frozen=True, kw_only=True)
class RowError:
    """Why a line is invalid. `column` is empty where the line as a whole is."""

    line: int
    column: str = ""
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason}"


def read_lines(
    content: bytes,
    mistakes: list[RowError],
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each line with cells, by its number, its cells by column; faults go to `mistakes`.

    Nothing is read where the line with the names of the columns is wrong.
    """
    if content.startswith(UTF16):
        mistakes.append(RowError(line=1, reason=f"the file is UTF-16: {SAVE_AS}"))
        return
    while content.startswith(codecs.BOM_UTF8):  # some programs add one to the one that is there
        content = content.removeprefix(codecs.BOM_UTF8)
    header: list[str] = []
    separator = ""
    for line, raw in enumerate(LINE_BREAK.split(content), 1):
        try:
            text = _text(raw)
            if not header and (named := SEPARATOR.match(text)):
                separator = named[1]
                continue
            cells = _cells(text, separator or _likely_separator(text))
            if not any(cells):
                continue
            if not header:
                separator = separator or _likely_separator(text)
                header = _header(cells, required, optional)
                continue
            cells = _without_empty_end(cells, len(header))
            if len(cells) != len(header):
                raise ValueError(f"it has {len(cells)} columns, the first line {len(header)}")
        except ValueError as error:
            mistakes.append(RowError(line=line, reason=str(error)))
            if not header:
                return
        else:
            yield line, dict(zip(header, cells, strict=True))


def _text(raw: bytes) -> str:
    if len(raw) > MAX_LINE:
        raise ValueError(f"it is longer than {MAX_LINE} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start + 1}): {SAVE_AS}") from None
    if "\0" in text:
        raise ValueError("it contains the byte 0")
    return text


def _likely_separator(text: str) -> str:
    """That of a line which names columns: no name has one in it."""
    return next((sign for sign in ";\t" if sign in text), ",")


def _cells(text: str, separator: str) -> list[str]:
    reader = csv.reader([text], delimiter=separator, skipinitialspace=True, strict=True)
    try:
        return [clean_edges(cell) for row in reader for cell in row]
    except csv.Error as error:
        raise ValueError(f"it is not CSV: {error}") from None


def _without_empty_end(cells: list[str], columns: int) -> list[str]:
    """The cells without the empty ones at their end, but `columns` of them at least."""
    end = len(cells)
    while end > columns and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _header(cells: list[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    """The names of the columns; ValueError has every fault of their line."""
    names = _without_empty_end(cells, 0)
    missing = [name for name in required if name not in names]
    unknown = [name for name in names if name and name not in (*required, *optional)]
    faults = []
    if missing:
        faults.append(f"it must name the columns; missing: {', '.join(missing)}")
    if unknown:
        faults.append(f"there is no column {', '.join(map(ascii, unknown))}")
    if "" in names:
        faults.append("a column between others has no name")
    if len(names) != len(set(names)):
        faults.append("a column is named twice")
    if faults:
        raise ValueError("; ".join(faults))
    return names
