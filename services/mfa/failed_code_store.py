"""SQL on failed codes, as functions that take the transaction; the account is locked."""

from datetime import datetime, timedelta

from services.mfa.failed_codes import FailedCodes
from shared.database import Connection

#: How long failures count that no right code followed.
RETENTION = timedelta(days=30)

READ = "SELECT wrong, failures FROM tries WHERE account_id = $1 AND kind = $2"
UPSERT = """
INSERT INTO tries (account_id, kind, wrong, failures, forget_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, kind) DO UPDATE
    SET wrong = excluded.wrong, failures = excluded.failures, forget_at = excluded.forget_at
"""
CLEAR_FAILURES = "UPDATE tries SET failures = 0 WHERE account_id = $1 AND kind = $2"
# Handlers lock one row at a time: waiting for theirs here would be a deadlock.
DELETE_EXPIRED = """
DELETE FROM tries
WHERE (account_id, kind) IN (
    SELECT account_id, kind FROM tries WHERE forget_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def read(tx: Connection, account_id: str, kind: str) -> FailedCodes:
    """The failed codes that still count."""
    row = await tx.fetchrow(READ, account_id, kind)
    if row is None:
        return FailedCodes()
    return FailedCodes(times=tuple(row["wrong"]), failures=row["failures"])


async def save(
    tx: Connection, account_id: str, kind: str, failed: FailedCodes, now: datetime
) -> None:
    """Store the failed codes after one more."""
    expires_at = now + RETENTION
    await tx.execute(UPSERT, account_id, kind, list(failed.times), failed.failures, expires_at)


async def clear_failures(tx: Connection, account_id: str, kind: str) -> None:
    """Reset the growing wait after a right code; the failures of the day still count."""
    await tx.execute(CLEAR_FAILURES, account_id, kind)


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Delete the failed codes that no longer count."""
    await tx.execute(DELETE_EXPIRED, now)
