"""Files of an agency's existing users: one line of CSV per person, UTF-8, separated by `;` or `,`.

The first line names the columns, in any order. Names and addresses follow the rules of the form; a
mistake is reported with the number of its line and its column, and no other line is left unread for
it: no field of a person has a line break, so each line is read alone.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.registration.account_imports import Person
from services.registration.email_addresses import (
    EmailAddress,
    InvalidEmailAddress,
    parse_email_address,
)
from services.registration.email_typos import suggest_correction
from shared.contracts.base import FieldError
from shared.domain.person_names import check_name
from shared.domain.typed_text import clean_edges
from shared.i18n.catalogue import LANGUAGES

REQUIRED = ("first_name", "last_name", "address")
OPTIONAL = ("language",)
COLUMNS = (*REQUIRED, *OPTIONAL)
#: No line of four valid fields is longer, in bytes.
MAX_LINE = 4_096
#: A file of a hundred thousand people is smaller, in bytes.
MAX_FILE = 32 * 2**20
LINE_BREAK = re.compile(rb"\r\n|\r|\n")
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

#: What is wrong with a field, by the code of its error.
SENTENCES = {
    "missing": "it is empty",
    "too_long": "it is longer than {max} characters",
    "forbidden_characters": "it has a sign that no name has: {sign}",
    "no_letters": "it has no letter",
    "web_address": "it contains a web address: {host}",
    "local_too_long": "it has more than {max} bytes before the @",
    "several": "it has several addresses",
    "display_name": "it must be an address alone, without a name and without < and >",
    "undeliverable_domain": "its domain receives no mail from other networks",
    "accents": "it has {sign} before the @, which the mail relay refuses (IMPEX_SMTP_UTF8)",
    "mixed_scripts": "its domain mixes letters of several writing systems",
    "look_alike_letters": "its domain is written in letters that look like Latin ones",
}
#: What is wrong with an address that is none, by the reason of the error `format`.
FORMATS = {
    "no_at": "it has no @",
    "no_local_part": "nothing stands before the @",
    "no_domain": "nothing stands after the @",
    "two_at": "it has two @",
    "two_dots": "it has two dots in a row",
    "edge_dot": "a dot stands at the beginning or at the end of a part",
    "space": "it has a blank inside",
    "invisible": "it has an invisible sign",
    "sign": "it has a sign that no address has: {sign}",
    "characters": "it has signs that no address has",
    "domain": "its domain cannot be read",
}


@dataclass(frozen=True, kw_only=True)
class RowError:
    """Why a line is invalid. `column` is empty where the line as a whole is."""

    line: int
    column: str = ""
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class AccountFile:
    """The persons of a file, its mistakes, and what is valid but looks like a slip."""

    persons: tuple[Person, ...]
    mistakes: tuple[RowError, ...]
    doubts: tuple[RowError, ...]


def read_account_file(content: bytes, *, smtputf8: bool) -> AccountFile:
    """Read a file. `smtputf8`: the mail relay accepts letters outside ASCII before the @."""
    persons: list[Person] = []
    mistakes: list[RowError] = []
    doubts: list[RowError] = []
    lines: dict[str, int] = {}
    for line, cells in _records(content, mistakes):
        person, wrong = _person(line, cells, smtputf8=smtputf8)
        mistakes += wrong
        if person is None:
            continue
        first = lines.setdefault(person.address.key, line)
        if first != line:
            reason = f"line {first} has this address too"
            mistakes.append(RowError(line=line, column="address", reason=reason))
        elif (meant := suggest_correction(person.address.text)) is not None:
            reason = f"is @{meant.rpartition('@')[2]} meant?"
            doubts.append(RowError(line=line, column="address", reason=reason))
        persons.append(person)
    if not persons and not mistakes:
        mistakes.append(RowError(line=1, reason="there is nobody in the file"))
    return AccountFile(persons=tuple(persons), mistakes=tuple(mistakes), doubts=tuple(doubts))


def _records(content: bytes, mistakes: list[RowError]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each record by its line, its cells by column."""
    if content.startswith(UTF16):
        mistakes.append(RowError(line=1, reason="the file is UTF-16: save it as UTF-8"))
        return
    header: list[str] = []
    delimiter = ","
    for line, raw in enumerate(LINE_BREAK.split(content.removeprefix(codecs.BOM_UTF8)), 1):
        try:
            if not header and b";" in raw:
                delimiter = ";"
            cells = _cells(raw, delimiter)
            if not any(cells):
                continue
            if not header:
                _check_header(cells)
                header = cells
                continue
            if len(cells) != len(header):
                raise ValueError(f"it has {len(cells)} columns, the first line {len(header)}")
        except (csv.Error, ValueError) as error:
            mistakes.append(RowError(line=line, reason=str(error)))
            if not header:
                return
        else:
            yield line, dict(zip(header, cells, strict=True))


def _cells(raw: bytes, delimiter: str) -> list[str]:
    if len(raw) > MAX_LINE:
        raise ValueError(f"it is longer than {MAX_LINE} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start + 1})") from None
    if "\0" in text:
        raise ValueError("it contains the byte 0")
    try:
        rows = list(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValueError(f"it is not CSV: {error}") from None
    return [clean_edges(cell) for row in rows for cell in row]


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing:
        raise ValueError(f"it must name the columns; missing: {', '.join(missing)}")
    if unknown:
        raise ValueError(f"there is no column {', '.join(map(ascii, unknown))}")
    if len(header) != len(set(header)):
        raise ValueError("a column is named twice")


def _person(
    line: int, cells: Mapping[str, str], *, smtputf8: bool
) -> tuple[Person | None, list[RowError]]:
    """The person of a line, or every mistake in it."""
    mistakes, names = [], {}
    for column in ("first_name", "last_name"):
        names[column], wrong = check_name(column, cells[column])
        if wrong is not None:
            mistakes.append(RowError(line=line, column=column, reason=_sentence(wrong)))
    address: EmailAddress | None = None
    try:
        address = parse_email_address(cells["address"], smtputf8=smtputf8)
    except InvalidEmailAddress as bad:
        mistakes.append(RowError(line=line, column="address", reason=_sentence(bad.error)))
    language = cells.get("language") or LANGUAGES[0]
    if language not in LANGUAGES:
        reason = f"it must be {' or '.join(LANGUAGES)}, or empty"
        mistakes.append(RowError(line=line, column="language", reason=reason))
    if mistakes or address is None:
        return None, mistakes
    return Person(line=line, address=address, language=language, **names), []


def _sentence(error: FieldError) -> str:
    if error.code == "format":
        return FORMATS[str(error.params["reason"])].format(**error.params)
    if error.code == "forbidden_characters" and "sign" not in error.params:
        return "it has signs that no name has"
    return SENTENCES[error.code].format(**error.params)
