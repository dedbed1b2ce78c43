"""The complementary information: from its service, from and to the form, and its summary."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import msgspec
import phonenumbers
from aiohttp import web

from services.gateway.clients.services import ask, open_sealed
from services.gateway.portal.profile_fields import (
    ESTABLISHMENT,
    ESTABLISHMENT_TYPES,
    FIELDS,
    LISTED,
    PERSON,
    POSITIONS,
)
from shared.contracts.profile.requests import DescribeProfile
from shared.contracts.profile.views import ProfileFields, ProfileView, SubmittedFields
from shared.domain.countries import FRANCE, country_names
from shared.domain.typed_text import normal_form
from shared.i18n.catalogue import translate

TERMS_CHECKBOX = "terms"
TEXTS = tuple(name for name in ProfileFields.__struct_fields__ if name != TERMS_CHECKBOX)
#: The texts that people type or choose.
TYPED = tuple(name for name in TEXTS if name != "filled_in")
#: The fields of the form, without those that every form has.
NAMES = " ".join((*TEXTS, TERMS_CHECKBOX, "action", "dialog", "mark", "take", "version"))
#: Digits of a draft's version number.
MAX_VERSION_DIGITS = 9
Option = tuple[str, str]


@dataclass(frozen=True)
class ProfileSummary:
    """The information as it is read: (field, label, value) of what is filled in, by part."""

    person: tuple[tuple[str, str, str], ...]
    establishment: tuple[tuple[str, str, str], ...]


async def describe_profile(
    request: web.Request, account_id: str, *, timeout: float = 3.0
) -> ProfileView:
    """The information of an account; waits at most `timeout` seconds."""
    message = DescribeProfile(account_id=account_id)
    return await ask(request, message, ProfileView, timeout=timeout)


def open_fields(request: web.Request, view: ProfileView) -> ProfileFields | None:
    """The fields in clear; None where nothing was saved yet."""
    if view.fields is None:
        return None
    return decode(open_sealed(request, ProfileView, "fields", view.fields))


def from_form(fields: Mapping[str, str]) -> ProfileFields:
    """The information from the form."""
    return ProfileFields(
        **{name: fields[name] for name in TEXTS}, terms=fields[TERMS_CHECKBOX] == "1"
    )


def submitted(fields: Mapping[str, str]) -> SubmittedFields:
    """The information from the form, with the version of the draft that its page showed."""
    values = msgspec.structs.asdict(from_form(fields))
    return SubmittedFields(**values, based_on=parse_version(fields["version"]))


def parse_version(text: str) -> int | None:
    """A draft's version number, or None if it is none."""
    valid = text.isascii() and text.isdigit() and len(text) <= MAX_VERSION_DIGITS
    return int(text) if valid else None


def to_form(fields: ProfileFields) -> dict[str, str]:
    """The information as the form shows it."""
    shown = {name: str(getattr(fields, name)) for name in TEXTS}
    return {**shown, TERMS_CHECKBOX: "1" if fields.terms else ""}


def encode(fields: ProfileFields) -> str:
    """The information as JSON."""
    return msgspec.json.encode(fields).decode()


def decode(document: str) -> ProfileFields:
    """The information from its JSON."""
    return msgspec.json.decode(document, type=ProfileFields)


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
def choices(lang: str) -> dict[str, tuple[Option, ...]]:
    """The options of every select, by the name of the choice."""
    return {
        "countries": countries(lang),
        "positions": _options(POSITIONS, lang),
        "establishment_types": _options(ESTABLISHMENT_TYPES, lang),
    }


@cache
def options_of(name: str, lang: str) -> tuple[Option, ...]:
    """The options of a field; none where it is typed."""
    chosen = {one.name: one.choices for one in FIELDS if one.choices}
    return choices(lang)[chosen[name]] if name in chosen else ()


def value_text(name: str, value: str, lang: str) -> str:
    """A value of a field as people read it."""
    if name == "siret":
        return group_siret(value)
    return dict(options_of(name, lang)).get(value, value)


def summarize(fields: ProfileFields, address: str, lang: str) -> ProfileSummary:
    """Everything that is filled in, as people read it."""
    shown = {
        **{name: getattr(fields, name).strip() for name in TEXTS},
        "email": address,
        "phone": _phone(fields),
        "position": _which(fields.position, fields.position_other, POSITIONS, lang),
        "country": country_names(lang).get(fields.country, fields.country),
        "siret": group_siret(fields.siret),
        "establishment_type": _which(
            fields.establishment_type,
            fields.establishment_type_other,
            ESTABLISHMENT_TYPES,
            lang,
        ),
    }

    def part(name: str) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (field.name, translate(field.label, lang), shown[field.name])
            for field in LISTED
            if field.part == name and not field.other_of and shown[field.name]
        )

    return ProfileSummary(person=part(PERSON), establishment=part(ESTABLISHMENT))


def group_siret(siret: str) -> str:
    """Company and establishment apart; what is no SIRET as it is.

    >>> group_siret("73282932000074")
    '732 829 320 00074'
    """
    digits = "".join(siret.split())
    if len(digits) != 14:
        return siret.strip()
    return f"{digits[:3]} {digits[3:6]} {digits[6:9]} {digits[9:]}"


def _options(texts: Mapping[str, str], lang: str) -> tuple[Option, ...]:
    return tuple((value, translate(text, lang)) for value, text in texts.items())


def _sorted_as(name: str) -> str:
    """Sorts accented letters with the bare ones, as a dictionary does."""
    bare = normal_form(name.casefold(), len(name), "NFD")
    return "".join(char for char in bare if not unicodedata.combining(char))


def _which(value: str, other: str, texts: Mapping[str, str], lang: str) -> str:
    shown = translate(texts[value], lang) if value in texts else ""
    return f"{shown} ({other.strip()})" if value == "other" and other.strip() else shown


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
