"""Looks a SIRET up: in the cache, else in the company directory.

Records are public. The purge deletes expired ones, and the oldest beyond `MAX_ROWS`.
"""

from datetime import datetime, timedelta

import msgspec

from services.profile.deps import Deps
from services.profile.establishment_record import EstablishmentRecord
from shared.database import Connection, Pool, acquire
from shared.database.rows import upsert

#: The state of a check that the directory did not answer.
DEFERRED = "deferred"
RETENTION = timedelta(hours=24)
MAX_ROWS = 10_000

READ = "SELECT answer FROM directory_answers WHERE siret = $1 AND expires_at > $2"
# Locks only the rows to delete: OFFSET together with FOR UPDATE would lock the others too.
DELETE_EXPIRED = """
DELETE FROM directory_answers
WHERE siret IN (
    SELECT siret FROM directory_answers
    WHERE expires_at <= $1 OR expires_at < (
        SELECT expires_at FROM directory_answers ORDER BY expires_at DESC OFFSET $2 - 1 LIMIT 1)
    FOR UPDATE SKIP LOCKED)
"""


async def find(
    siret: str, deps: Deps, pool: Pool, *, background: bool = False
) -> EstablishmentRecord:
    """The record of a SIRET with a right check digit, `deferred` if the directory does not answer.

    Call it outside transactions; with `background` if no user is waiting.
    """
    if deps.directory is None:
        return EstablishmentRecord(state=DEFERRED)
    async with acquire(pool) as connection:
        cached = await connection.fetchval(READ, siret, deps.clock())
    if cached is not None:
        return msgspec.json.decode(cached, type=EstablishmentRecord)
    record = await deps.directory.ask(siret, background=background)
    if record is None:
        return EstablishmentRecord(state=DEFERRED)
    row = {
        "siret": siret,
        "answer": msgspec.json.encode(record).decode(),
        "expires_at": deps.clock() + RETENTION,
    }
    async with acquire(pool) as connection:
        await upsert(connection, "directory_answers", row, "siret")
    return record


async def delete_expired(tx: Connection, now: datetime, max_rows: int = MAX_ROWS) -> None:
    """Delete expired records, and the oldest beyond `max_rows`."""
    await tx.execute(DELETE_EXPIRED, now, max_rows)
