"""SQL on requests for an account, their messages and links, in the caller's transaction.

`lock_address` comes first wherever requests of one address are changed together: otherwise two
verifications of one address could deadlock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.registration.account_requests import AccountRequest, ValidationLink
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.database import Connection
from shared.database.locks import lock_name
from shared.database.rows import insert, update
from shared.messaging.handlers import SqlEffect
from shared.outbox import replies

COLUMNS = """
id::text, account_id::text, address, address_key, first_name, last_name, language, state, decoy,
password_hash, pepper_key_id, code_hash, code_key_id, tries, requested_at, sent_at, expires_at,
kept_until, verified_at, created_at, mail_event_id, mail_state, mail_at, mail_next_try_at,
mail_reason, accepted_version, accepted_language, accepted_sha256, accepted_at, held_at
"""
READ = f"SELECT {COLUMNS} FROM requests WHERE id = $1"  # noqa: S608
LOCK = READ + " FOR UPDATE"
FIND_UNFINISHED = f"""
SELECT {COLUMNS} FROM requests
WHERE address_key = $1 AND state <> 'created' AND kept_until > $2
ORDER BY state DESC, requested_at DESC
"""  # noqa: S608
DELETE = "DELETE FROM requests WHERE id = $1"
DELETED = "RETURNING id::text, account_id::text, state"
DELETE_OTHERS = f"""
DELETE FROM requests
WHERE address_key = $1 AND id <> $2 AND state <> 'created' AND NOT decoy
{DELETED}
"""  # noqa: S608
DELETE_PENDING = f"""
DELETE FROM requests
WHERE address_key = $1 AND state = 'pending' AND NOT decoy
{DELETED}
"""  # noqa: S608
HAS_VERIFIED = "SELECT true FROM requests WHERE address_key = $1 AND state = 'verified'"
# The one that made the account is kept for a day.
DELETE_OF_ACCOUNT = f"DELETE FROM requests WHERE account_id = $1 {DELETED}"  # noqa: S608
DELETE_EXPIRED = f"""
DELETE FROM requests
WHERE id IN (
    SELECT id FROM requests WHERE kept_until <= $1
    ORDER BY kept_until LIMIT $2 FOR UPDATE SKIP LOCKED)
{DELETED}
"""  # noqa: S608
REPLACE_LINKS = "UPDATE links SET replaced = true WHERE request_id = $1 AND NOT replaced"
# Events arrive in any order: a final status stays, and an older event changes nothing.
SET_MAIL_STATUS = """
UPDATE requests
SET mail_state = $4, mail_at = $5, mail_next_try_at = $6, mail_reason = $7
FROM first
WHERE mail_event_id = $3 AND mail_state NOT IN ('accepted', 'refused')
  AND (mail_at IS NULL OR mail_at <= $5)
"""
FIND_LINK = """
SELECT request_id::text, expires_at, replaced, wrong_passwords FROM links
WHERE link_hash = ANY($1)
"""
COUNT_ATTEMPT = """
UPDATE links SET wrong_passwords = wrong_passwords + 1
WHERE link_hash = ANY($1) AND wrong_passwords < $2
RETURNING wrong_passwords
"""
UNCOUNT_ATTEMPT = """
UPDATE links SET wrong_passwords = wrong_passwords - 1
WHERE link_hash = ANY($1) AND wrong_passwords > 0
"""


@dataclass(frozen=True, kw_only=True)
class DeletedRequest:
    """A request that was just deleted."""

    id: str
    account_id: str
    state: str


async def lock_address(tx: Connection, *address_keys: str) -> None:
    """Lock requests and accounts of these addresses until the transaction ends."""
    for key in sorted(set(address_keys)):
        await lock_name(tx, f"address/{key}")


async def add(tx: Connection, request: AccountRequest, link_hash: bytes) -> None:
    """Store a new request with the link of its first message."""
    await insert(tx, "requests", vars(request))
    await _add_link(tx, request, link_hash)


async def save(tx: Connection, request: AccountRequest) -> None:
    """Store a request that the caller locked and changed."""
    await update(tx, "requests", vars(request), "id")


async def save_with_message(tx: Connection, request: AccountRequest, link_hash: bytes) -> None:
    """As `save`, with the link of another message; the former link is void."""
    await save(tx, request)
    await tx.execute(REPLACE_LINKS, request.id)
    await _add_link(tx, request, link_hash)


async def _add_link(tx: Connection, request: AccountRequest, link_hash: bytes) -> None:
    link = {"link_hash": link_hash, "request_id": request.id, "expires_at": request.expires_at}
    await insert(tx, "links", link)


async def read(tx: Connection, request_id: str) -> AccountRequest | None:
    """A request; None also for an id that is no UUID."""
    return await _one(tx, READ, request_id)


async def lock(tx: Connection, request_id: str) -> AccountRequest | None:
    """As `read`, locked until the transaction ends."""
    return await _one(tx, LOCK, request_id)


async def lock_with_address(tx: Connection, request_id: str) -> AccountRequest | None:
    """As `lock`, with the requests and accounts of its address."""
    seen = await read(tx, request_id)
    if seen is None:
        return None
    await lock_address(tx, seen.address_key)
    locked = await lock(tx, request_id)
    if locked is not None and locked.address_key != seen.address_key:
        # Corrected in between: lock the new address.
        await lock_address(tx, locked.address_key)
    return locked


async def find_unfinished(tx: Connection, address_key: str, now: datetime) -> list[AccountRequest]:
    """The unfinished requests of an address: the verified one first, then the latest."""
    return [AccountRequest(**row) for row in await tx.fetch(FIND_UNFINISHED, address_key, now)]


async def delete(tx: Connection, request_id: str) -> None:
    """Delete a request, its links, and the stored replies about it (RE-14)."""
    await tx.execute(DELETE, request_id)
    await replies.delete_by_subject(tx, request_id)


async def delete_others(tx: Connection, request: AccountRequest) -> list[DeletedRequest]:
    """Delete and return every other unfinished request of the address."""
    return await _delete(tx, DELETE_OTHERS, request.address_key, request.id)


async def delete_pending(tx: Connection, address_key: str) -> list[DeletedRequest]:
    """Delete and return the pending requests for an address that an account just verified."""
    return await _delete(tx, DELETE_PENDING, address_key)


async def delete_of_account(tx: Connection, account_id: str) -> None:
    """Delete the requests of an account of which nothing personal may remain."""
    await _delete(tx, DELETE_OF_ACCOUNT, account_id)


async def has_verified(tx: Connection, address_key: str) -> bool:
    """Whether a request for that address is verified, and may become an account."""
    return bool(await tx.fetchval(HAS_VERIFIED, address_key))


async def delete_expired(tx: Connection, now: datetime, limit: int) -> list[DeletedRequest]:
    """Delete and return at most `limit` requests whose retention is over."""
    return await _delete(tx, DELETE_EXPIRED, now, limit)


def set_mail_status(
    event: MailAccepted | MailDeferred | MailRefused,
    state: str,
    *,
    next_try_at: datetime | None = None,
    reason: str | None = None,
) -> SqlEffect:
    """Stores what became of a message, if it is the latest one of a request."""
    return SqlEffect(SET_MAIL_STATUS, (event.cause, state, event.at, next_try_at, reason))


async def find_link(tx: Connection, hashes: Sequence[bytes]) -> ValidationLink | None:
    """The link with one of these hashes (one per key of the ring), and its request."""
    row = await tx.fetchrow(FIND_LINK, list(hashes))
    if row is None:
        return None
    values = dict(row)
    request = await read(tx, values.pop("request_id"))
    return None if request is None else ValidationLink(request=request, **values)


async def count_password_attempt(tx: Connection, hashes: Sequence[bytes], limit: int) -> int | None:
    """Count a password before it is checked: the new count, or None where it reached `limit`."""
    value: int | None = await tx.fetchval(COUNT_ATTEMPT, list(hashes), limit)
    return value


async def uncount_password_attempt(tx: Connection, hashes: Sequence[bytes]) -> None:
    """The password was right: uncount it."""
    await tx.execute(UNCOUNT_ATTEMPT, list(hashes))


async def _delete(tx: Connection, sql: str, *values: Any) -> list[DeletedRequest]:
    deleted = [DeletedRequest(**row) for row in await tx.fetch(sql, *values)]
    await replies.delete_by_subject(tx, *(each.id for each in deleted))
    return deleted


async def _one(tx: Connection, sql: str, request_id: str) -> AccountRequest | None:
    try:
        row = await tx.fetchrow(sql, request_id)
    except asyncpg.DataError:
        return None
    return None if row is None else AccountRequest(**row)
