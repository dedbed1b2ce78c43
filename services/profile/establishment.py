"""Checks of an establishment's country, postal code and identifiers (IN-02). Pure.

python-stdnum checks the key of a SIRET, with La Poste's exception (SI-01, SI-02). Fourteen zeros
are refused although their key is right (SI-03).
"""

import re

import msgspec
import stdnum
from stdnum import lei as stdnum_lei
from stdnum.exceptions import ValidationError
from stdnum.fr import siret as stdnum_siret

from services.profile.text_rules import check_line
from shared.contracts.base import FieldError
from shared.contracts.profile.views import ProfileFields
from shared.domain.countries import FRANCE, SIRET_COUNTRIES, postal_code_use, vat_prefix
from shared.domain.typed_text import clean_number, clean_postal_code

SIRET_LENGTH = 14
#: The digits of the company in the SIRETs of its establishments.
SIREN_LENGTH = 9

#: Of foreign postal codes only the length is checked (SI-09).
MAX_POSTAL_CODE_LENGTH = 12
MAX_NUMBER_LENGTH = 40
#: Northern Ireland remains in the Union's VAT area.
_NORTHERN_IRELAND = "XI"
#: No country's VAT number is longer; for countries that stdnum does not know.
MAX_VAT_LENGTH = 20

#: SI-09: 01 to 98, then three digits; CEDEX codes have the same shape.
FRENCH_POSTAL_CODE = re.compile(r"(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}", re.ASCII)
#: Corsica's communes have such numbers, its postal codes do not.
_CORSICAN_COMMUNE = re.compile(r"2[AB][0-9]{3}", re.ASCII | re.IGNORECASE)
#: Prefixes of postal codes of the overseas territories.
_POSTAL_CODE_PREFIXES = {
    "GP": ("970", "971"),
    "BL": ("970", "971", "977"),
    "MF": ("970", "971", "978"),
    "MQ": ("972",),
    "GF": ("973",),
    "RE": ("974",),
    "PM": ("975",),
    "YT": ("976",),
}
_EORI = re.compile(r"[A-Z]{2}[A-Z0-9]{1,15}", re.ASCII)
#: France in front of its postal code, as on an international envelope.
_FRANCE_IN_FRONT = re.compile(r"^FR?(?=[0-9]{5}$)", re.ASCII)

CheckedValue = tuple[str, FieldError | None]


def check_siret(value: str) -> CheckedValue:
    """The fourteen digits, and their error or None. `value` is not empty."""
    number = clean_number("siret", value)
    if not (number.isascii() and number.isdigit() and len(number) == SIRET_LENGTH):
        digits = sum(char in "0123456789" for char in number)
        if digits == SIRET_LENGTH:
            return number, FieldError(field="siret", code="digits_only")
        params: dict[str, str | int] = {"expected": SIRET_LENGTH, "typed": digits}
        return number, FieldError(field="siret", code="wrong_length", params=params)
    if number.strip("0") == "" or not stdnum_siret.is_valid(number):
        return number, FieldError(field="siret", code="wrong_key")
    return number, None


def check_siret_of_country(value: str, country: str) -> CheckedValue:
    """The SIRET: required if the country has SIRET numbers, refused otherwise (SI-04)."""
    number = clean_number("siret", value)
    if not number:
        return "", FieldError(field="siret", code="missing") if country in SIRET_COUNTRIES else None
    if country and country not in SIRET_COUNTRIES:
        return number, FieldError(field="siret", code="not_for_country")
    return check_siret(value)


def check_postal_code(value: str, country: str) -> CheckedValue:
    """In France five digits of the right territory; elsewhere only the length is checked."""
    use = postal_code_use(country)
    typed = clean_postal_code(value)
    line, error = check_line("postal_code", typed, MAX_POSTAL_CODE_LENGTH, required=use.required)
    if error is not None and error.code == "missing":
        return line, msgspec.structs.replace(error, params={"example": use.example})
    if country not in SIRET_COUNTRIES:
        return line, error
    code = _FRANCE_IN_FRONT.sub("", clean_number("postal_code", value))
    if _CORSICAN_COMMUNE.fullmatch(code):
        return line, FieldError(field="postal_code", code="corsican")
    if not FRENCH_POSTAL_CODE.fullmatch(code):
        params: dict[str, str | int] = {"example": use.example}
        return line, FieldError(field="postal_code", code="wrong_format", params=params)
    if not code.startswith(_POSTAL_CODE_PREFIXES.get(country, ("",))):
        params = {"beginning": _POSTAL_CODE_PREFIXES[country][-1]}
        return line, FieldError(field="postal_code", code="other_territory", params=params)
    return code, None


def check_vat(value: str, country: str, siret: str) -> CheckedValue:
    """An optional VAT number; a French one must be that of the SIRET's company (SI-12).

    `siret` is empty unless it is valid.
    """
    number = clean_number("vat", value)
    if not number:
        return "", None
    vat = None
    if len(number) <= MAX_NUMBER_LENGTH and number.isascii() and number.isalnum():
        vat = _normalize_vat(number, country)
    if vat is None:
        prefix = vat_prefix(country)
        params: dict[str, str | int] = {"prefix": prefix} if prefix else {}
        return number, FieldError(field="vat", code="invalid", params=params)
    siren = siret[:SIREN_LENGTH]
    if vat.startswith(FRANCE) and siren and vat[4:] != siren:
        return vat, FieldError(field="vat", code="wrong_siren", params={"siren": siren})
    return vat, None


def check_lei(value: str) -> CheckedValue:
    """An optional legal entity identifier."""
    number = clean_number("lei", value)
    if number and (len(number) > MAX_NUMBER_LENGTH or not stdnum_lei.is_valid(number)):
        return number, FieldError(field="lei", code="invalid")
    return number, None


def check_eori(value: str) -> CheckedValue:
    """An optional customs number of an importer or exporter."""
    number = clean_number("eori", value)
    if number and not _EORI.fullmatch(number):
        return number, FieldError(field="eori", code="invalid")
    return number, None


def group_key(fields: ProfileFields) -> str:
    """The key that groups the accounts of one establishment; empty without a number."""
    if fields.siret:
        return f"{FRANCE}:{fields.siret}"
    for kind, number in (("VAT", fields.vat), ("LEI", fields.lei), ("EORI", fields.eori)):
        if number:
            return f"{fields.country}:{kind}:{number}"
    return ""


def _normalize_vat(number: str, country: str) -> str | None:
    """The number as stored, or None if it is wrong.

    The chosen country decides, whatever letters the number begins with: a Mexican number may begin
    with RO. Numbers of the European Union are stored with their prefix. Where stdnum knows no rule
    of the country, only the maximum length is checked.
    """
    prefix = vat_prefix(country)
    if country == "GB" and number.startswith(_NORTHERN_IRELAND):
        prefix = _NORTHERN_IRELAND
    home = FRANCE if prefix == FRANCE else country
    module = stdnum.get_cc_module(home.lower(), "vat") if home else None
    if module is None:
        return number if len(number) <= MAX_VAT_LENGTH else None
    prefixes = (prefix, country) if prefix else ("",)
    bare = next((number.removeprefix(one) for one in prefixes if number.startswith(one)), number)
    for one in (bare, number):
        try:
            return prefix + str(module.validate(one)).removeprefix(prefix)
        except ValidationError:
            continue
    return None
