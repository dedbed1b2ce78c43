"""Validation of the whole form, and the normalized values to store. Pure.

A draft is stored as typed, valid or not, without what came with a paste; only unknown choices and
texts that cannot be stored are refused. What the company directory knows about the SIRET is passed
in.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from services.profile import establishment, phones
from services.profile.establishment_record import SiretCheck
from services.profile.text_rules import MAX_LINE_LENGTH, MAX_TEXT_LENGTH, check_line
from shared.contracts.base import FieldError, Refusal
from shared.contracts.profile.views import (
    ESTABLISHMENT_TYPES,
    POSITIONS,
    ProfileFields,
    SubmittedFields,
)
from shared.domain.countries import country_codes
from shared.domain.person_names import check_name
from shared.domain.typed_text import (
    clean_draft,
    has_long_run_of_marks,
    max_typed_length,
    visible_sign,
)

#: The text beside « Autres ».
MAX_OTHER_LENGTH = 100
OTHER = "other"

_CHOICES = (
    ("position", frozenset(POSITIONS)),
    ("establishment_type", frozenset(ESTABLISHMENT_TYPES)),
)
_LINE_ENDS = str.maketrans("\t\r\n", "   ")


@dataclass(frozen=True, kw_only=True)
class ValidationResult:
    """The normalized fields, errors that prevent validating, and warnings that do not.

    `fields` has empty texts for fields that are wrong or not applicable.
    """

    fields: ProfileFields
    errors: tuple[FieldError, ...]
    warnings: tuple[FieldError, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """The warnings as `AccountValidated` publishes them."""
        return tuple(_FLAGS[warning.code] for warning in self.warnings)


#: The warning about a state of the SIRET, and how `AccountValidated` names the warning.
_WARNINGS = {"closed": "closed", "unlisted": "unlisted", "deferred": "check_deferred"}
_FLAGS = {
    "closed": "closed_establishment",
    "unlisted": "unlisted_establishment",
    "check_deferred": "check_deferred",
}


def check_storable(fields: ProfileFields) -> Refusal | None:
    """Why not even a draft of this is stored, or None."""
    for field, known in (*_CHOICES, ("country", country_codes())):
        value = getattr(fields, field)
        if value and value not in known:
            return Refusal(slug="unknown_choice", params={"field": field})
    errors = []
    for field, value in msgspec.structs.asdict(fields).items():
        if not isinstance(value, str):
            continue
        line = _one_line(value) if field == "closed_reason" else value
        if len(value) > MAX_TEXT_LENGTH:
            errors.append(FieldError(field=field, code="too_long", params={"max": MAX_TEXT_LENGTH}))
        elif has_long_run_of_marks(line):
            errors.append(FieldError(field=field, code="forbidden_characters"))
        elif sign := next(filter(_is_control, line), None):
            params: dict[str, str | int] = {"sign": visible_sign(sign)}
            errors.append(FieldError(field=field, code="forbidden_characters", params=params))
    return Refusal(slug="invalid_fields", errors=tuple(errors)) if errors else None


def to_fields(submitted: SubmittedFields) -> ProfileFields:
    """The fields without what only its page says."""
    values = msgspec.structs.asdict(submitted)
    del values["based_on"]
    return ProfileFields(**values)


def without_pasted_signs(fields: ProfileFields) -> ProfileFields:
    """The form as a draft stores it."""
    cleaned = {
        name: clean_draft(text)
        for name, text in msgspec.structs.asdict(fields).items()
        if isinstance(text, str) and len(text) <= max_typed_length(name)
    }
    return msgspec.structs.replace(fields, **cleaned)


def siret_of(fields: ProfileFields) -> str:
    """The SIRET if it is valid and the country has SIRET numbers, else an empty text."""
    number, error = establishment.check_siret_of_country(fields.siret, fields.country)
    return number if error is None else ""


def validate(fields: ProfileFields, siret_check: SiretCheck | None) -> ValidationResult:
    """All errors and warnings at once (G-34). `siret_check` is about `siret_of(fields)`."""
    siret = siret_of(fields)
    if not siret:
        siret_check = None
    normalized: dict[str, str] = {}
    errors: list[FieldError] = []
    for field, value, error in _check_fields(fields, siret, siret_check):
        normalized[field] = "" if error else value
        if error is not None:
            errors.append(error)
    if not fields.terms:
        errors.append(FieldError(field="terms", code="missing"))
    return ValidationResult(
        fields=ProfileFields(**normalized, terms=fields.terms),
        errors=tuple(errors),
        warnings=_warnings(siret_check),
    )


def _check_fields(
    fields: ProfileFields, siret: str, siret_check: SiretCheck | None
) -> Iterator[tuple[str, str, FieldError | None]]:
    """(field, normalized value, error)."""
    country = fields.country
    yield "last_name", *check_name("last_name", fields.last_name)
    yield "first_name", *check_name("first_name", fields.first_name)
    yield "phone", *phones.check_phone(fields.phone, country)
    yield "phone_extension", *phones.check_extension(fields.phone_extension)
    yield "position", *_check_choice("position", fields.position)
    yield from _other_text("position_other", fields.position_other, fields.position)
    yield "country", *_check_choice("country", country)
    yield "siret", *establishment.check_siret_of_country(fields.siret, country)
    yield "company_name", *check_line("company_name", fields.company_name, MAX_LINE_LENGTH)
    yield "establishment_type", *_check_choice("establishment_type", fields.establishment_type)
    yield from _other_text(
        "establishment_type_other", fields.establishment_type_other, fields.establishment_type
    )
    yield "postal_code", *establishment.check_postal_code(fields.postal_code, country)
    yield "address", *check_line("address", fields.address, MAX_LINE_LENGTH)
    extra = check_line("address_extra", fields.address_extra, MAX_LINE_LENGTH, required=False)
    yield "address_extra", *extra
    yield "city", *check_line("city", fields.city, MAX_LINE_LENGTH)
    yield "vat", *establishment.check_vat(fields.vat, country, siret)
    yield "lei", *establishment.check_lei(fields.lei)
    yield "eori", *establishment.check_eori(fields.eori)
    if siret_check is not None and siret_check.state == "closed":
        reason = _one_line(fields.closed_reason)
        yield "closed_reason", *check_line("closed_reason", reason, MAX_TEXT_LENGTH)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs")


def _check_choice(field: str, value: str) -> tuple[str, FieldError | None]:
    return value, None if value else FieldError(field=field, code="missing")


def _other_text(
    field: str, value: str, choice: str
) -> Iterator[tuple[str, str, FieldError | None]]:
    """The text that « Autres » requires (SI-15); with any other choice it is dropped."""
    if choice == OTHER:
        yield field, *check_line(field, value, MAX_OTHER_LENGTH)


def _warnings(siret_check: SiretCheck | None) -> tuple[FieldError, ...]:
    if siret_check is None or siret_check.state not in _WARNINGS:
        return ()
    code = _WARNINGS[siret_check.state]
    params: dict[str, str | int] = {"date": siret_check.closed_text} if code == "closed" else {}
    return (FieldError(field="siret", code=code, params=params),)


def _one_line(value: str) -> str:
    """A text that may have several lines, in one line."""
    words = value.translate(_LINE_ENDS).split(" ")
    return " ".join(word for word in words if word)
