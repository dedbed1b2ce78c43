"""Forgets requests whose time is over, and links, codes and counters that are of no use (RE-11).

Runs every minute beside the handlers. Several processes may run it at once: each takes other rows.
A database that is away, or says no for once, is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from services.registration import (
    account_request_store,
    address_change_store,
    address_code_store,
    disavowal_store,
    mailed_link_store,
    rate_limit_store,
)
from shared.contracts.registration import OWNER, RequestExpired
from shared.database import TRANSIENT_ERRORS, Pool, transaction
from shared.messaging.connection import describe
from shared.outbox import emit
from shared.runtime.telemetry import get_logger

EVERY_SECONDS = 60
BATCH = 200

log = get_logger("registration")


async def purge(pool: Pool, now: datetime) -> int:
    """Delete what is over at `now`; returns how many requests."""
    deleted = 0
    while True:
        async with transaction(pool) as tx:
            gone = await account_request_store.delete_old(tx, now, BATCH)
            for each in gone:
                if each.state != "created":
                    event = RequestExpired(request_id=each.id)
                    await emit(tx, OWNER, event, subject=each.account_id, now=now)
            for table in (
                mailed_link_store,
                address_code_store,
                address_change_store,
                disavowal_store,
                rate_limit_store,
            ):
                await table.forget(tx, now)
        deleted += len(gone)
        if len(gone) < BATCH:
            break
    if deleted:
        log.info("Requests were forgotten.", action="requests_purged", requests=deleted)
    return deleted


async def keep_purging(
    pool: Pool, clock: Callable[[], datetime], wake_relay: Callable[[], None]
) -> None:
    """Purge every minute, for ever."""
    while True:
        try:
            if await purge(pool, clock()):
                wake_relay()
        except TRANSIENT_ERRORS as error:
            log.warning("The purge waits.", action="purge_waits", reason=describe(error))
        await asyncio.sleep(EVERY_SECONDS)
