"""What one event tells of a dossier, and whether it may be believed. Pure.

A dossier has four parts, each with the version that told it last: its state (whose it is, kind,
status, whether it is processed), its number, what the applicant filled in with the date of filing,
and the date of the decision. The store keeps the highest version of each part.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.dossiers.folding import SEPARATOR, fold
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
from shared.errors import Reject

PARIS = ZoneInfo("Europe/Paris")
#: A date that is not there: after all others, as `infinity` in the database.
NEVER = date.max
HIGHEST_VERSION = 2**31 - 1
#: Fit to stand in an address as it is.
DOSSIER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}")
#: Characters, after NFC and without outer blanks.
LONGEST = {
    "number": 50,
    "status": 60,
    "establishment": 200,
    "medicine": 300,
    "dosage": 100,
    "pharmaceutical_form": 100,
}
#: Moments before this year, or later than now by more than clocks differ, are mistakes.
FIRST_YEAR = 1990
CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the applicant filled in, and the day of filing or `NEVER`."""

    establishment: str
    medicine: str
    dosage: str
    pharmaceutical_form: str
    folded: str
    filed_on: date


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one event tells; a part that it does not tell is None. `decided_on` is `NEVER` where it
    tells that there is no decision."""

    dossier_id: str
    version: int
    account_id: UUID
    kind: str
    status: str
    processed: bool
    number: str | None
    contents: Contents | None
    decided_on: date | None


def told_by(event: DossierEvent, subject: str | None, now: datetime) -> Told:
    """What `event` about the account `subject` tells, or `Reject` with the reason."""
    if not DOSSIER_ID.fullmatch(event.dossier_id):
        raise Reject("dossier_id must be 1 to 64 letters, digits and . _ ~ : -")
    if not 1 <= event.version <= HIGHEST_VERSION:
        raise Reject(f"version must be 1 to {HIGHEST_VERSION}")
    if event.kind not in KINDS:
        raise Reject(f"kind must be one of {', '.join(KINDS)}")
    status, processed = _state(event)
    return Told(
        dossier_id=event.dossier_id,
        version=event.version,
        account_id=_account(subject),
        kind=event.kind,
        status=status,
        processed=processed,
        number=_line("number", event.number) or None,
        contents=_contents(event, now) if isinstance(event, DossierContents) else None,
        decided_on=_decided_on(event, now),
    )


def _account(subject: str | None) -> UUID:
    if subject is None:
        raise Reject("it does not say whose dossier: the subject is missing")
    try:
        return UUID(subject)
    except ValueError:
        raise Reject("the subject must be an account's id, which is a UUID") from None


def _state(event: DossierEvent) -> tuple[str, bool]:
    if isinstance(event, DossierSaved):
        return "draft", False
    if isinstance(event, DossierFiled):
        return "filed", False
    if isinstance(event, DossierWithdrawn):
        return "withdrawn", True
    assert isinstance(event, DossierStatusChanged | DossierDecided)
    status = _line("status", event.status)
    if not status:
        raise Reject("status is empty")
    return status, isinstance(event, DossierDecided)


def _contents(event: DossierContents, now: datetime) -> Contents:
    columns = {
        name: _line(name, getattr(event, name))
        for name in ("establishment", "medicine", "dosage", "pharmaceutical_form")
    }
    filed_on = NEVER
    if isinstance(event, DossierFiled):
        filed_on = _day("filed_at", event.filed_at, now)
    elif isinstance(event, DossierSaved):
        _day("saved_at", event.saved_at, now)
    folded = SEPARATOR.join(fold(text) for text in columns.values())
    return Contents(**columns, folded=folded, filed_on=filed_on)


def _decided_on(event: DossierEvent, now: datetime) -> date | None:
    """A withdrawal leaves the decision that there may be; every other event knows."""
    if isinstance(event, DossierWithdrawn):
        _day("withdrawn_at", event.withdrawn_at, now)
        return None
    if isinstance(event, DossierDecided):
        return _day("decided_at", event.decided_at, now)
    if isinstance(event, DossierStatusChanged):
        _day("changed_at", event.changed_at, now)
    return NEVER


def _line(name: str, value: str) -> str:
    """One line of text as it is kept."""
    text = unicodedata.normalize("NFC", value).strip()
    # Most texts are printable as a whole; blanks other than ours are not, and allowed.
    if not text.isprintable() and any(map(_is_invisible, text)):
        raise Reject(f"{name} holds a control or invisible character")
    if len(text) > LONGEST[name]:
        raise Reject(f"{name} is longer than {LONGEST[name]} characters")
    return text


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char)[0] == "C" or char in "\u2028\u2029"


def _day(name: str, moment: datetime, now: datetime) -> date:
    """The agency's calendar day of a moment."""
    if moment.tzinfo is None:
        raise Reject(f"{name} has no time zone")
    if not datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) <= moment <= now + CLOCKS_DIFFER:
        raise Reject(f"{name} is before {FIRST_YEAR} or in the future")
    return moment.astimezone(PARIS).date()
