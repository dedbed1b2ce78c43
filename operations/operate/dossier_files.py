"""Files of dossier events: one line of CSV per event, UTF-8, parted by `;` or `,`.

The first line names the columns, in any order. What is wrong with a line is told with its number;
each event is judged by the rules of the list itself.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.dossiers.dossier_updates import from_event
from shared.contracts import backoffice
from shared.errors import Reject

PARIS = ZoneInfo("Europe/Paris")
NOON = time(12, tzinfo=PARIS)
CONTENTS = ("establishment", "medicine", "dosage", "pharmaceutical_form")
COLUMNS = ("event", "account", "dossier_id", "version", "kind", "number", *CONTENTS, "status", "at")
#: The columns that an event has beside the common ones, and its field for `at`.
EVENTS: Mapping[str, tuple[type[backoffice.DossierEvent], tuple[str, ...], str]] = {
    "saved": (backoffice.DossierSaved, CONTENTS, "saved_at"),
    "filed": (backoffice.DossierFiled, CONTENTS, "filed_at"),
    "status_changed": (backoffice.DossierStatusChanged, ("status",), "changed_at"),
    "decided": (backoffice.DossierDecided, ("status",), "decided_at"),
    "withdrawn": (backoffice.DossierWithdrawn, (), "withdrawn_at"),
}
#: Any account's id, to judge an event before its account is known.
_SOMEBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line that says something: where it stands, about which account, as typed, and what."""

    line: int
    account: str
    event: backoffice.DossierEvent


@dataclass(frozen=True, kw_only=True)
class RowError:
    """A line that cannot be said, and why."""

    line: int
    reason: str


def read_file(content: bytes, now: datetime) -> tuple[list[Entry], list[RowError]]:
    """What a file says, and what is wrong with it; judged by the clock `now`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return [], [RowError(line=line, reason="it is not UTF-8")]
    entries: list[Entry] = []
    mistakes: list[RowError] = []
    told: dict[tuple[str, int], Entry] = {}
    for line, cells in _records(text, mistakes.append):
        try:
            entry = _entry(line, cells, now)
            _check_version(entry, told)
        except (Reject, ValueError) as error:
            mistakes.append(RowError(line=line, reason=str(error)))
        else:
            entries.append(entry)
    if not entries and not mistakes:
        mistakes.append(RowError(line=1, reason="there is no event in the file"))
    return entries, mistakes


def _records(
    text: str, wrong: Callable[[RowError], None]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each record by the line it begins on, its cells by column."""
    parted_by = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parted_by, strict=True)
    heads: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            begun, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if heads is None:
                heads = [cell.strip() for cell in cells]
                _check_header(heads)
            elif len(cells) != len(heads):
                reason = f"it has {len(cells)} columns, the first line {len(heads)}"
                wrong(RowError(line=begun, reason=reason))
            else:
                yield begun, dict(zip(heads, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        wrong(RowError(line=line, reason=f"it is not CSV: {error}"))
    except ValueError as error:
        wrong(RowError(line=1, reason=str(error)))


def _check_header(heads: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in heads]
    unknown = [name for name in heads if name not in COLUMNS]
    if missing:
        raise ValueError(f"the first line must name the columns; missing: {', '.join(missing)}")
    if unknown:
        raise ValueError(f"there is no column {', '.join(unknown)}")
    if len(heads) != len(COLUMNS):
        raise ValueError("a column is named twice")


def _entry(line: int, cells: Mapping[str, str], now: datetime) -> Entry:
    """ValueError or Reject say what is wrong."""
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
        from_event(event, _SOMEBODY, now)
    except Reject as rejected:
        raise ValueError(rejected.reason.replace(moment, "at")) from None
    return Entry(line=line, account=cells["account"], event=event)


def _check_version(entry: Entry, told: dict[tuple[str, int], Entry]) -> None:
    """Of two events of one version the first to arrive is kept, and nobody knows which that is."""
    event = entry.event
    first = told.setdefault((event.dossier_id, event.version), entry)
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
