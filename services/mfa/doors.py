"""The SQL on wrong codes, as functions that take the transaction; the account is locked already."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.mfa.tries import Tries
from shared.database import Connection

#: How long failures count that no right code followed.
KEPT = timedelta(days=30)

READ = "SELECT wrong, failures FROM tries WHERE account_id = $1 AND kind = $2"
KEEP = """
INSERT INTO tries (account_id, kind, wrong, failures, forget_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, kind) DO UPDATE
    SET wrong = excluded.wrong, failures = excluded.failures, forget_at = excluded.forget_at
"""
FORGIVE = "UPDATE tries SET failures = 0 WHERE account_id = $1 AND kind = $2"
# Who counts holds a row at a time: waiting for one of them here would be a deadlock.
FORGET = """
DELETE FROM tries
WHERE (account_id, kind) IN (
    SELECT account_id, kind FROM tries WHERE forget_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def read(tx: Connection, account_id: str, kind: str) -> Tries:
    """The wrong codes that count."""
    row = await tx.fetchrow(READ, account_id, kind)
    if row is None:
        return Tries()
    return Tries(wrong=tuple(row["wrong"]), failures=row["failures"])


async def keep(tx: Connection, account_id: str, kind: str, tries: Tries, now: datetime) -> None:
    """Store them after one more."""
    await tx.execute(KEEP, account_id, kind, list(tries.wrong), tries.failures, now + KEPT)


async def forgive(tx: Connection, account_id: str, kind: str) -> None:
    """A code was right: the next wrong one is the first again; those of the day still count."""
    await tx.execute(FORGIVE, account_id, kind)


async def forget(tx: Connection, now: datetime) -> None:
    """Delete what nobody counts any more."""
    await tx.execute(FORGET, now)
