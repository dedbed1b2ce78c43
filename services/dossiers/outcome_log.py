"""Reads what became of messages about dossiers, for an operator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.dossiers.search_text import normalize
from shared.database import Connection

_SELECT = """
SELECT at, publisher, message_id, type, dossier_id, version, outcome, reason, detail
FROM outcomes AS o
"""
#: Of one dossier: by the publisher's id, or by « N° de fiche » as people write it.
_OF_DOSSIER = """
(o.dossier_id = {place} OR o.dossier_id IN (
    SELECT dossier_id FROM dossiers
    WHERE number_folded <> '' AND number_signs(number_folded) = number_signs({folded})))
"""


@dataclass(frozen=True)
class LoggedOutcome:
    """What became of one message. `outcome` is `accepted`, `older` (it changed nothing) or
    `refused`, with `reason` and `detail`."""

    at: datetime
    publisher: str
    message_id: str
    type: str
    dossier_id: str
    version: int | None
    outcome: str
    reason: str
    detail: str


async def read_log(
    connection: Connection,
    *,
    message_id: str | None = None,
    dossier: str | None = None,
    publisher: str | None = None,
    limit: int,
) -> list[LoggedOutcome]:
    """The latest outcomes first, of everything that is given; of all messages without."""
    values: list[Any] = []
    parts: list[str] = []

    def place(value: object) -> str:
        values.append(value)
        return f"${len(values)}"

    if message_id is not None:
        parts.append(f"o.message_id = {place(message_id)}::text")
    if publisher is not None:
        parts.append(f"o.publisher = {place(publisher)}::text")
    if dossier is not None:
        own, folded = f"{place(dossier)}::text", f"{place(normalize(dossier))}::text"
        parts.append(_OF_DOSSIER.format(place=own, folded=folded))
    where = f"WHERE {' AND '.join(parts)}" if parts else ""
    sql = f"{_SELECT} {where} ORDER BY at DESC LIMIT {place(limit)}"
    return [LoggedOutcome(**dict(row)) for row in await connection.fetch(sql, *values)]
