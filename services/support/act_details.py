"""The fields of each act: which it takes, and what is wrong with those given. Pure.

What only an owner can judge (an establishment, a telephone number) is asked of the owner.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import msgspec

from services.support.agents import parse_agent_address
from services.support.permissions import Role
from services.support.proposals import Proposal
from shared.contracts.base import FieldError, Refusal
from shared.contracts.profile.views import ProfileFields
from shared.domain.person_names import check_name
from shared.domain.typed_days import read_day
from shared.domain.typed_text import UnsafeText, clean_edges, clean_text

MAX_NOTE = 500
MAX_DETAILS = 20
#: The longest object that is read; what is too long in it is then named.
MAX_OBJECT = 20_000
MAX_VALUE = 500
#: Changed by an act of their own, or not at all.
NOT_CORRECTED = ("first_name", "last_name", "phone", "phone_extension", "filled_in", "terms")
CORRECTED = tuple(name for name in ProfileFields.__struct_fields__ if name not in NOT_CORRECTED)
#: The fields of each act that has any; those of `OPTIONAL` may be missing.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "correct_information": CORRECTED,
    "change_address": ("new_address",),
    "change_name": ("first_name", "last_name"),
    "change_telephone": ("phone", "phone_extension"),
    "transfer_dossiers": ("to_account_id", "confirmed_by"),
    "undo_transfer": ("transfer_id",),
    "resend_mail": ("mail_id",),
    "invite_agent": ("address", "role", "language"),
    "change_agent_role": ("role",),
    "export_journal": ("first_day", "last_day"),
}
OPTIONAL = frozenset((*CORRECTED, "phone_extension"))
DAYS = ("first_day", "last_day")
MAIL_ADDRESSES = (("change_address", "new_address"), ("invite_agent", "address"))
#: The longest time that an export of the journal covers.
MAX_EXPORT_DAYS = 366
IDS = ("to_account_id", "transfer_id", "mail_id")
#: Which part of an account a look must open to show a field of an act that has ended.
PARTS: Mapping[str, str] = {
    **dict.fromkeys(CORRECTED, "establishment"),
    **dict.fromkeys(("position", "position_other"), "position"),
    **dict.fromkeys(("phone", "phone_extension", "telephone"), "telephone"),
    "new_address": "address",
    "first_name": "name",
    "last_name": "name",
    # Free text: any look at the account.
    "note": "history",
}
#: Who confirmed a transfer: the leaver in a session, or the establishment called back.
CONFIRMED_BY = ("leaver", "establishment")
#: The values of fields that have a closed list.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "confirmed_by": CONFIRMED_BY,
    "role": tuple(Role),
    "language": ("fr", "en"),
}


def parse_details(text: str) -> dict[str, str] | None:
    """The JSON object of an act's fields; None where it is none, or too long."""
    if not text:
        return {}
    if len(text) > MAX_OBJECT:
        return None
    try:
        details = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        return None
    return None if len(details) > MAX_DETAILS else details


def check_details(
    act: str, details: Mapping[str, str], account_id: str | None
) -> tuple[dict[str, str], Refusal | None]:
    """The fields of an act as stored, and why they are refused, or None."""
    known = FIELDS.get(act, ())
    for name in details:
        if name not in known:
            return {}, Refusal(slug="unknown_choice", params={"field": name})
    errors: list[FieldError] = []
    checked: dict[str, str] = {}
    for name in known:
        if name not in details:
            if name not in OPTIONAL:
                errors.append(FieldError(field=name, code="missing"))
            continue
        if len(details[name]) > MAX_VALUE:
            errors.append(FieldError(field=name, code="too_long", params={"max": MAX_VALUE}))
            continue
        value, error = _check(act, name, details[name], account_id)
        if error is not None:
            errors.append(error)
        checked[name] = value
    if act == "export_journal" and not errors:
        errors += _check_period(checked)
    if known and not errors and not checked:
        errors.append(FieldError(field=known[0], code="unchanged"))
    return checked, Refusal(slug="invalid_fields", errors=tuple(errors)) if errors else None


def shown_details(proposal: Proposal, parts: frozenset[str] | None) -> dict[str, str]:
    """The fields of an act and its note: all while somebody decides on it (`parts` is None), then
    only what says nothing about a person or belongs to the open parts of the account."""
    fields = {**proposal.details, "note": proposal.note}
    if parts is None:
        return fields
    return {
        name: value
        for name, value in fields.items()
        if name not in PARTS or PARTS[name] in parts or proposal.account_id is None
    }


def check_note(text: str) -> tuple[str, FieldError | None]:
    """A note as stored: several lines of plain text."""
    try:
        note = clean_text(text, MAX_NOTE)
    except UnsafeText as unsafe:
        return "", FieldError(field="note", code=unsafe.code)
    if len(note) > MAX_NOTE:
        return "", FieldError(field="note", code="too_long", params={"max": MAX_NOTE})
    return note, None


def _check(
    act: str, name: str, value: str, account_id: str | None
) -> tuple[str, FieldError | None]:
    if name in IDS:
        return _check_id(name, value, account_id)
    if name in ("first_name", "last_name"):
        return check_name(name, value)
    if name in DAYS:
        return _check_day(name, value)
    if name in CHOICES:
        known = value in CHOICES[name]
        return value, None if known else FieldError(field=name, code="missing")
    # The address of a correction is a street.
    if (act, name) in MAIL_ADDRESSES:
        try:
            return parse_agent_address(value, ()), None
        except ValueError:
            return "", FieldError(field=name, code="missing" if not value.strip() else "format")
    return value.strip(), None


def _check_day(name: str, value: str) -> tuple[str, FieldError | None]:
    day = read_day(value)
    if day is None:
        return "", FieldError(field=name, code="format" if clean_edges(value) else "missing")
    return day.isoformat(), None


def _check_period(days: Mapping[str, str]) -> list[FieldError]:
    """What is wrong with the days of an export, which are days."""
    first, last = (date.fromisoformat(days[name]) for name in DAYS)
    if last < first:
        return [FieldError(field="last_day", code="before_first")]
    if (last - first).days >= MAX_EXPORT_DAYS:
        params: dict[str, str | int] = {"max": MAX_EXPORT_DAYS}
        return [FieldError(field="last_day", code="too_long", params=params)]
    return []


def _check_id(name: str, value: str, account_id: str | None) -> tuple[str, FieldError | None]:
    text = clean_edges(value)
    try:
        found = str(UUID(text))
    except ValueError:
        return "", FieldError(field=name, code="format" if text else "missing")
    if name == "to_account_id" and found == account_id:
        return "", FieldError(field=name, code="unchanged")
    return found, None
