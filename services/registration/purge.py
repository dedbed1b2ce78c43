"""Deletes expired requests, links, codes and counters every minute (RE-11).

Several processes may purge at once: each deletes other rows. While the database is unavailable, the
purge waits.
"""

from datetime import datetime, timedelta

from services.registration import account_request_store
from shared.contracts.registration.events import OWNER, RequestExpired
from shared.database import Pool, transaction
from shared.outbox import emit
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 60
BATCH = 200
#: Tables, their keys, when a row expires, and how long it is stored after that: the page of a link
#: shows what it was, and a code is reported as expired.
EXPIRING = (
    ("mailed_links", "link_hash", "expires_at", timedelta(days=7)),
    ("address_codes", "account_id", "expires_at", timedelta(days=1)),
    ("resumption_codes", "account_id", "expires_at", timedelta(days=1)),
    ("recovery_address_changes", "account_id", "expires_at", timedelta(days=1)),
    ("dormant_accounts", "account_id", "ended_at", timedelta(days=365)),
    ("address_changes", "account_id", "kept_until", timedelta()),
    ("address_questions", "id", "expires_at", timedelta()),
    ("disavowals", "mail_id", "expires_at", timedelta()),
    ("counters", "kind, key", "forget_at", timedelta()),
)
# Handlers hold several rows at once: waiting for one of them here could deadlock.
DELETE_EXPIRED = """
DELETE FROM {table}
WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {expiry} <= $1 FOR UPDATE SKIP LOCKED)
"""

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
            for table, key, expiry, retention in EXPIRING:
                sql = DELETE_EXPIRED.format(table=table, key=key, expiry=expiry)
                await tx.execute(sql, now - retention)
        deleted += len(gone)
        if len(gone) < BATCH:
            break
    if deleted:
        log.info("Expired requests were deleted.", action="requests_purged", requests=deleted)
    return deleted
