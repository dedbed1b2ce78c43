"""SQL on requests for an account and their messages, in the caller's transaction.

`lock_address` comes first wherever requests of one address are changed together: otherwise two
verifications of one address could deadlock.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.registration.account_requests import AccountRequest, MailStatus, Validity
from services.registration.passwords import PasswordHash
from shared.database import Connection
from shared.outbox import replies

COLUMNS = """
id, account_id, address, address_key, first_name, last_name, language, state, decoy,
password_hash, pepper_key_id, code_hash, code_key_id, tries, requested_at, sent_at, expires_at,
kept_until, verified_at, created_at, mail_state, mail_at, mail_next_try_at, mail_reason
"""
LOCK_ADDRESS = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
INSERT = """
INSERT INTO requests (
    id, account_id, address, address_key, first_name, last_name, language, decoy,
    password_hash, pepper_key_id, code_hash, code_key_id,
    requested_at, sent_at, expires_at, kept_until, mail_event_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
READ = f"SELECT {COLUMNS} FROM requests WHERE id = $1"  # noqa: S608
LOCK = READ + " FOR UPDATE"
FIND_UNFINISHED = f"""
SELECT {COLUMNS} FROM requests
WHERE address_key = $1 AND state <> 'created' AND kept_until > $2
ORDER BY state DESC, requested_at DESC
"""  # noqa: S608
REPLACE_MESSAGE = """
UPDATE requests
SET code_hash = $2, code_key_id = $3, tries = 0, sent_at = $4, expires_at = $5, kept_until = $6,
    mail_event_id = $7, mail_state = 'waiting', mail_at = NULL, mail_next_try_at = NULL,
    mail_reason = NULL, language = $8
WHERE id = $1
"""
CORRECT_ADDRESS = """
UPDATE requests
SET address = $2, address_key = $3, account_id = $4, decoy = $5, password_hash = $6,
    pepper_key_id = $7
WHERE id = $1
"""
COUNT_WRONG_CODE = "UPDATE requests SET tries = tries + 1 WHERE id = $1"
SET_VERIFIED = """
UPDATE requests
SET state = 'verified', verified_at = $2, kept_until = $3, code_hash = NULL, code_key_id = NULL
WHERE id = $1
"""
SET_CREATED = """
UPDATE requests
SET state = 'created', created_at = $2, kept_until = $3, password_hash = NULL, pepper_key_id = NULL
WHERE id = $1
"""
DELETE = "DELETE FROM requests WHERE id = $1"
DELETE_OTHERS = """
DELETE FROM requests
WHERE address_key = $1 AND id <> $2 AND state <> 'created' AND NOT decoy
RETURNING id, account_id, state
"""
DELETE_PENDING = """
DELETE FROM requests
WHERE address_key = $1 AND state = 'pending' AND NOT decoy
RETURNING id, account_id, state
"""
HAS_VERIFIED = "SELECT true FROM requests WHERE address_key = $1 AND state = 'verified'"
DELETE_EXPIRED = """
DELETE FROM requests
WHERE id IN (
    SELECT id FROM requests WHERE kept_until <= $1
    ORDER BY kept_until LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, account_id, state
"""
REPLACE_LINKS = "UPDATE links SET replaced = true WHERE request_id = $1 AND NOT replaced"
INSERT_LINK = "INSERT INTO links (link_hash, request_id, expires_at) VALUES ($1, $2, $3)"
# Events arrive in any order: a final status stays, and an older event changes nothing.
SET_MAIL_STATUS = """
UPDATE requests
SET mail_state = $2, mail_at = $3, mail_next_try_at = $4, mail_reason = $5
WHERE mail_event_id = $1 AND mail_state NOT IN ('accepted', 'refused')
  AND (mail_at IS NULL OR mail_at <= $3)
"""


@dataclass(frozen=True, kw_only=True)
class StoredMessage:
    """The hashed code and link of one message, and the event that the mailer sends it for."""

    code_hash: bytes
    code_key_id: str
    link_hash: bytes
    validity: Validity
    sent_at: datetime
    event_id: str


@dataclass(frozen=True, kw_only=True)
class DeletedRequest:
    """A request that was just deleted."""

    id: str
    account_id: str
    state: str


async def lock_address(tx: Connection, *address_keys: str) -> None:
    """Lock requests and accounts of these addresses until the transaction ends."""
    for key in sorted(set(address_keys)):
        await tx.execute(LOCK_ADDRESS, key)


async def insert(tx: Connection, request: AccountRequest, message: StoredMessage) -> None:
    """Store a new pending request with its first message."""
    password = request.password or PasswordHash("", "")
    await tx.execute(
        INSERT,
        request.id,
        request.account_id,
        request.address,
        request.address_key,
        request.first_name,
        request.last_name,
        request.language,
        request.decoy,
        password.text,
        password.key_id,
        message.code_hash,
        message.code_key_id,
        request.requested_at,
        message.sent_at,
        message.validity.expires_at,
        message.validity.kept_until,
        message.event_id,
    )
    await tx.execute(INSERT_LINK, message.link_hash, request.id, message.validity.expires_at)


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
    return [_request(row) for row in await tx.fetch(FIND_UNFINISHED, address_key, now)]


async def replace_message(
    tx: Connection, request_id: str, message: StoredMessage, language: str
) -> None:
    """Store another message; the former code and link are void."""
    await tx.execute(
        REPLACE_MESSAGE,
        request_id,
        message.code_hash,
        message.code_key_id,
        message.sent_at,
        message.validity.expires_at,
        message.validity.kept_until,
        message.event_id,
        language,
    )
    await tx.execute(REPLACE_LINKS, request_id)
    await tx.execute(INSERT_LINK, message.link_hash, request_id, message.validity.expires_at)


async def correct_address(tx: Connection, request: AccountRequest) -> None:
    """Store a corrected address, and what depends on it."""
    password = request.password or PasswordHash("", "")
    await tx.execute(
        CORRECT_ADDRESS,
        request.id,
        request.address,
        request.address_key,
        request.account_id,
        request.decoy,
        password.text,
        password.key_id,
    )


async def count_wrong_code(tx: Connection, request_id: str) -> None:
    """One more wrong code."""
    await tx.execute(COUNT_WRONG_CODE, request_id)


async def set_verified(
    tx: Connection, request_id: str, now: datetime, kept_until: datetime
) -> None:
    """The address is verified; delete the code."""
    await tx.execute(SET_VERIFIED, request_id, now, kept_until)


async def set_created(tx: Connection, request_id: str, now: datetime, kept_until: datetime) -> None:
    """The account exists; delete the password's hash here."""
    await tx.execute(SET_CREATED, request_id, now, kept_until)


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


async def has_verified(tx: Connection, address_key: str) -> bool:
    """Whether a request for that address is verified, and may become an account."""
    return bool(await tx.fetchval(HAS_VERIFIED, address_key))


async def delete_expired(tx: Connection, now: datetime, limit: int) -> list[DeletedRequest]:
    """Delete and return at most `limit` requests whose retention is over."""
    return await _delete(tx, DELETE_EXPIRED, now, limit)


async def set_mail_status(tx: Connection, event_id: str, mail: MailStatus) -> bool:
    """Store the status of a message; False where it is not the latest of a request."""
    done: str = await tx.execute(
        SET_MAIL_STATUS, event_id, mail.state, mail.at, mail.next_try_at, mail.reason
    )
    return done != "UPDATE 0"


async def _delete(tx: Connection, sql: str, *values: Any) -> list[DeletedRequest]:
    deleted = [
        DeletedRequest(id=str(row["id"]), account_id=str(row["account_id"]), state=row["state"])
        for row in await tx.fetch(sql, *values)
    ]
    await replies.delete_by_subject(tx, *(each.id for each in deleted))
    return deleted


async def _one(tx: Connection, sql: str, request_id: str) -> AccountRequest | None:
    try:
        row = await tx.fetchrow(sql, request_id)
    except asyncpg.DataError:
        return None
    return None if row is None else _request(row)


def _request(row: Any) -> AccountRequest:
    values = dict(row)
    text, key_id = values.pop("password_hash"), values.pop("pepper_key_id")
    mail = {name: values.pop(f"mail_{name}") for name in ("state", "at", "next_try_at", "reason")}
    return AccountRequest(
        **{**values, "id": str(row["id"]), "account_id": str(row["account_id"])},
        password=None if text is None else PasswordHash(text, key_id),
        mail=MailStatus(**mail),
    )
