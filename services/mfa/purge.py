"""Deletes expired enrolments and failed codes.

Several processes may purge at once: each skips rows that another one has locked.
"""

from datetime import datetime

from services.mfa import failed_code_store, store
from shared.database import Pool, transaction
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 60
BATCH_SIZE = 200

log = get_logger("mfa")


async def purge(pool: Pool, now: datetime) -> int:
    """Delete what has expired at `now`; returns how many enrolments."""
    total = 0
    while True:
        async with transaction(pool) as tx:
            deleted = await store.delete_expired_enrolments(tx, now, BATCH_SIZE)
            await failed_code_store.delete_expired(tx, now)
        total += deleted
        if deleted < BATCH_SIZE:
            break
    if total:
        log.info("Deleted expired enrolments.", action="enrolments_purged", enrolments=total)
    return total
