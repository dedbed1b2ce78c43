"""Registration's SQL on requests and their messages, as functions that take the transaction.

`lock_address` comes first wherever requests of one address are changed together: without it two
proofs of one address could wait for each other. Accounts are in `ledger`,
links that people follow in `links`, counters in `counters`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.registration.account_requests import AccountRequest, Life, Mail
from services.registration.passwords import Hashed
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
OF_ADDRESS = f"""
SELECT {COLUMNS} FROM requests
WHERE address_key = $1 AND state <> 'created' AND kept_until > $2
ORDER BY state DESC, requested_at DESC
"""  # noqa: S608
RENEW = """
UPDATE requests
SET code_hash = $2, code_key_id = $3, tries = 0, sent_at = $4, expires_at = $5, kept_until = $6,
    mail_event_id = $7, mail_state = 'waiting', mail_at = NULL, mail_next_try_at = NULL,
    mail_reason = NULL, language = $8
WHERE id = $1
"""
MOVE = """
UPDATE requests
SET address = $2, address_key = $3, account_id = $4, decoy = $5, password_hash = $6,
    pepper_key_id = $7
WHERE id = $1
"""
COUNT_TRY = "UPDATE requests SET tries = tries + 1 WHERE id = $1"
PROVE = """
UPDATE requests
SET state = 'verified', verified_at = $2, kept_until = $3, code_hash = NULL, code_key_id = NULL
WHERE id = $1
"""
FINISH = """
UPDATE requests
SET state = 'created', created_at = $2, kept_until = $3, password_hash = NULL, pepper_key_id = NULL
WHERE id = $1
"""
DELETE = "DELETE FROM requests WHERE id = $1"
DELETE_OTHERS = """
DELETE FROM requests
WHERE address_key = $1 AND id <> $2 AND state <> 'created' AND NOT decoy
RETURNING id, account_id
"""
DELETE_OF_ADDRESS = """
DELETE FROM requests
WHERE address_key = $1 AND state = 'pending' AND NOT decoy
RETURNING id, account_id
"""
IS_PROVED = "SELECT true FROM requests WHERE address_key = $1 AND state = 'verified'"
DELETE_OLD = """
DELETE FROM requests
WHERE id IN (
    SELECT id FROM requests WHERE kept_until <= $1
    ORDER BY kept_until LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, account_id, state
"""
REPLACE_LINKS = "UPDATE links SET replaced = true WHERE request_id = $1 AND NOT replaced"
INSERT_LINK = "INSERT INTO links (link_hash, request_id, expires_at) VALUES ($1, $2, $3)"
# Facts arrive in any order: what is final stays, and an older fact does not undo a newer one.
SET_MAIL = """
UPDATE requests
SET mail_state = $2, mail_at = $3, mail_next_try_at = $4, mail_reason = $5
WHERE mail_event_id = $1 AND mail_state NOT IN ('accepted', 'refused')
  AND (mail_at IS NULL OR mail_at <= $3)
"""


@dataclass(frozen=True, kw_only=True)
class Message:
    """The secrets of one message, as they are stored, and the event it is written for."""

    code_hash: bytes
    code_key_id: str
    link_hash: bytes
    life: Life
    sent_at: datetime
    event_id: str


@dataclass(frozen=True, kw_only=True)
class Gone:
    """A request that was just deleted."""

    id: str
    account_id: str
    state: str = "pending"


async def lock_address(tx: Connection, *address_keys: str) -> None:
    """Nobody else changes requests or accounts of these addresses until the transaction ends."""
    for key in sorted(set(address_keys)):
        await tx.execute(LOCK_ADDRESS, key)


async def insert(tx: Connection, request: AccountRequest, message: Message) -> None:
    """Store a new pending request with its first message."""
    password = request.password or Hashed("", "")
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
        message.life.expires_at,
        message.life.kept_until,
        message.event_id,
    )
    await tx.execute(INSERT_LINK, message.link_hash, request.id, message.life.expires_at)


async def read(tx: Connection, request_id: str) -> AccountRequest | None:
    """A request as it is now."""
    return await _one(tx, READ, request_id)


async def lock(tx: Connection, request_id: str) -> AccountRequest | None:
    """A request, changed by nobody else until the transaction ends."""
    return await _one(tx, LOCK, request_id)


async def lock_with_address(tx: Connection, request_id: str) -> AccountRequest | None:
    """As `lock`, and the requests and accounts of its address are locked too."""
    seen = await read(tx, request_id)
    if seen is None:
        return None
    await lock_address(tx, seen.address_key)
    locked = await lock(tx, request_id)
    if locked is not None and locked.address_key != seen.address_key:
        # Corrected in between: the new address is the one to hold.
        await lock_address(tx, locked.address_key)
    return locked


async def of_address(tx: Connection, address_key: str, now: datetime) -> list[AccountRequest]:
    """The unfinished requests of an address, the proved one first, then the latest."""
    return [_request(row) for row in await tx.fetch(OF_ADDRESS, address_key, now)]


async def renew(tx: Connection, request_id: str, message: Message, language: str) -> None:
    """Another message: its code and link are the good ones from now on."""
    await tx.execute(
        RENEW,
        request_id,
        message.code_hash,
        message.code_key_id,
        message.sent_at,
        message.life.expires_at,
        message.life.kept_until,
        message.event_id,
        language,
    )
    await tx.execute(REPLACE_LINKS, request_id)
    await tx.execute(INSERT_LINK, message.link_hash, request_id, message.life.expires_at)


async def move(tx: Connection, request: AccountRequest) -> None:
    """Store the address that a request was moved to, and what goes with it."""
    password = request.password or Hashed("", "")
    await tx.execute(
        MOVE,
        request.id,
        request.address,
        request.address_key,
        request.account_id,
        request.decoy,
        password.text,
        password.key_id,
    )


async def count_try(tx: Connection, request_id: str) -> None:
    """One more wrong code."""
    await tx.execute(COUNT_TRY, request_id)


async def prove(tx: Connection, request_id: str, now: datetime, kept_until: datetime) -> None:
    """The address is proved; the code is forgotten."""
    await tx.execute(PROVE, request_id, now, kept_until)


async def finish(tx: Connection, request_id: str, now: datetime, kept_until: datetime) -> None:
    """The account exists; the password's hash is with it now."""
    await tx.execute(FINISH, request_id, now, kept_until)


async def delete(tx: Connection, request_id: str) -> None:
    """Forget a request, its links, and the answers that are kept about it (RE-14)."""
    await tx.execute(DELETE, request_id)
    await replies.delete_matching(tx, "request_id", [request_id])


async def delete_others(tx: Connection, request: AccountRequest) -> list[Gone]:
    """Forget every other unfinished request of the address; returns them."""
    rows = await tx.fetch(DELETE_OTHERS, request.address_key, request.id)
    gone = [Gone(id=str(row["id"]), account_id=str(row["account_id"])) for row in rows]
    await replies.delete_matching(tx, "request_id", [each.id for each in gone])
    return gone


async def delete_of_address(tx: Connection, address_key: str) -> list[Gone]:
    """Forget every request for an address that an account has just proved; returns them."""
    rows = await tx.fetch(DELETE_OF_ADDRESS, address_key)
    gone = [Gone(id=str(row["id"]), account_id=str(row["account_id"])) for row in rows]
    await replies.delete_matching(tx, "request_id", [each.id for each in gone])
    return gone


async def is_proved(tx: Connection, address_key: str) -> bool:
    """Whether a request for that address is proved, and may become an account."""
    return bool(await tx.fetchval(IS_PROVED, address_key))


async def delete_old(tx: Connection, now: datetime, most: int) -> list[Gone]:
    """Forget requests whose time is over, at most `most` of them; returns them."""
    rows = await tx.fetch(DELETE_OLD, now, most)
    gone = [
        Gone(id=str(row["id"]), account_id=str(row["account_id"]), state=row["state"])
        for row in rows
    ]
    await replies.delete_matching(tx, "request_id", [each.id for each in gone])
    return gone


async def set_mail(tx: Connection, event_id: str, mail: Mail) -> bool:
    """Store what became of a message; False where it is not the latest of any request."""
    done: str = await tx.execute(
        SET_MAIL, event_id, mail.state, mail.at, mail.next_try_at, mail.reason
    )
    return done != "UPDATE 0"


async def _one(tx: Connection, sql: str, request_id: str) -> AccountRequest | None:
    try:
        row = await tx.fetchrow(sql, request_id)
    except asyncpg.DataError:
        return None
    return None if row is None else _request(row)


def _request(row: Any) -> AccountRequest:
    password = row["password_hash"]
    return AccountRequest(
        id=str(row["id"]),
        account_id=str(row["account_id"]),
        address=row["address"],
        address_key=row["address_key"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        language=row["language"],
        state=row["state"],
        decoy=row["decoy"],
        password=None if password is None else Hashed(password, row["pepper_key_id"]),
        code_hash=row["code_hash"],
        code_key_id=row["code_key_id"],
        tries=row["tries"],
        requested_at=row["requested_at"],
        sent_at=row["sent_at"],
        expires_at=row["expires_at"],
        kept_until=row["kept_until"],
        verified_at=row["verified_at"],
        created_at=row["created_at"],
        mail=Mail(
            state=row["mail_state"],
            at=row["mail_at"],
            next_try_at=row["mail_next_try_at"],
            reason=row["mail_reason"],
        ),
    )
