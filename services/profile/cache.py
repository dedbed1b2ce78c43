"""The SQL on the public directory's answers, kept for a day, as functions taking the connection.

They are public data, and few: the purge deletes what is too old or too much.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from services.profile.answers import Answer
from shared.database import Connection

KEPT = timedelta(hours=24)
MOST_KEPT = 10_000

READ = "SELECT answer FROM directory_answers WHERE siret = $1 AND expires_at > $2"
KEEP = """
INSERT INTO directory_answers (siret, answer, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (siret) DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at
"""
# Only what goes is locked: OFFSET beside FOR UPDATE would lock, and so write, every row that stays.
FORGET = """
DELETE FROM directory_answers
WHERE siret IN (
    SELECT siret FROM directory_answers
    WHERE expires_at <= $1 OR expires_at < (
        SELECT expires_at FROM directory_answers ORDER BY expires_at DESC OFFSET $2 - 1 LIMIT 1)
    FOR UPDATE SKIP LOCKED)
"""


async def read(connection: Connection, siret: str, now: datetime) -> Answer | None:
    """The answer of the last day."""
    kept = await connection.fetchval(READ, siret, now)
    return None if kept is None else msgspec.json.decode(kept, type=Answer)


async def keep(connection: Connection, siret: str, answer: Answer, now: datetime) -> None:
    """Keep an answer for a day."""
    text = msgspec.json.encode(answer).decode()
    await connection.execute(KEEP, siret, text, now + KEPT)


async def forget(tx: Connection, now: datetime, most: int = MOST_KEPT) -> None:
    """Delete answers that are too old, and the oldest beyond `most`."""
    await tx.execute(FORGET, now, most)
