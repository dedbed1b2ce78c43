"""The whole form at once: what stands against validating it, and how it is kept then. Pure.

A draft is kept as typed, right or wrong; only what is on no list or cannot be stored is refused.
What the public directory knew of the SIRET is passed in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import msgspec

from services.profile import establishment, phones
from services.profile.texts import check_line
from shared.contracts.base import FieldError, Refusal
from shared.contracts.profile import ESTABLISHMENT_TYPES, POSITIONS, ProfileFields
from shared.domain.countries import country_codes
from shared.domain.person_names import check_name

#: In code points: longer texts are refused at once, whatever the field.
MOST_KEPT = 500
#: SI-10: a line of an address (NF Z10-011).
ADDRESS_LINE = 38
#: Names of companies, and what « Autres » means.
LONG_LINE = 100
OTHER = "other"

_CHOICES = (
    ("position", frozenset(POSITIONS)),
    ("establishment_type", frozenset(ESTABLISHMENT_TYPES)),
)
#: The only text of several lines.
_LINES_ALLOWED = frozenset(("closed_reason",))
_LINE_ENDS = str.maketrans("\t\r\n", "   ")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the public directory knew of a SIRET: `found`, `closed`, `unlisted`, or `deferred`."""

    state: str
    closed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A form as it would be kept, what stands against that, and what is let go and flagged.

    `kept` holds empty texts where a field was wrong or does not belong to the rest.
    """

    kept: ProfileFields
    errors: tuple[FieldError, ...]
    warnings: tuple[FieldError, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """The warnings as the desk hears of them."""
        return tuple(_FLAGS[warning.code] for warning in self.warnings)


_FLAGS = {
    "closed": "closed_establishment",
    "unlisted": "unlisted_establishment",
    "check_deferred": "check_deferred",
}


def refusal_to_keep(fields: ProfileFields) -> Refusal | None:
    """Why not even a draft of this is kept, or None (bad input 50)."""
    for field, known in (*_CHOICES, ("country", country_codes())):
        value = getattr(fields, field)
        if value and value not in known:
            return Refusal(slug="unknown_choice", params={"field": field})
    errors = []
    for field, value in _texts(fields):
        if len(value) > MOST_KEPT:
            errors.append(FieldError(field=field, code="too_long", params={"max": MOST_KEPT}))
        elif any(unicodedata.category(char) in ("Cc", "Cs") for char in _one_line(field, value)):
            errors.append(FieldError(field=field, code="forbidden_characters"))
    return Refusal(slug="invalid_fields", errors=tuple(errors)) if errors else None


def siret_of(fields: ProfileFields) -> str:
    """The SIRET where it is right and belongs to the country, else nothing."""
    number, wrong = establishment.check_number(fields.siret, fields.country)
    return number if wrong is None else ""


def judge(fields: ProfileFields, standing: Standing | None) -> Judged:
    """Everything at once (G-34). `standing` is what the directory knew of `siret_of(fields)`."""
    siret = siret_of(fields)
    if not siret:
        standing = None
    kept: dict[str, str] = {}
    errors: list[FieldError] = []
    for field, value, wrong in _checked(fields, siret, standing):
        kept[field] = "" if wrong else value
        if wrong is not None:
            errors.append(wrong)
    if not fields.terms:
        errors.append(FieldError(field="terms", code="missing"))
    return Judged(
        kept=ProfileFields(**kept, terms=fields.terms),
        errors=tuple(errors),
        warnings=tuple(_warnings(standing)),
    )


def _checked(
    fields: ProfileFields, siret: str, standing: Standing | None
) -> Iterator[tuple[str, str, FieldError | None]]:
    """(field, value to keep, what is wrong with it), in the order of the form."""
    country = fields.country
    yield "last_name", *check_name("last_name", fields.last_name)
    yield "first_name", *check_name("first_name", fields.first_name)
    yield "phone", *phones.check_phone(fields.phone, country)
    yield "phone_extension", *phones.check_extension(fields.phone_extension)
    yield "position", *_chosen("position", fields.position)
    yield from _which("position_other", fields.position_other, fields.position)
    yield "country", *_chosen("country", country)
    yield "siret", *establishment.check_number(fields.siret, country)
    yield "company_name", *check_line("company_name", fields.company_name, LONG_LINE)
    yield "establishment_type", *_chosen("establishment_type", fields.establishment_type)
    yield from _which(
        "establishment_type_other", fields.establishment_type_other, fields.establishment_type
    )
    yield "postal_code", *establishment.check_postal_code(fields.postal_code, country)
    yield "address", *check_line("address", fields.address, ADDRESS_LINE)
    extra = check_line("address_extra", fields.address_extra, ADDRESS_LINE, required=False)
    yield "address_extra", *extra
    yield "city", *check_line("city", fields.city, ADDRESS_LINE)
    yield "vat", *establishment.check_vat(fields.vat, country, siret)
    yield "lei", *establishment.check_lei(fields.lei)
    yield "eori", *establishment.check_eori(fields.eori)
    if standing is not None and standing.state == "closed":
        reason = _one_line("closed_reason", fields.closed_reason)
        yield "closed_reason", *check_line("closed_reason", reason, MOST_KEPT)


def _chosen(field: str, value: str) -> tuple[str, FieldError | None]:
    return value, None if value else FieldError(field=field, code="missing")


def _which(field: str, value: str, choice: str) -> Iterator[tuple[str, str, FieldError | None]]:
    """« Autres » says which (SI-15); beside any other choice the text is not kept."""
    if choice == OTHER:
        yield field, *check_line(field, value, LONG_LINE)


def _warnings(standing: Standing | None) -> Iterator[FieldError]:
    if standing is None:
        return
    if standing.state == "closed":
        closed_on = "" if standing.closed_on is None else standing.closed_on.isoformat()
        yield FieldError(field="siret", code="closed", params={"date": closed_on})
    elif standing.state == "unlisted":
        yield FieldError(field="siret", code="unlisted")
    elif standing.state == "deferred":
        yield FieldError(field="siret", code="check_deferred")


def _texts(fields: ProfileFields) -> Iterator[tuple[str, str]]:
    for field, value in msgspec.structs.asdict(fields).items():
        if isinstance(value, str):
            yield field, value


def _one_line(field: str, value: str) -> str:
    """The text without line ends, where it may have some."""
    if field not in _LINES_ALLOWED:
        return value
    words = value.translate(_LINE_ENDS).split(" ")
    return " ".join(word for word in words if word)
