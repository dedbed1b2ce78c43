"""The hints of the fields that differ by country. Page and script read the same table, so that the
hints follow the country while it is being chosen.
"""

from dataclasses import dataclass
from functools import cache

from shared.domain.countries import (
    FRANCE,
    SIRET_COUNTRIES,
    country_codes,
    phone_example,
    postal_code_use,
    vat_prefix,
)
from shared.i18n.catalogue import N_, translate

#: By kind. `{example}` is that of the country.
TEXTS: dict[str, str] = {
    "phone": N_(
        "Ligne directe, ou standard et poste. Exemple : {example}. Numéro d'un autre pays : "
        "commencez par + et son indicatif."
    ),
    "vat_prefixed": N_("Il commence par {example}."),
    "vat": N_("Ou le numéro fiscal de l'entreprise."),
    "address_french": N_("Numéro et rue, si possible en 38 caractères (norme postale)."),
    "address": N_("Numéro et rue."),
    "postal_code_french": N_("5 chiffres, exemple : {example}."),
    "postal_code": N_("Exemple : {example}."),
    "postal_code_optional": N_("Facultatif. Exemple : {example}."),
    "postal_code_unknown": N_("Facultatif."),
    "postal_code_none": N_("Facultatif : ce pays n'a pas de code postal."),
    "city_french": N_("Avec CEDEX s'il y a lieu."),
    "city": N_("Avec l'État ou la province s'il y a lieu."),
}
#: The kinds of postal codes that addresses need.
REQUIRED = ("postal_code_french", "postal_code")
#: By field: the kind of its hint, and its example. A field that is not there has the kind of its
#: own name, without an example.
HintKinds = dict[str, tuple[str, str]]
HINTED = ("phone", "vat", "address", "postal_code", "city")


@cache
def hint_kinds(country: str) -> HintKinds:
    """The hints of a country."""
    kinds = {"phone": ("phone", phone_example(country)), "postal_code": _postal_code(country)}
    if country in SIRET_COUNTRIES:
        kinds |= {"address": ("address_french", ""), "city": ("city_french", "")}
    if vat_prefix(country):
        kinds["vat"] = ("vat_prefixed", vat_prefix(country))
    return kinds


@cache
def hint_table() -> dict[str, HintKinds]:
    """The hints of every country."""
    return {country: hint_kinds(country) for country in sorted(country_codes())}


@dataclass(frozen=True)
class CountryContext:
    """What the form shows of the chosen country, and the table for its script."""

    hints: dict[str, str]
    postal_code_required: bool
    table: dict[str, object]


def country_context(country: str, lang: str) -> CountryContext:
    """The hints of a country in a language; France's where none is known."""
    kinds = hint_kinds(country if country in country_codes() else FRANCE)
    hints = {}
    for field in HINTED:
        kind, example = kinds.get(field, (field, ""))
        hints[field] = translate(TEXTS[kind], lang, example=example)
    return CountryContext(
        hints=hints,
        postal_code_required=kinds["postal_code"][0] in REQUIRED,
        table={
            "fields": HINTED,
            "countries": hint_table(),
            "texts": {kind: translate(text, lang) for kind, text in TEXTS.items()},
            "required": REQUIRED,
        },
    )


def _postal_code(country: str) -> tuple[str, str]:
    use = postal_code_use(country)
    if country in SIRET_COUNTRIES:
        return "postal_code_french", use.example
    if not use.exists:
        return "postal_code_none", ""
    if use.required:
        return "postal_code", use.example
    return ("postal_code_optional" if use.example else "postal_code_unknown"), use.example
