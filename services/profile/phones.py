"""Telephone numbers: parsed for the chosen country, stored as E.164 (SI-13, SI-14). Pure.

phonenumbers accepts more than is sensible, such as letters and extensions, so only plain digits and
the usual signs are passed to it.

France and its overseas departments share one plan of ten digits and have prefixes of their own:
05 96 is dialled in Paris and is +596 5 96, never +33 5 96. libphonenumber takes most of these
ranges for French ones too, so the territory is looked for first.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from shared.contracts.base import FieldError
from shared.domain.countries import FRANCE, phone_example
from shared.domain.typed_text import DATA, clean_number, clean_phone

#: Territories of the French plan, Guiana last: its Internet numbers are written as all of 09 76,
#: which the others have parts of.
OVERSEAS_REGIONS = ("GP", "BL", "MF", "MQ", "RE", "YT", "PM", "GF")
#: French communities and a neighbour with plans of their own.
SEPARATE_REGIONS = ("NC", "PF", "WF", "MC")
FRENCH_PREFIX = 33
_PREFIXES = frozenset(
    phonenumbers.country_code_for_region(region)
    for region in (FRANCE, *OVERSEAS_REGIONS, *SEPARATE_REGIONS)
)
MAX_LENGTH = 40
MAX_EXTENSION_LENGTH = 8

#: Digits of the shortest number that names its country without a prefix: six digits are numbers of
#: several.
_TELLING_LENGTH = 8
#: The numbers of 08, free or at extra cost, are the same in all of the plan.
_SHARED_RANGE = "8"
_PERSONAL_TYPES = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
)
#: Where both have the same form, a number counts as a mobile's.
_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_ALLOWED = frozenset("0123456789+ ().-")
#: A number with its extension behind it, as people write both: « poste 12 », « x12 », « ;ext=12 ».
_EXTENSION_LABELS = "|".join(map(re.escape, DATA.labels["phone_extension"]))
_WITH_EXTENSION = re.compile(
    f"[0-9+][0-9 ().+-]*?[ ,;:(-]*(?:{_EXTENSION_LABELS}|x|#)"
    f"[ .:=#]*([0-9]{{1,{MAX_EXTENSION_LENGTH}}})\\)?",
    re.IGNORECASE,
)


def check_phone(value: str, country: str) -> tuple[str, FieldError | None]:
    """The number as E.164, or as typed with its error. `country` may be empty."""
    text = clean_phone(value)[: MAX_LENGTH + 1]
    if not text:
        params: dict[str, str | int] = {"example": phone_example(country or FRANCE)}
        return text, FieldError(field="phone", code="missing", params=params)
    if not _ALLOWED.issuperset(text):
        if found := _WITH_EXTENSION.fullmatch(text):
            params = {"extension": found[1]}
            return text, FieldError(field="phone", code="extension", params=params)
        return text, FieldError(field="phone", code="digits_only")
    region = country or FRANCE
    number = _parse(text, region) if len(text) <= MAX_LENGTH else None
    there = None if number is None else _elsewhere(number, bare=text[0] not in "+0")
    if number is not None and there is not None:
        chosen = phonenumbers.country_code_for_region(region) if country else 0
        if there.country_code in (number.country_code, chosen):
            # The prefix was typed as if it were a part of the number, or France's in front of a
            # number of the chosen territory.
            number = there
        else:
            return text, _other_territory(there)
    if number is not None and phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, PhoneNumberFormat.E164), None
    params = {"example": phone_example(region)}
    return text, FieldError(field="phone", code="invalid", params=params)


def describe_phone(value: str, country: str) -> tuple[str, bool] | None:
    """A number that was accepted, as people dial it from France, and whether it may be a mobile's.

    None for what is no number, as a draft may have.
    """
    accepted, error = check_phone(value, country)
    number = None if error is not None else _parse(accepted, country or FRANCE)
    if number is None:
        return None
    abroad = number.country_code != FRENCH_PREFIX
    form = PhoneNumberFormat.INTERNATIONAL if abroad else PhoneNumberFormat.NATIONAL
    mobile = phonenumbers.number_type(number) in _MOBILE_TYPES
    return phonenumbers.format_number(number, form), mobile


def check_extension(value: str) -> tuple[str, FieldError | None]:
    """An optional extension behind a switchboard."""
    text = clean_number("phone_extension", value)
    if not text:
        return text, None
    if not (text.isascii() and text.isdigit()):
        return text, FieldError(field="phone_extension", code="digits_only")
    if len(text) > MAX_EXTENSION_LENGTH:
        params: dict[str, str | int] = {"max": MAX_EXTENSION_LENGTH}
        return text, FieldError(field="phone_extension", code="too_long", params=params)
    return text, None


def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _elsewhere(number: PhoneNumber, *, bare: bool) -> PhoneNumber | None:
    """These digits with the prefix that they belong to; None if that is theirs, or unknown.

    `bare` digits have neither a prefix nor the zero that French numbers begin with.
    """
    if number.country_code not in _PREFIXES:
        return None
    if number.country_code != FRENCH_PREFIX and phonenumbers.is_valid_number(number):
        return None
    digits = str(number.national_number)
    overseas = None
    if not digits.startswith(_SHARED_RANGE):
        overseas = _first_valid(digits, OVERSEAS_REGIONS)
    if overseas is not None:
        return overseas
    french = PhoneNumber(country_code=FRENCH_PREFIX, national_number=int(digits))
    if phonenumbers.is_valid_number(french):
        return None if number.country_code == FRENCH_PREFIX else french
    return _first_valid(digits, SEPARATE_REGIONS) if bare else None


def _first_valid(digits: str, regions: tuple[str, ...]) -> PhoneNumber | None:
    """A personal number of the first of the regions that has such digits."""
    if len(digits) < _TELLING_LENGTH:
        return None
    for region in regions:
        code = phonenumbers.country_code_for_region(region)
        for national in (digits, digits.removeprefix(str(code))):
            number = PhoneNumber(country_code=code, national_number=int(national or "0"))
            if (
                phonenumbers.is_valid_number_for_region(number, region)
                and phonenumbers.number_type(number) in _PERSONAL_TYPES
            ):
                return number
    return None


def _other_territory(number: PhoneNumber) -> FieldError:
    """The error that names the territory of a number."""
    region = phonenumbers.region_code_for_number(number) or FRANCE
    params: dict[str, str | int] = {"country": region, "prefix": f"+{number.country_code}"}
    return FieldError(field="phone", code="other_territory", params=params)
