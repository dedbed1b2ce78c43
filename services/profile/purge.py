"""Forgets drafts that nobody touched for long, and what the directory answered a day ago.

Runs every minute beside the handlers. Several processes may run it at once: each takes other rows.
A database that is away, or says no for once, is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from services.profile import cache, store
from shared.contracts.profile import OWNER, DraftExpired
from shared.database import TRANSIENT_ERRORS, Pool, transaction
from shared.messaging.connection import describe
from shared.outbox import emit
from shared.runtime.telemetry import get_logger

EVERY_SECONDS = 60
BATCH = 200

log = get_logger("profile")


async def purge(pool: Pool, now: datetime, draft_life: timedelta) -> int:
    """Delete what is over at `now`; returns how many drafts."""
    deleted = 0
    while True:
        async with transaction(pool) as tx:
            gone = await store.delete_old(tx, now - draft_life, BATCH)
            for account_id in gone:
                said = DraftExpired(expired_at=now)
                await emit(tx, OWNER, said, subject=account_id, now=now)
            await cache.forget(tx, now)
        deleted += len(gone)
        if len(gone) < BATCH:
            break
    if deleted:
        log.info("Drafts were forgotten.", action="drafts_purged", drafts=deleted)
    return deleted


async def keep_purging(
    pool: Pool,
    clock: Callable[[], datetime],
    wake_relay: Callable[[], None],
    draft_life: timedelta,
) -> None:
    """Purge every minute, for ever."""
    while True:
        try:
            if await purge(pool, clock(), draft_life):
                wake_relay()
        except TRANSIENT_ERRORS as error:
            log.warning("The purge waits.", action="purge_waits", reason=describe(error))
        await asyncio.sleep(EVERY_SECONDS)
