"""Deletes expired enrolments, failed codes and ends of replacements.

Several processes may purge at once: each skips rows that another one has locked.
"""

from datetime import datetime

from services.mfa import delayed_replacement_store, store
from shared.database import Pool, transaction
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 60
BATCH_SIZE = 200
# Handlers lock one row at a time: waiting for theirs here would be a deadlock.
DELETE_FAILED_CODES = """
DELETE FROM tries
WHERE (account_id, kind) IN (
    SELECT account_id, kind FROM tries WHERE forget_at <= $1 FOR UPDATE SKIP LOCKED)
"""

log = get_logger("mfa")


async def purge(pool: Pool, now: datetime) -> int:
    """Delete what has expired at `now`; returns how many enrolments."""
    total = 0
    while True:
        async with transaction(pool) as tx:
            deleted = await store.delete_expired_enrolments(tx, now, BATCH_SIZE)
            await tx.execute(DELETE_FAILED_CODES, now)
            await delayed_replacement_store.delete_forgotten(tx, now)
        total += deleted
        if deleted < BATCH_SIZE:
            break
    if total:
        log.info("Deleted expired enrolments.", action="enrolments_purged", enrolments=total)
    return total
