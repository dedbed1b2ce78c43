"""Deletes drafts that were not changed for long and expired directory records.

Several processes may purge at once: each skips rows that another one has locked.
"""

from datetime import datetime, timedelta

from services.profile import lookup_cache_store, store
from shared.contracts.profile.events import OWNER, DraftExpired
from shared.database import Pool, transaction
from shared.outbox import emit
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 60
BATCH_SIZE = 200

log = get_logger("profile")


async def purge(pool: Pool, now: datetime, draft_retention: timedelta) -> int:
    """Delete what has expired at `now`; returns how many drafts."""
    total = 0
    while True:
        async with transaction(pool) as tx:
            accounts = await store.delete_expired_drafts(tx, now - draft_retention, BATCH_SIZE)
            for account_id in accounts:
                event = DraftExpired(expired_at=now)
                await emit(tx, OWNER, event, subject=account_id, now=now)
            await lookup_cache_store.delete_expired(tx, now)
        total += len(accounts)
        if len(accounts) < BATCH_SIZE:
            break
    if total:
        log.info("Deleted expired drafts.", action="drafts_purged", drafts=total)
    return total
