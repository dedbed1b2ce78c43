"""Files of dossier events: one line of CSV per event, UTF-8, separated by `;` or `,`.

The first line names the columns, in any order. Each event is checked by the rules of the service
`dossiers`; a mistake is reported with the number of its line.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.dossiers.dossier_updates import from_event
from shared.contracts import backoffice
from shared.domain.typed_text import clean_edges
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


@dataclass(frozen=True, kw_only=True)
class RowError:
    """Why a line is invalid."""

    line: int
    reason: str


def read_file(content: bytes, now: datetime) -> tuple[list[Entry], list[RowError]]:
    """The events of a file, and its mistakes; times are checked against `now`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return [], [RowError(line=line, reason="it is not UTF-8")]
    entries: list[Entry] = []
    mistakes: list[RowError] = []
    firsts: dict[tuple[str, int], Entry] = {}
    for line, cells in _records(text, mistakes):
        try:
            entry = _entry(line, cells, now)
            _check_version(entry, firsts)
        except (Reject, ValueError) as error:
            mistakes.append(RowError(line=line, reason=str(error)))
        else:
            entries.append(entry)
    if not entries and not mistakes:
        mistakes.append(RowError(line=1, reason="there is no event in the file"))
    return entries, mistakes


def _records(text: str, mistakes: list[RowError]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each record by the line it begins on, its cells by column."""
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    line = 1
    try:
        for row in reader:
            begun, line = line, reader.line_num + 1
            cells = [clean_edges(cell) for cell in row]
            if not any(cells):
                continue
            if not header:
                header = cells
                _check_header(header)
            elif len(cells) != len(header):
                reason = f"it has {len(cells)} columns, the first line {len(header)}"
                mistakes.append(RowError(line=begun, reason=reason))
            else:
                yield begun, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        mistakes.append(RowError(line=line, reason=f"it is not CSV: {error}"))
    except ValueError as error:
        mistakes.append(RowError(line=1, reason=str(error)))


def _check_header(header: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing:
        raise ValueError(f"the first line must name the columns; missing: {', '.join(missing)}")
    if unknown:
        raise ValueError(f"there is no column {', '.join(unknown)}")
    if len(header) != len(COLUMNS):
        raise ValueError("a column is named twice")


def _entry(line: int, cells: Mapping[str, str], now: datetime) -> Entry:
    """ValueError or Reject give the reason why a line is invalid."""
    if cells["event"] not in EVENTS:
        raise ValueError(f"event must be one of {', '.join(EVENTS)}")
    kind, own, moment = EVENTS[cells["event"]]
    for name in (*CONTENTS, "status"):
        if cells[name] and name not in own:
            raise ValueError(f"{name} must be empty: {cells['event']} does not tell it")
    if not cells["account"]:
        raise ValueError("account is empty")
    fields: dict[str, Any] = {name: cells[name] for name in ("dossier_id", "kind", "number", *own)}
    fields["version"] = _number(cells["version"])
    fields[moment] = _moment(cells["at"])
    event = kind(**fields)
    try:
        from_event(event, _ANY_ACCOUNT, now)
    except Reject as rejected:
        raise ValueError(rejected.reason.replace(moment, "at")) from None
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
