"""Files of dossier events: one line of CSV per event.

Each event is checked by the rules of the service `dossiers`; every fault of a line is reported with
the number of the line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from operations.operate.csv_lines import RowError, read_lines
from services.dossiers.dossier_updates import MIN_VERSION, from_event
from shared.contracts import backoffice
from shared.errors import Reject

PARIS = ZoneInfo("Europe/Paris")
NOON = time(12, tzinfo=PARIS)
CONTENTS = ("establishment", "medicine", "dosage", "pharmaceutical_form")
COLUMNS = ("event", "account", "dossier_id", "version", "kind", "number", *CONTENTS, "status", "at")
#: The columns that an event has besides the common ones, and its field for `at`.
EVENTS: Mapping[str, tuple[type[backoffice.DossierEvent], tuple[str, ...], str]] = {
    "saved": (backoffice.DossierSaved, CONTENTS, "saved_at"),
    "filed": (backoffice.DossierFiled, CONTENTS, "filed_at"),
    "status_changed": (backoffice.DossierStatusChanged, ("status",), "changed_at"),
    "decided": (backoffice.DossierDecided, ("status",), "decided_at"),
    "withdrawn": (backoffice.DossierWithdrawn, (), "withdrawn_at"),
}
#: Any account's id, to check an event before its account is known.
_ANY_ACCOUNT = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The event of one line, with the account as typed."""

    line: int
    account: str
    event: backoffice.DossierEvent


def read_file(content: bytes, now: datetime) -> tuple[list[Entry], list[RowError]]:
    """The events of a file, and its mistakes; times are checked against `now`."""
    entries: list[Entry] = []
    mistakes: list[RowError] = []
    firsts: dict[tuple[str, int], Entry] = {}
    for line, cells in read_lines(content, mistakes, required=COLUMNS):
        try:
            entry = _entry(line, cells, now)
            _check_version(entry, firsts)
        except ValueError as error:
            mistakes.append(RowError(line=line, reason=str(error)))
        else:
            entries.append(entry)
    if not entries and not mistakes:
        mistakes.append(RowError(line=1, reason="there is no event in the file"))
    return entries, mistakes


def _entry(line: int, cells: Mapping[str, str], now: datetime) -> Entry:
    """The event of a line; ValueError gives every reason why it is invalid."""
    if cells["event"] not in EVENTS:
        raise ValueError(f"event must be one of {', '.join(EVENTS)}")
    kind, own, moment = EVENTS[cells["event"]]
    faults = [
        f"{name} must be empty: {cells['event']} does not tell it"
        for name in (*CONTENTS, "status")
        if cells[name] and name not in own
    ]
    if not cells["account"]:
        faults.append("account is empty")
    fields: dict[str, Any] = {name: cells[name] for name in ("dossier_id", "kind", "number", *own)}
    fields |= {"version": MIN_VERSION, moment: now}
    for name, column, read in (("version", "version", _number), (moment, "at", _moment)):
        try:
            fields[name] = read(cells[column])
        except ValueError as error:
            faults.append(str(error))
    event = kind(**fields)
    try:
        from_event(event, _ANY_ACCOUNT, now)
    except Reject as rejected:
        faults.append(rejected.reason.replace(moment, "at"))
    if faults:
        raise ValueError("; ".join(faults))
    return Entry(line=line, account=cells["account"], event=event)


def _check_version(entry: Entry, firsts: dict[tuple[str, int], Entry]) -> None:
    """Two different events of one version: the first to arrive would win, in an unknown order."""
    event = entry.event
    first = firsts.setdefault((event.dossier_id, event.version), entry)
    if (first.account.casefold(), first.event) != (entry.account.casefold(), event):
        version = f"version {event.version} of {event.dossier_id}"
        raise ValueError(f"line {first.line} tells {version} otherwise: each needs its own")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError("version must be a number from 1")
    return int(text)


def _moment(text: str) -> datetime:
    """A moment with its time zone; a day alone is its noon in Paris."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("at must be like 2026-01-15T10:00:00+01:00 or 2026-01-15") from None
    if len(text) <= len("2026-01-15"):
        return datetime.combine(moment.date(), NOON)
    return moment
