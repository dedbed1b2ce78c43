"""Two versions of a draft: what somebody typed, and what another window has saved since (P-01)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.gateway.portal import profile_form
from services.gateway.portal.profile_fields import FIELDS
from shared.contracts.profile.views import ProfileFields

#: What the button « Reprendre toute la version enregistrée » sends instead of a field's name.
ALL = "all"
#: The version of a form of which parts were taken over: it is compared again.
COMPARED_AGAIN = "0"
_FIELDS = tuple(field for field in FIELDS if field.name in profile_form.TYPED)


@dataclass(frozen=True)
class OtherValue:
    """A field's value in the other version: for the form, and as people read it."""

    value: str
    text: str


def is_outdated(values: Mapping[str, str], version: int) -> bool:
    """Whether a form was filled in from another version than this one."""
    based_on = profile_form.parse_version(values.get("version", ""))
    return based_on is not None and based_on != version


def other_values(
    values: Mapping[str, str], other: ProfileFields, lang: str
) -> dict[str, OtherValue]:
    """The fields that differ, with what the other version has there."""
    choices = profile_form.choices(lang)
    found = {}
    for field in _FIELDS:
        value = getattr(other, field.name)
        if value.strip() != values.get(field.name, "").strip():
            labels = dict(choices[field.choices]) if field.choices else {}
            found[field.name] = OtherValue(value, labels.get(value, value))
    return found


def take_over(values: Mapping[str, str], other: ProfileFields, name: str) -> dict[str, str] | None:
    """The form with one field of the other version, or all of it; None for an unknown name."""
    theirs = profile_form.to_form(other)
    if name == ALL:
        return {**values, **theirs, "version": COMPARED_AGAIN}
    if name not in profile_form.TYPED:
        return None
    return {**values, name: theirs[name], "version": COMPARED_AGAIN}
