"""SQL on the cache of directory records, as functions that take the connection.

Records are public. The purge deletes expired ones, and the oldest beyond `MAX_ROWS`.
"""

from datetime import datetime, timedelta

import msgspec

from services.profile.establishment_record import EstablishmentRecord
from shared.database import Connection

RETENTION = timedelta(hours=24)
MAX_ROWS = 10_000

READ = "SELECT answer FROM directory_answers WHERE siret = $1 AND expires_at > $2"
UPSERT = """
INSERT INTO directory_answers (siret, answer, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (siret) DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at
"""
# Locks only the rows to delete: OFFSET together with FOR UPDATE would lock the others too.
DELETE_EXPIRED = """
DELETE FROM directory_answers
WHERE siret IN (
    SELECT siret FROM directory_answers
    WHERE expires_at <= $1 OR expires_at < (
        SELECT expires_at FROM directory_answers ORDER BY expires_at DESC OFFSET $2 - 1 LIMIT 1)
    FOR UPDATE SKIP LOCKED)
"""


async def read(connection: Connection, siret: str, now: datetime) -> EstablishmentRecord | None:
    """The record, if it was cached within the last day."""
    text = await connection.fetchval(READ, siret, now)
    return None if text is None else msgspec.json.decode(text, type=EstablishmentRecord)


async def save(
    connection: Connection, siret: str, record: EstablishmentRecord, now: datetime
) -> None:
    """Cache a record for a day."""
    text = msgspec.json.encode(record).decode()
    await connection.execute(UPSERT, siret, text, now + RETENTION)


async def delete_expired(tx: Connection, now: datetime, max_rows: int = MAX_ROWS) -> None:
    """Delete expired records, and the oldest beyond `max_rows`."""
    await tx.execute(DELETE_EXPIRED, now, max_rows)
