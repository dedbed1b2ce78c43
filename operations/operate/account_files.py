"""Files of an agency's existing users: one line of CSV per person.

Names and addresses follow the rules of the form; a mistake is reported with the number of its line
and its column.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from operations.operate.csv_lines import RowError, read_lines
from services.registration.account_imports import Person
from services.registration.email_addresses import (
    EmailAddress,
    InvalidEmailAddress,
    parse_email_address,
)
from services.registration.email_typos import suggest_correction
from shared.contracts.base import FieldError
from shared.domain.person_names import check_name
from shared.i18n.catalogue import LANGUAGES

REQUIRED = ("first_name", "last_name", "address")
OPTIONAL = ("language",)
COLUMNS = (*REQUIRED, *OPTIONAL)
#: A file of a hundred thousand people is smaller, in bytes.
MAX_FILE = 32 * 2**20

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
    for line, cells in read_lines(content, mistakes, required=REQUIRED, optional=OPTIONAL):
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
