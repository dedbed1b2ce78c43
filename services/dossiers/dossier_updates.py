"""Validates an event about a dossier and turns it into an update. Pure.

A dossier has four parts, each with a version of its own: its state (account, kind, status, whether
it is processed), its number, the contents with the date of filing, and the date of the decision.
The store keeps the highest version of each part.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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
from shared.errors import Reject

PARIS = ZoneInfo("Europe/Paris")
#: A missing date, sorted after all others; `infinity` in the database.
NO_DATE = date.max
MAX_VERSION = 2**31 - 1
#: Needs no escaping in a URL.
DOSSIER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}")
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


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the applicant filled in, and the day of filing or `NEVER`."""

    establishment: str
    medicine: str
    dosage: str
    pharmaceutical_form: str
    search_text: str
    filed_on: date


@dataclass(frozen=True, kw_only=True)
class DossierUpdate:
    """The parts that an event has; others are None. `decided_on` is `NO_DATE` if there is no
    decision."""

    dossier_id: str
    version: int
    account_id: UUID
    kind: str
    status: str
    processed: bool
    number: str | None
    contents: Contents | None
    decided_on: date | None


def from_event(event: DossierEvent, subject: str | None, now: datetime) -> DossierUpdate:
    """The update by `event` about the account `subject`. Raises `Reject` if it is invalid."""
    if not DOSSIER_ID.fullmatch(event.dossier_id):
        raise Reject("dossier_id must be 1 to 64 letters, digits and . _ ~ : -")
    if not 1 <= event.version <= MAX_VERSION:
        raise Reject(f"version must be 1 to {MAX_VERSION}")
    if event.kind not in KINDS:
        raise Reject(f"kind must be one of {', '.join(KINDS)}")
    status, processed = _state(event)
    return DossierUpdate(
        dossier_id=event.dossier_id,
        version=event.version,
        account_id=_account_id(subject),
        kind=event.kind,
        status=status,
        processed=processed,
        number=_line("number", event.number) or None,
        contents=_contents(event, now) if isinstance(event, DossierContents) else None,
        decided_on=_decided_on(event, now),
    )


def _account_id(subject: str | None) -> UUID:
    if subject is None:
        raise Reject("the subject is missing: it must be the account's id")
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
    filed_on = NO_DATE
    if isinstance(event, DossierFiled):
        filed_on = _calendar_day("filed_at", event.filed_at, now)
    elif isinstance(event, DossierSaved):
        _calendar_day("saved_at", event.saved_at, now)
    search_text = SEPARATOR.join(normalize(text) for text in columns.values())
    return Contents(**columns, search_text=search_text, filed_on=filed_on)


def _decided_on(event: DossierEvent, now: datetime) -> date | None:
    """None, which keeps the stored date, for a withdrawal; every other event sets it."""
    if isinstance(event, DossierWithdrawn):
        _calendar_day("withdrawn_at", event.withdrawn_at, now)
        return None
    if isinstance(event, DossierDecided):
        return _calendar_day("decided_at", event.decided_at, now)
    if isinstance(event, DossierStatusChanged):
        _calendar_day("changed_at", event.changed_at, now)
    return NO_DATE


def _line(name: str, value: str) -> str:
    """The line as stored."""
    text = unicodedata.normalize("NFC", value).strip()
    # Other blanks than ASCII's are not printable but permitted.
    if not text.isprintable() and any(map(_is_invisible, text)):
        raise Reject(f"{name} holds a control or invisible character")
    if len(text) > MAX_LENGTHS[name]:
        raise Reject(f"{name} is longer than {MAX_LENGTHS[name]} characters")
    return text


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char)[0] == "C" or char in "\u2028\u2029"


def _calendar_day(name: str, moment: datetime, now: datetime) -> date:
    """The calendar day of a moment at the agency."""
    if moment.tzinfo is None:
        raise Reject(f"{name} has no time zone")
    if not datetime(MIN_YEAR, 1, 1, tzinfo=UTC) <= moment <= now + MAX_CLOCK_SKEW:
        raise Reject(f"{name} is before {MIN_YEAR} or in the future")
    return moment.astimezone(PARIS).date()
