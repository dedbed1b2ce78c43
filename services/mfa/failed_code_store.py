"""SQL on failed codes, as functions that take the transaction; the account is locked."""

from datetime import datetime, timedelta

from services.mfa.failed_codes import FailedCodes
from shared.database import Connection
from shared.database.rows import upsert

#: How long failures count that no right code followed.
RETENTION = timedelta(days=30)

READ = "SELECT wrong, failures FROM tries WHERE account_id = $1 AND kind = $2"
CLEAR_FAILURES = "UPDATE tries SET failures = 0 WHERE account_id = $1 AND kind = $2"


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
    row = {
        "account_id": account_id,
        "kind": kind,
        "wrong": list(failed.times),
        "failures": failed.failures,
        "forget_at": now + RETENTION,
    }
    await upsert(tx, "tries", row, "account_id, kind")


async def clear_failures(tx: Connection, account_id: str, kind: str) -> None:
    """Reset the growing wait after a right code; the failures of the day still count."""
    await tx.execute(CLEAR_FAILURES, account_id, kind)
