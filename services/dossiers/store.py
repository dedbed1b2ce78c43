"""SQL on dossiers: one statement that saves an update, and functions that read lists.

Every statement but `UPSERT` filters by one account, the first column of the index. Statements on
lists are built from constants of this file only; all values are parameters (IN-04).
"""

from dataclasses import fields
from datetime import date, datetime
from typing import Any, NamedTuple

from services.dossiers.dossier_updates import CONTENTS, DossierUpdate
from services.dossiers.list_query import DATE_COLUMNS, STATUS_ORDER, Cursor, ListQuery
from shared.contracts.dossiers import SORTS, DossierRow
from shared.database import Connection
from shared.messaging.handlers import SqlEffect

#: The parts of a dossier: the column of its version, and its other columns.
PARTS = {
    "version": ("kind", "status", "processed"),
    "number_version": ("number", "number_folded"),
    "contents_version": (*CONTENTS, "contents_folded", "filed_on"),
    "decision_version": ("decided_on",),
}
COLUMNS = (*(field.name for field in fields(DossierUpdate)), "publisher")
TYPES = {"account_id": "uuid", "processed": "boolean", "filed_on": "date", "decided_on": "date"}
TYPES |= dict.fromkeys(PARTS, "integer")
NEWER = {version: f"excluded.{version} > stored.{version}" for version in PARTS}
# Each part has its own version, so a late event still fills in the parts that no newer event has.
# A repeated event, or one that is older in every part, writes nothing. Values begin at $3.
UPSERT = "\n".join(
    (
        f"INSERT INTO dossiers AS stored ({', '.join(COLUMNS)})",
        "SELECT",
        ", ".join(f"${at}::{TYPES.get(name, 'text')}" for at, name in enumerate(COLUMNS, 3)),
        "FROM first",
        # Of another account or application the table refuses the event: a dossier stays where it
        # was first.
        "ON CONFLICT (dossier_id) DO UPDATE SET account_id = excluded.account_id,",
        "publisher = excluded.publisher,",
        ",\n".join(
            f"{name} = CASE WHEN {NEWER[version]} THEN excluded.{name} ELSE stored.{name} END"
            for version, columns in PARTS.items()
            for name in (version, *columns)
        ),
        f"WHERE {' OR '.join(NEWER.values())} OR excluded.account_id <> stored.account_id",
        "OR excluded.publisher <> stored.publisher",
    )
)
SAVE = f"{UPSERT} RETURNING dossier_id"
_PLACES = {name: f"${at}" for at, name in enumerate((*COLUMNS, "message_id", "type", "at"), 3)}
_NOTICE = len(_PLACES) + 3
SAVE_OUTCOME = f"""
INSERT INTO outcomes (publisher, message_id, type, dossier_id, version, outcome, at)
SELECT {_PLACES["publisher"]}::text, {_PLACES["message_id"]}::text, {_PLACES["type"]}::text,
    {_PLACES["dossier_id"]}::text, {_PLACES["version"]}::integer,
    CASE WHEN EXISTS (SELECT FROM effect) THEN 'accepted' ELSE 'older' END,
    {_PLACES["at"]}::timestamptz
FROM first
"""  # noqa: S608 - constants of this file
SAVE_NOTICE = f"""
INSERT INTO outbox (message_id, type, body, recipient)
SELECT ${_NOTICE}::uuid, ${_NOTICE + 1}::text, ${_NOTICE + 2}::text, {_PLACES["publisher"]}::text
FROM first
"""  # noqa: S608 - constants of this file
COUNT_BY_STATUS = """
SELECT tab, kind, status, count(*) AS number FROM dossiers WHERE account_id = $1
GROUP BY tab, kind, status
"""
COUNT = "SELECT count(*) FROM dossiers"
SELECT = """
SELECT dossier_id, kind, number, status, establishment, medicine, dosage, pharmaceutical_form,
    nullif(filed_on, 'infinity') AS filed_on, nullif(decided_on, 'infinity') AS decided_on,
"""
SEARCHED = "number_folded || E'\\n' || contents_folded"
# In the order of a dossier's life cycle, then by text.
STATUS_SORT_KEY = "coalesce(array_position(ARRAY[{}], status), 9)::text || status".format(
    ", ".join(f"'{status}'" for status in STATUS_ORDER)
)
#: Sort key by column. The bare name of a date would mean the selected column, which has no index.
SORT_KEYS = {name: f"{name} COLLATE as_read" for name in SORTS if name not in DATE_COLUMNS} | {
    "filed_on": "dossiers.filed_on",
    "decided_on": "dossiers.decided_on",
    "kind": "kind",
    "status": f"({STATUS_SORT_KEY}) COLLATE as_read",
}


class Message(NamedTuple):
    """The message of an update: who published it, its id and type, and when it is handled."""

    publisher: str
    message_id: str
    type: str
    at: datetime


class Notice(NamedTuple):
    """An event for the publisher, as its outbox row."""

    message_id: str
    type: str
    body: str


def upsert(update: DossierUpdate, message: Message, notice: Notice | None) -> SqlEffect:
    """The statement that saves the newer parts of `update`, what became of its message, and the
    notice for its publisher."""
    values = (*(getattr(update, name) for name in COLUMNS[:-1]), *message)
    row = update.dossier_id
    if notice is None:
        return SqlEffect(SAVE, values, then=(SAVE_OUTCOME,), row=row)
    return SqlEffect(SAVE, (*values, *notice), then=(SAVE_OUTCOME, SAVE_NOTICE), row=row)


async def count_by_status(tx: Connection, account_id: str) -> list[tuple[int, str, str, int]]:
    """(tab, kind, status, count) of all dossiers of the account."""
    counts = await tx.fetch(COUNT_BY_STATUS, account_id)
    return [(row["tab"], row["kind"], row["status"], row["number"]) for row in counts]


async def count(tx: Connection, account_id: str, query: ListQuery) -> int:
    """How many dossiers of the account match."""
    where = _Where(account_id, query)
    return int(await tx.fetchval(" ".join((COUNT, "WHERE", str(where))), *where.values))


async def read_rows(
    tx: Connection,
    account_id: str,
    query: ListQuery,
    *,
    limit: int,
    offset: int = 0,
    after: Cursor | None = None,
) -> list[tuple[DossierRow, date | str]]:
    """The matching dossiers in order, each with its sort key.

    At most `limit`, without the first `offset`, and only those after the cursor if it is given.
    """
    where = _Where(account_id, query)
    sort_key = SORT_KEYS[query.sort]
    if after is not None:
        where.after(sort_key, after, query)
    direction = "DESC" if query.descending else "ASC"
    parts = [SELECT, f"{sort_key} AS compared FROM dossiers WHERE {where}"]
    parts.append(f"ORDER BY {sort_key} {direction}, dossier_id {direction}")
    parts.append(f"LIMIT {where.value(limit)} OFFSET {where.value(offset)}")
    found = await tx.fetch("\n".join(parts), *where.values)
    return [(_row(row), row["compared"]) for row in found]


class _Where:
    """A condition built from constants, and the values of its parameters."""

    def __init__(self, account_id: str, query: ListQuery) -> None:
        self.values: list[Any] = []
        self._parts = [f"account_id = {self.value(account_id)}"]
        if query.tab is not None:
            self._parts.append(f"tab = {self.value(query.tab)}")
        if query.kind:
            self._parts.append(f"kind = {self.value(query.kind)}")
        if query.status:
            self._parts.append(f"status = {self.value(query.status)}")
        for word in query.words:
            self._parts.append(f"strpos({SEARCHED}, {self.value(word)}) > 0")

    def after(self, sort_key: str, cursor: Cursor, query: ListQuery) -> None:
        """Only rows after the cursor in the order of the query."""
        sign = "<" if query.descending else ">"
        # Passed as a date, which the driver turns into `infinity` if it is `date.max`.
        is_date = query.sort in DATE_COLUMNS
        value = self.value(date.fromisoformat(cursor.value) if is_date else cursor.value)
        kind = "date" if is_date else "text"
        dossier_id = self.value(cursor.dossier_id)
        self._parts.append(f"({sort_key}, dossier_id) {sign} ({value}::{kind}, {dossier_id})")

    def value(self, value: object) -> str:
        """Add a parameter; returns its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"

    def __str__(self) -> str:
        return " AND ".join(self._parts)


def _row(row: Any) -> DossierRow:
    return DossierRow(**{name: row[name] for name in DossierRow.__struct_fields__})
