"""Telephone numbers: parsed for the chosen country, stored as E.164 (SI-13, SI-14). Pure.

phonenumbers accepts more than is sensible (line breaks, digits of any script, `tel:`), so only
plain digits and the usual signs are passed to it.
"""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from services.profile.text_rules import BLANKS
from shared.contracts.base import FieldError
from shared.domain.countries import FRANCE

#: Regions of the French numbering plans, which users often confuse.
FRENCH_REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM")
MAX_LENGTH = 40
MAX_EXTENSION_LENGTH = 8

#: For the few regions without an example in phonenumbers.
_FRENCH_EXAMPLE = "+33123456789"
_ALLOWED = frozenset("0123456789+ ().-")
_PLAIN_BLANKS = str.maketrans(dict.fromkeys(BLANKS, " "))


def check_phone(value: str, country: str) -> tuple[str, FieldError | None]:
    """The number as E.164, or as typed with its error. `country` may be empty."""
    text = value[: MAX_LENGTH + 1].translate(_PLAIN_BLANKS).strip(" ")
    if not text:
        return text, FieldError(field="phone", code="missing")
    if not _ALLOWED.issuperset(text):
        return text, FieldError(field="phone", code="digits_only")
    region = country or FRANCE
    number = _parse(text, region) if len(text) <= MAX_LENGTH else None
    if number is not None and phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, PhoneNumberFormat.E164), None
    other = None if number is None else _other_territory(number, region)
    if other is not None:
        prefix = phonenumbers.country_code_for_region(other)
        params: dict[str, str | int] = {"country": other, "prefix": f"+{prefix}"}
        return text, FieldError(field="phone", code="other_territory", params=params)
    return text, FieldError(field="phone", code="invalid", params={"example": example(region)})


def check_extension(value: str) -> tuple[str, FieldError | None]:
    """An optional extension behind a switchboard."""
    text = value[: MAX_LENGTH + 1].translate(_PLAIN_BLANKS).replace(" ", "")
    if not text:
        return text, None
    if not (text.isascii() and text.isdigit()):
        return text, FieldError(field="phone_extension", code="digits_only")
    if len(text) > MAX_EXTENSION_LENGTH:
        params: dict[str, str | int] = {"max": MAX_EXTENSION_LENGTH}
        return text, FieldError(field="phone_extension", code="too_long", params=params)
    return text, None


def example(region: str) -> str:
    """An example of the region, in its national format."""
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
    """Another French territory in which these digits are a valid number, or None."""
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
