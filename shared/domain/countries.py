"""Countries by their ISO 3166-1 codes, with their names as people read them (CLDR, by Babel)."""

from functools import cache

from babel import Locale

FRANCE = "FR"
#: Where establishments have a SIRET: France, the overseas departments and the communities that kept
#: the national register. New Caledonia, French Polynesia, Wallis and Futuna have registers of their
#: own, Monaco too (SI-11).
SIRET_COUNTRIES = frozenset(("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"))
#: Codes that CLDR names and ISO 3166-1 does not list as countries.
_NOT_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ")
)


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
