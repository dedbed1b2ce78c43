"""The table of typed text, and the server's verdict on its rows.

`typed_text.tsv` has one value per line: value, field, verdict, value kept; tabs between. The field
is a field of a form, with the country where it decides (`phone RE`). The verdict is `accepted` or
the code of the error, behind which no value is kept. Signs that cannot be seen are written as in
Python (`\\u200b`, `\\t`), outer blanks too, and `\\{a*450}` is a sign repeated.

A rule that page and server both have gets its rows here: both are judged by them, in
`tests/unit/shared/test_typed_text_table.py` and `tests/accessibility/test_typed_text_script.py`. A
field that is new here also needs a line in `_RULES`, and in `FIELDS` of the second test where the
page's script reads it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from services.gateway.features.dossiers.dossier_query import parse_query
from services.gateway.features.support_requests.support_request_forms import check_correction
from services.profile import establishment, phones
from services.profile.text_rules import MAX_LINE_LENGTH, check_line
from services.registration.email_addresses import InvalidEmailAddress, parse_email_address
from shared.contracts.base import FieldError
from shared.domain.person_names import check_name
from shared.domain.resumption_codes import read_resumption_code
from shared.domain.support_requests import read_number
from shared.domain.typed_text import read_code, read_recovery_code

ACCEPTED = "accepted"
_ESCAPE = re.compile(
    r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([\\tnr])|\{(\\u[0-9a-f]{4}|.)\*([0-9]+)\})"
)
_SHORT = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}

Verdict = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """A value typed into a field, the verdict on it, and what is kept of it."""

    value: str
    field: str
    verdict: str
    kept: str

    def __str__(self) -> str:
        return f"{self.field} {ascii(self.value)[:60]}"


def table() -> list[Row]:
    """Every row."""
    lines = (Path(__file__).parent / "typed_text.tsv").read_text("utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Row(_plain(value), field, code, _plain(kept)) for value, field, code, kept in cells]


def server_verdict(field: str, value: str) -> Verdict:
    """The server's verdict on a value, and what it keeps of it."""
    name, _, country = field.partition(" ")
    return _RULES[name](name, value, country)


def _plain(cell: str) -> str:
    def sign(match: re.Match[str]) -> str:
        short, long, letter, repeated, times = match.groups()
        if repeated:
            return _plain(repeated) * int(times)
        return _SHORT[letter] if letter else chr(int(short or long, 16))

    return _ESCAPE.sub(sign, cell)


def _checked(checked: tuple[str, FieldError | None]) -> Verdict:
    kept, error = checked
    return (ACCEPTED, kept) if error is None else (error.code, "")


def _read(kept: str | None) -> Verdict:
    return ("format", "") if kept is None else (ACCEPTED, kept)


def _email(_name: str, value: str, _country: str) -> Verdict:
    try:
        return ACCEPTED, parse_email_address(value, smtputf8=False).text
    except InvalidEmailAddress as invalid:
        return invalid.error.code, ""


def _text(_name: str, value: str, _country: str) -> Verdict:
    fields = {"about": "other", "text": value}
    errors = check_correction(fields)
    return (errors["text"], "") if errors else (ACCEPTED, fields["text"])


def _search(_name: str, value: str, _country: str) -> Verdict:
    return ACCEPTED, parse_query(urlencode({"recherche": value})).search


_RULES: dict[str, Callable[[str, str, str], Verdict]] = {
    **dict.fromkeys(
        ("first_name", "last_name"), lambda name, value, _: _checked(check_name(name, value))
    ),
    **dict.fromkeys(
        ("company_name", "address", "city"),
        lambda name, value, _: _checked(check_line(name, value, MAX_LINE_LENGTH)),
    ),
    "text": _text,
    "search": _search,
    "email": _email,
    "code": lambda _, value, __: _read(read_code(value)),
    "recovery_code": lambda _, value, __: _read(read_recovery_code(value)),
    "resumption_code": lambda _, value, __: _read(read_resumption_code(value)),
    "number": lambda _, value, __: _read(read_number(value)),
    "siret": lambda _, value, __: _checked(establishment.check_siret_of_country(value, "FR")),
    "postal_code": lambda _, value, at: _checked(establishment.check_postal_code(value, at)),
    "phone": lambda _, value, at: _checked(phones.check_phone(value, at)),
    "phone_extension": lambda _, value, __: _checked(phones.check_extension(value)),
    "vat": lambda _, value, at: _checked(establishment.check_vat(value, at, "")),
    "lei": lambda _, value, __: _checked(establishment.check_lei(value)),
    "eori": lambda _, value, __: _checked(establishment.check_eori(value)),
}
