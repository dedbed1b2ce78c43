"""SIRET numbers: which countries have them, and what is said of one that is wrong. Pure.

The key is python-stdnum's, La Poste's own rule included (SI-01, SI-02); fourteen zeros have a right
key and are nobody's (SI-03).
"""

from __future__ import annotations

from stdnum.fr import siret as stdnum_siret

from services.profile.texts import BLANKS
from shared.contracts.base import FieldError
from shared.domain.countries import SIRET_COUNTRIES

DIGITS = 14
_LEFT_OUT = str.maketrans("", "", BLANKS + ".")
#: Longer texts are no number, however they are written.
_LONGEST = 60


def has_siret(country: str) -> bool:
    """Whether establishments of that country have a SIRET."""
    return country in SIRET_COUNTRIES


def check_siret(typed: str) -> tuple[str, FieldError | None]:
    """The fourteen digits and what is wrong with them, or None. `typed` is not empty."""
    number = typed[: _LONGEST + 1].translate(_LEFT_OUT)
    if not (number.isascii() and number.isdigit() and len(number) == DIGITS):
        digits = sum(char in "0123456789" for char in typed[: _LONGEST + 1])
        if digits == DIGITS:
            return number, FieldError(field="siret", code="digits_only")
        params: dict[str, str | int] = {"expected": DIGITS, "typed": digits}
        return number, FieldError(field="siret", code="wrong_length", params=params)
    if number.strip("0") == "" or not stdnum_siret.is_valid(number):
        return number, FieldError(field="siret", code="wrong_key")
    return number, None


def siren(siret: str) -> str:
    """The company that an establishment belongs to."""
    return siret[:9]
