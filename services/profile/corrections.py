"""Corrections of validated information by the desk, field by field, under the form's own rules.
Pure.

A rule that was changed since the validation refuses nothing that the correction leaves alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from services.profile.establishment_record import SiretCheck
from services.profile.fields import check_storable, validate, without_pasted_signs
from shared.contracts.base import Refusal
from shared.contracts.profile.views import ProfileFields

#: Registration's, or none of the form.
NOT_CORRECTED = frozenset(("first_name", "last_name", "filled_in", "terms"))
#: What nobody may know any more once the account is anonymised.
PERSONAL = ("first_name", "last_name", "phone", "phone_extension", "position_other")
UNCHANGED = Refusal(slug="unchanged")


@dataclass(frozen=True, kw_only=True)
class Correction:
    """The corrected fields, and (field, former value, new value) of each that changes."""

    fields: ProfileFields
    changes: tuple[tuple[str, str, str], ...]


def read_changes(text: str) -> dict[str, str] | None:
    """The fields and new values of a JSON object, or None where it is none."""
    try:
        changes = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        return None
    known = set(ProfileFields.__struct_fields__) - NOT_CORRECTED
    return changes if changes and changes.keys() <= known else None


def apply_changes(fields: ProfileFields, changes: Mapping[str, str]) -> ProfileFields:
    """The fields as typed, before they are checked."""
    return without_pasted_signs(msgspec.structs.replace(fields, **changes))


def correct(
    fields: ProfileFields,
    typed: ProfileFields,
    siret_check: SiretCheck | None,
    former_check: SiretCheck | None = None,
) -> Correction | Refusal:
    """Judge `typed` in place of the validated `fields`; `siret_check` is about its SIRET."""
    refusal = check_storable(typed)
    if refusal is not None:
        return refusal
    result, before = validate(typed, siret_check), validate(fields, former_check)
    errors = tuple(error for error in result.errors if error not in before.errors)
    if errors:
        return Refusal(slug="invalid_fields", errors=errors)
    kept = {error.field: getattr(fields, error.field) for error in result.errors}
    corrected = msgspec.structs.replace(result.fields, **kept)
    changes = tuple(
        (name, old, new)
        for name in ProfileFields.__struct_fields__
        if name not in NOT_CORRECTED
        and (old := getattr(fields, name)) != (new := getattr(corrected, name))
    )
    if not changes:
        return UNCHANGED
    return Correction(fields=corrected, changes=changes)


def anonymous(fields: ProfileFields) -> ProfileFields:
    """The fields without what says who the person is."""
    return msgspec.structs.replace(fields, **dict.fromkeys(PERSONAL, ""), address_extra="")
