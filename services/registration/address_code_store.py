"""Registration's SQL on codes that prove an account's address again, in the transaction given.

An account has one code at a time; who changes it holds the account's lock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from services.registration.accounts import AddressCode
from shared.database import Connection

#: How long a code that ran out can still say so.
KEPT = timedelta(days=1)

STORE = """
INSERT INTO address_codes (account_id, code_hash, code_key_id, sent_at, expires_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id) DO UPDATE SET
    code_hash = excluded.code_hash, code_key_id = excluded.code_key_id, tries = 0,
    sent_at = excluded.sent_at, expires_at = excluded.expires_at, used_at = NULL
"""
READ = """
SELECT code_hash, code_key_id, tries, sent_at, expires_at, used_at FROM address_codes
WHERE account_id = $1
"""
COUNT_TRY = "UPDATE address_codes SET tries = tries + 1 WHERE account_id = $1"
USE = "UPDATE address_codes SET used_at = $2 WHERE account_id = $1"
FORGET = """
DELETE FROM address_codes
WHERE account_id IN (
    SELECT account_id FROM address_codes WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def store(tx: Connection, account_id: str, code: AddressCode) -> None:
    """A new code; the former one is void."""
    await tx.execute(
        STORE, account_id, code.code_hash, code.code_key_id, code.sent_at, code.expires_at
    )


async def read(tx: Connection, account_id: str) -> AddressCode | None:
    """The latest code of an account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else AddressCode(**row)


async def count_try(tx: Connection, account_id: str) -> None:
    """One more wrong code."""
    await tx.execute(COUNT_TRY, account_id)


async def use(tx: Connection, account_id: str, now: datetime) -> None:
    """The code was right."""
    await tx.execute(USE, account_id, now)


async def delete(tx: Connection, account_id: str) -> None:
    """The code went to an address that the account has no more."""
    await tx.execute("DELETE FROM address_codes WHERE account_id = $1", account_id)


async def forget(tx: Connection, now: datetime) -> None:
    """Delete the codes that have said long enough that they ran out."""
    await tx.execute(FORGET, now - KEPT)
