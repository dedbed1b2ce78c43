"""The SQL on dossiers: one effect that keeps what was told, and functions that read lists.

Every statement but `KEEP` names one account, which the index leads to. Statements on lists are put
together from the constants of this file only; whatever somebody chose is a parameter (IN-04).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from services.dossiers.folding import fold
from services.dossiers.lists import DATES, LIFE, Choice, Place
from services.dossiers.tellings import NEVER, Told
from shared.contracts.dossiers import SORTS, DossierRow
from shared.database import Connection
from shared.messaging.handlers import SqlEffect

#: The parts of a dossier: the column of the version that told one, and its columns.
PARTS = {
    "version": ("account_id", "kind", "status", "processed"),
    "number_version": ("number", "number_folded"),
    "contents_version": (
        "establishment",
        "medicine",
        "dosage",
        "pharmaceutical_form",
        "contents_folded",
        "filed_on",
    ),
    "decision_version": ("decided_on",),
}
WRITTEN = ("dossier_id", *(name for part in PARTS.items() for name in (part[0], *part[1])))
TYPES = {"account_id": "uuid", "processed": "boolean", "filed_on": "date", "decided_on": "date"}
TYPES |= dict.fromkeys(PARTS, "integer")
NEWER = {version: f"excluded.{version} > kept.{version}" for version in PARTS}
# Each part follows its own version: what comes late fills in what nothing later has told. What is
# told again, or is older in every part, writes nothing. An effect: its values begin at $3.
KEEP = "\n".join(
    (
        f"INSERT INTO dossiers AS kept ({', '.join(WRITTEN)})",
        "SELECT",
        ", ".join(f"${at}::{TYPES.get(name, 'text')}" for at, name in enumerate(WRITTEN, 3)),
        "FROM first",
        "ON CONFLICT (dossier_id) DO UPDATE SET",
        ",\n".join(
            f"{name} = CASE WHEN {NEWER[version]} THEN excluded.{name} ELSE kept.{name} END"
            for version, columns in PARTS.items()
            for name in (version, *columns)
        ),
        f"WHERE {' OR '.join(NEWER.values())}",
    )
)
TALLY = """
SELECT tab, kind, status, count(*) AS number FROM dossiers WHERE account_id = $1
GROUP BY tab, kind, status
"""
COUNT = "SELECT count(*) FROM dossiers"
SELECT = """
SELECT dossier_id, kind, number, status, establishment, medicine, dosage, pharmaceutical_form,
    nullif(filed_on, 'infinity') AS filed_on, nullif(decided_on, 'infinity') AS decided_on,
"""
SEARCHED = "number_folded || E'\\n' || contents_folded"
# In the order of a dossier's life, then by text.
STATUS_ORDER = "coalesce(array_position(ARRAY[{}], status), 9)::text || status".format(
    ", ".join(f"'{one}'" for one in LIFE)
)
#: What each sort compares. A date's bare name would be the answer's own column, which no index has.
COMPARED = {name: f"{name} COLLATE as_read" for name in SORTS if name not in DATES} | {
    "filed_on": "dossiers.filed_on",
    "decided_on": "dossiers.decided_on",
    "kind": "kind",
    "status": f"({STATUS_ORDER}) COLLATE as_read",
}


def keep(told: Told) -> SqlEffect:
    """Keep of `told` what no later version has told; a part that it does not tell has version 0."""
    at, number, contents, decided_on = told.version, told.number, told.contents, told.decided_on
    numbered = (at, number, fold(number)) if number else (0, "", "")
    filled = (0, "", "", "", "", "", NEVER)
    if contents is not None:
        filled = (
            at,
            contents.establishment,
            contents.medicine,
            contents.dosage,
            contents.pharmaceutical_form,
            contents.folded,
            contents.filed_on,
        )
    decision = (0, NEVER) if decided_on is None else (at, decided_on)
    state = (at, told.account_id, told.kind, told.status, told.processed)
    return SqlEffect(KEEP, (told.dossier_id, *state, *numbered, *filled, *decision))


async def tally(tx: Connection, account_id: str) -> list[tuple[int, str, str, int]]:
    """(tab, kind, status, how many) of all the account's dossiers."""
    found = await tx.fetch(TALLY, account_id)
    return [(row["tab"], row["kind"], row["status"], row["number"]) for row in found]


async def count(tx: Connection, account_id: str, choice: Choice) -> int:
    """How many dossiers of the account are chosen."""
    where = _Where(account_id, choice)
    return int(await tx.fetchval(" ".join((COUNT, "WHERE", str(where))), *where.given))


async def rows(
    tx: Connection,
    account_id: str,
    choice: Choice,
    *,
    limit: int,
    skipped: int = 0,
    after: Place | None = None,
) -> list[tuple[DossierRow, date | str]]:
    """The chosen dossiers in order, each with its value of the column sorted by.

    At most `limit`, without the first `skipped`, and only those behind `after` if it is given.
    """
    where = _Where(account_id, choice)
    compared = COMPARED[choice.sort]
    if after is not None:
        where.behind(compared, after, choice)
    way = "DESC" if choice.descending else "ASC"
    parts = [SELECT, f"{compared} AS compared FROM dossiers WHERE {where}"]
    parts.append(f"ORDER BY {compared} {way}, dossier_id {way}")
    parts.append(f"LIMIT {where.value(limit)} OFFSET {where.value(skipped)}")
    found = await tx.fetch("\n".join(parts), *where.given)
    return [(_row(row), row["compared"]) for row in found]


class _Where:
    """A condition put together from constants, and the values it is given."""

    def __init__(self, account_id: str, choice: Choice) -> None:
        self.given: list[Any] = []
        self._parts = [f"account_id = {self.value(account_id)}"]
        if choice.tab is not None:
            self._parts.append(f"tab = {self.value(choice.tab)}")
        if choice.kind:
            self._parts.append(f"kind = {self.value(choice.kind)}")
        if choice.status:
            self._parts.append(f"status = {self.value(choice.status)}")
        for word in choice.words:
            self._parts.append(f"strpos({SEARCHED}, {self.value(word)}) > 0")

    def behind(self, compared: str, place: Place, choice: Choice) -> None:
        """Only what stands behind `place` in the order chosen."""
        sign = "<" if choice.descending else ">"
        # As a date, so that the driver says `infinity` for one that is not there.
        dated = choice.sort in DATES
        value = self.value(date.fromisoformat(place.value) if dated else place.value)
        kind = "date" if dated else "text"
        place_id = self.value(place.dossier_id)
        self._parts.append(f"({compared}, dossier_id) {sign} ({value}::{kind}, {place_id})")

    def value(self, value: object) -> str:
        """Give the statement a value; returns its placeholder."""
        self.given.append(value)
        return f"${len(self.given)}"

    def __str__(self) -> str:
        return " AND ".join(self._parts)


def _row(row: Any) -> DossierRow:
    return DossierRow(**{name: row[name] for name in DossierRow.__struct_fields__})
