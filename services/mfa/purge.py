"""Forgets enrolments whose time is over, and wrong codes that nobody counts any more.

Runs every minute beside the handlers. Several processes may run it at once: each takes other rows.
A database that is away, or says no for once, is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from services.mfa import doors, store
from shared.database import TRANSIENT_ERRORS, Pool, transaction
from shared.messaging.connection import describe
from shared.runtime.telemetry import get_logger

EVERY_SECONDS = 60
BATCH = 200

log = get_logger("mfa")


async def purge(pool: Pool, now: datetime) -> int:
    """Delete what is over at `now`; returns how many enrolments."""
    deleted = 0
    while True:
        async with transaction(pool) as tx:
            gone = await store.delete_old(tx, now, BATCH)
            await doors.forget(tx, now)
        deleted += gone
        if gone < BATCH:
            break
    if deleted:
        log.info("Enrolments were forgotten.", action="enrolments_purged", enrolments=deleted)
    return deleted


async def keep_purging(pool: Pool, clock: Callable[[], datetime]) -> None:
    """Purge every minute, for ever."""
    while True:
        try:
            await purge(pool, clock())
        except TRANSIENT_ERRORS as error:
            log.warning("The purge waits.", action="purge_waits", reason=describe(error))
        await asyncio.sleep(EVERY_SECONDS)
