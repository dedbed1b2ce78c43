"""SIRET numbers: which countries have them, and how they are checked. Pure.

python-stdnum checks the key, with La Poste's exception (SI-01, SI-02). Fourteen zeros are refused
although their key is right (SI-03).
"""

from stdnum.fr import siret as stdnum_siret

from services.profile.text_rules import BLANKS
from shared.contracts.base import FieldError
from shared.domain.countries import SIRET_COUNTRIES

DIGITS = 14
_REMOVED = str.maketrans("", "", BLANKS + ".")
#: Longer input is no SIRET, however it is punctuated.
_MAX_INPUT_LENGTH = 60


def has_siret(country: str) -> bool:
    """Whether establishments of that country have a SIRET."""
    return country in SIRET_COUNTRIES


def check_siret(value: str) -> tuple[str, FieldError | None]:
    """The fourteen digits, and their error or None. `value` is not empty."""
    number = value[: _MAX_INPUT_LENGTH + 1].translate(_REMOVED)
    if not (number.isascii() and number.isdigit() and len(number) == DIGITS):
        digits = sum(char in "0123456789" for char in value[: _MAX_INPUT_LENGTH + 1])
        if digits == DIGITS:
            return number, FieldError(field="siret", code="digits_only")
        params: dict[str, str | int] = {"expected": DIGITS, "typed": digits}
        return number, FieldError(field="siret", code="wrong_length", params=params)
    if number.strip("0") == "" or not stdnum_siret.is_valid(number):
        return number, FieldError(field="siret", code="wrong_key")
    return number, None


def siren(siret: str) -> str:
    """The SIREN of the company that the establishment belongs to."""
    return siret[:9]
