"""Telephone numbers: read as the chosen country dials them, kept as E.164 (SI-13, SI-14). Pure.

phonenumbers reads more than people mean to type (line breaks, digits of any script, `tel:`), so
only plain digits and the usual signs get there.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from services.profile.texts import BLANKS
from shared.contracts.base import FieldError
from shared.domain.countries import FRANCE

#: Regions of the French numbering plans: a number of one is often typed with another chosen.
FRENCH_REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM")
LONGEST = 40
LONGEST_EXTENSION = 8

#: For the few regions that phonenumbers has no example of.
_FRENCH_EXAMPLE = "+33123456789"
_ALLOWED = frozenset("0123456789+ ().-")
_PLAIN_BLANKS = str.maketrans(dict.fromkeys(BLANKS, " "))


def check_phone(typed: str, country: str) -> tuple[str, FieldError | None]:
    """The number as E.164, or as typed with what is wrong with it. `country` may be empty."""
    text = typed[: LONGEST + 1].translate(_PLAIN_BLANKS).strip(" ")
    if not text:
        return text, FieldError(field="phone", code="missing")
    if not _ALLOWED.issuperset(text):
        return text, FieldError(field="phone", code="digits_only")
    region = country or FRANCE
    number = _parse(text, region) if len(text) <= LONGEST else None
    if number is not None and phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, PhoneNumberFormat.E164), None
    other = None if number is None else _other_territory(number, region)
    if other is not None:
        prefix = phonenumbers.country_code_for_region(other)
        params: dict[str, str | int] = {"country": other, "prefix": f"+{prefix}"}
        return text, FieldError(field="phone", code="other_territory", params=params)
    return text, FieldError(field="phone", code="invalid", params={"example": example(region)})


def check_extension(typed: str) -> tuple[str, FieldError | None]:
    """The extension behind a switchboard, which may be left empty."""
    text = typed[: LONGEST + 1].translate(_PLAIN_BLANKS).replace(" ", "")
    if not text:
        return text, None
    if not (text.isascii() and text.isdigit()):
        return text, FieldError(field="phone_extension", code="digits_only")
    if len(text) > LONGEST_EXTENSION:
        params: dict[str, str | int] = {"max": LONGEST_EXTENSION}
        return text, FieldError(field="phone_extension", code="too_long", params=params)
    return text, None


def example(region: str) -> str:
    """A number of that region as people there write it."""
    number, style = phonenumbers.example_number(region), PhoneNumberFormat.NATIONAL
    if number is None:
        number, style = phonenumbers.parse(_FRENCH_EXAMPLE), PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _other_territory(number: PhoneNumber, region: str) -> str | None:
    """The French territory where these digits are a number, if they were dialled as another's."""
    codes = {phonenumbers.country_code_for_region(one) for one in FRENCH_REGIONS}
    if number.country_code not in codes:
        return None
    for one in FRENCH_REGIONS:
        if one == region or phonenumbers.country_code_for_region(one) == number.country_code:
            continue
        there = _parse(f"0{number.national_number}", one)
        if there is not None and phonenumbers.is_valid_number_for_region(there, one):
            return one
    return None
