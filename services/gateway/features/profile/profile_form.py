"""The complementary information between the form, its owner, and the pages that list it. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import msgspec
import phonenumbers

from services.gateway.features.profile.profile_messages import (
    ESTABLISHMENT_TYPES,
    LABELS,
    POSITIONS,
)
from shared.contracts.profile import ProfileFields
from shared.domain.countries import FRANCE, country_names
from shared.i18n.catalogue import translate

TICK = "terms"
TEXTS = tuple(name for name in ProfileFields.__struct_fields__ if name != TICK)
#: The fields of the form, beside those that every form has.
NAMES = " ".join((*TEXTS, TICK, "action", "dialog", "mark"))
PERSON = ("last_name", "first_name", "email", "phone", "phone_extension", "position")
ESTABLISHMENT = (
    "country",
    "siret",
    "closed_reason",
    "company_name",
    "establishment_type",
    "address",
    "address_extra",
    "postal_code",
    "city",
    "vat",
    "lei",
    "eori",
)

Option = tuple[str, str]


@dataclass(frozen=True)
class Listed:
    """The information as it is read: (field, label, value) of what is filled in, by part."""

    person: tuple[tuple[str, str, str], ...]
    establishment: tuple[tuple[str, str, str], ...]


def typed(fields: Mapping[str, str]) -> ProfileFields:
    """The form as its owner takes it."""
    return ProfileFields(**{name: fields[name] for name in TEXTS}, terms=fields[TICK] == "1")


def values(fields: ProfileFields) -> dict[str, str]:
    """The information as the form shows it."""
    shown = {name: str(getattr(fields, name)) for name in TEXTS}
    return {**shown, TICK: "1" if fields.terms else ""}


def encode(fields: ProfileFields) -> str:
    """The information as JSON."""
    return msgspec.json.encode(fields).decode()


def decode(document: str) -> ProfileFields:
    """The information from its JSON."""
    return msgspec.json.decode(document, type=ProfileFields)


@cache
def labels(lang: str) -> dict[str, str]:
    """The name of every field."""
    return {name: translate(text, lang) for name, text in LABELS.items()}


@cache
def countries(lang: str) -> tuple[Option, ...]:
    """Every country by its name, France first."""
    names = country_names(lang)
    rest = sorted(
        ((code, name) for code, name in names.items() if code != FRANCE),
        key=lambda one: _sorted_as(one[1]),
    )
    return ((FRANCE, names[FRANCE]), *rest)


@cache
def positions(lang: str) -> tuple[Option, ...]:
    """« Qualité du demandeur »."""
    return _options(POSITIONS, lang)


@cache
def establishment_types(lang: str) -> tuple[Option, ...]:
    """« Type établissement »."""
    return _options(ESTABLISHMENT_TYPES, lang)


def listed(fields: ProfileFields, address: str, lang: str) -> Listed:
    """Everything that is filled in, as people read it."""
    said = {
        **{name: getattr(fields, name).strip() for name in TEXTS},
        "email": address,
        "phone": _phone(fields),
        "position": _which(fields.position, fields.position_other, positions(lang)),
        "country": country_names(lang).get(fields.country, fields.country),
        "siret": _grouped(fields.siret),
        "establishment_type": _which(
            fields.establishment_type,
            fields.establishment_type_other,
            establishment_types(lang),
        ),
    }
    names = labels(lang)
    return Listed(
        person=tuple((name, names[name], said[name]) for name in PERSON if said[name]),
        establishment=tuple(
            (name, names[name], said[name]) for name in ESTABLISHMENT if said[name]
        ),
    )


def _options(texts: Mapping[str, str], lang: str) -> tuple[Option, ...]:
    return tuple((value, translate(text, lang)) for value, text in texts.items())


def _sorted_as(name: str) -> str:
    """Accents beside the bare letters, as in a dictionary."""
    bare = unicodedata.normalize("NFD", name.casefold())
    return "".join(char for char in bare if not unicodedata.combining(char))


def _which(value: str, other: str, options: tuple[Option, ...]) -> str:
    said = dict(options).get(value, "")
    return f"{said} ({other.strip()})" if value == "other" and other.strip() else said


def _phone(fields: ProfileFields) -> str:
    """As its country writes it, with the prefix where that is another country than chosen."""
    try:
        number = phonenumbers.parse(fields.phone, fields.country or FRANCE)
    except phonenumbers.NumberParseException:
        return fields.phone.strip()
    if not phonenumbers.is_valid_number(number):
        return fields.phone.strip()
    home = phonenumbers.region_code_for_number(number) == fields.country
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, style.NATIONAL if home else style.INTERNATIONAL)


def _grouped(siret: str) -> str:
    """Company and establishment apart: 732 829 320 00074."""
    digits = "".join(siret.split())
    if len(digits) != 14:
        return siret.strip()
    return f"{digits[:3]} {digits[3:6]} {digits[6:9]} {digits[9:]}"
