"""Validates an event about a dossier and turns it into an update. Pure.

A dossier has four parts, each with a version of its own: its state (account, kind, status, whether
it is processed), its number, the contents with the date of filing, and the date of the decision.
The store keeps the highest version of each part.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.dossiers.search_text import SEPARATOR, normalize
from shared.contracts.backoffice import (
    KINDS,
    DossierContents,
    DossierDecided,
    DossierEvent,
    DossierFiled,
    DossierSaved,
    DossierStatusChanged,
    DossierWithdrawn,
)
from shared.domain.typed_text import MAX_MARKS_IN_A_ROW, UnsafeText, clean_line
from shared.errors import Reject

PARIS = ZoneInfo("Europe/Paris")
NIL = UUID(int=0)
#: A missing date, sorted after all others; `infinity` in the database.
NO_DATE = date.max
MIN_VERSION = 1
MAX_VERSION = 2**31 - 1
#: Needs no escaping in a URL.
DOSSIER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}")
#: What the applicant filled in.
CONTENTS = ("establishment", "medicine", "dosage", "pharmaceutical_form")
#: In characters, after NFC and without outer blanks.
MAX_LENGTHS = {
    "number": 50,
    "status": 60,
    "establishment": 200,
    "medicine": 300,
    "dosage": 100,
    "pharmaceutical_form": 100,
}
#: Earlier times are refused, as are times in the future beyond `MAX_CLOCK_SKEW`.
MIN_YEAR = 1990
MAX_CLOCK_SKEW = timedelta(days=1)
#: The status that an event implies, if it has none itself.
IMPLIED_STATUSES = {DossierSaved: "draft", DossierFiled: "filed", DossierWithdrawn: "withdrawn"}
#: The event's field with its time.
TIMES = {
    DossierSaved: "saved_at",
    DossierFiled: "filed_at",
    DossierStatusChanged: "changed_at",
    DossierDecided: "decided_at",
    DossierWithdrawn: "withdrawn_at",
}


@dataclass(frozen=True, kw_only=True)
class DossierUpdate:
    """The columns of a dossier, in the order of the table. A part that the event lacks has version
    0."""

    dossier_id: str
    version: int
    account_id: UUID
    kind: str
    status: str
    processed: bool
    number_version: int = 0
    number: str = ""
    number_folded: str = ""
    contents_version: int = 0
    establishment: str = ""
    medicine: str = ""
    dosage: str = ""
    pharmaceutical_form: str = ""
    contents_folded: str = ""
    filed_on: date = NO_DATE
    decision_version: int = 0
    decided_on: date = NO_DATE


def from_event(event: DossierEvent, subject: str | None, now: datetime) -> DossierUpdate:
    """The update by `event` about the account `subject`.

    Raises `Reject` with every reason why it is invalid.
    """
    faults: list[str] = []
    if not DOSSIER_ID.fullmatch(event.dossier_id):
        faults.append("dossier_id must be 1 to 64 letters, digits and . _ ~ : -")
    if not MIN_VERSION <= event.version <= MAX_VERSION:
        faults.append(f"version must be {MIN_VERSION} to {MAX_VERSION}")
    if event.kind not in KINDS:
        faults.append(f"kind must be one of {', '.join(KINDS)}")
    status = IMPLIED_STATUSES.get(type(event)) or _line(event, "status", faults)
    if status == "":
        faults.append("status is empty")
    account_id = _account_id(subject, faults)
    parts: dict[str, Any] = {}
    if number := _line(event, "number", faults):
        parts |= {"number": number, "number_folded": normalize(number)}
        parts["number_version"] = event.version
    if isinstance(event, DossierContents):
        parts |= {name: _line(event, name, faults) or "" for name in CONTENTS}
        parts["contents_folded"] = SEPARATOR.join(normalize(parts[name]) for name in CONTENTS)
        parts["contents_version"] = event.version
    day = _calendar_day(event, TIMES[type(event)], now, faults)
    if faults:
        raise Reject("; ".join(faults))
    if isinstance(event, DossierFiled):
        parts["filed_on"] = day
    # A withdrawal keeps the date of the decision; every other event sets or clears it.
    if not isinstance(event, DossierWithdrawn):
        parts["decided_on"] = day if isinstance(event, DossierDecided) else NO_DATE
        parts["decision_version"] = event.version
    return DossierUpdate(
        dossier_id=event.dossier_id,
        version=event.version,
        account_id=account_id,
        kind=event.kind,
        status=status or "",
        processed=isinstance(event, DossierDecided | DossierWithdrawn),
        **parts,
    )


def _account_id(subject: str | None, faults: list[str]) -> UUID:
    if subject is None:
        faults.append("the subject is missing: it must be the account's id")
        return NIL
    try:
        return UUID(subject)
    except ValueError:
        faults.append("the subject must be an account's id, which is a UUID")
        return NIL


def _line(event: DossierEvent, name: str, faults: list[str]) -> str | None:
    """A field of the event as stored; None where it is invalid."""
    try:
        text = clean_line(getattr(event, name), MAX_LENGTHS[name])
    except UnsafeText as unsafe:
        if unsafe.code == "too_many_marks":
            faults.append(f"{name} holds more than {MAX_MARKS_IN_A_ROW} marks in a row")
        else:
            faults.append(f"{name} is longer than {MAX_LENGTHS[name]} characters")
        return None
    # Other blanks than ASCII's are not printable but permitted.
    if not text.isprintable() and any(map(_is_invisible, text)):
        faults.append(f"{name} holds a control or invisible character")
        return None
    if len(text) > MAX_LENGTHS[name]:
        faults.append(f"{name} is longer than {MAX_LENGTHS[name]} characters")
        return None
    return text


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char)[0] == "C" or char in "\u2028\u2029"


def _calendar_day(event: DossierEvent, name: str, now: datetime, faults: list[str]) -> date:
    """The calendar day of a time of the event, at the agency."""
    moment: datetime = getattr(event, name)
    if moment.tzinfo is None:
        faults.append(f"{name} has no time zone")
        return NO_DATE
    if not datetime(MIN_YEAR, 1, 1, tzinfo=UTC) <= moment <= now + MAX_CLOCK_SKEW:
        faults.append(f"{name} is before {MIN_YEAR} or in the future")
        return NO_DATE
    return moment.astimezone(PARIS).date()
