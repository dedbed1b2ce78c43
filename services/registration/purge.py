"""Deletes expired requests, links, codes and counters every minute (RE-11).

Several processes may purge at once: each deletes other rows. While the database is unavailable, the
purge waits.
"""

from datetime import datetime

from services.registration import (
    account_request_store,
    address_change_store,
    address_code_store,
    disavowal_store,
    mailed_link_store,
    rate_limit_store,
)
from shared.contracts.registration.events import OWNER, RequestExpired
from shared.database import Pool, transaction
from shared.outbox import emit
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 60
BATCH = 200

log = get_logger("registration")


async def purge(pool: Pool, now: datetime) -> int:
    """Delete what has expired at `now`; returns the number of requests."""
    deleted = 0
    while True:
        async with transaction(pool) as tx:
            gone = await account_request_store.delete_expired(tx, now, BATCH)
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
                await table.delete_expired(tx, now)
        deleted += len(gone)
        if len(gone) < BATCH:
            break
    if deleted:
        log.info("Expired requests were deleted.", action="requests_purged", requests=deleted)
    return deleted
