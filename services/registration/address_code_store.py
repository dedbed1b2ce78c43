"""SQL on codes that verify an account's address again, in the caller's transaction.

An account has one code at a time; whoever writes it holds the account's lock.
"""

from datetime import datetime, timedelta

from services.registration.accounts import AddressCode
from shared.database import Connection

#: How long an expired code is stored, so that it can be reported as expired.
RETENTION = timedelta(days=1)

UPSERT = """
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
COUNT_WRONG_CODE = "UPDATE address_codes SET tries = tries + 1 WHERE account_id = $1"
SET_USED = "UPDATE address_codes SET used_at = $2 WHERE account_id = $1"
DELETE_EXPIRED = """
DELETE FROM address_codes
WHERE account_id IN (
    SELECT account_id FROM address_codes WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def upsert(tx: Connection, account_id: str, code: AddressCode) -> None:
    """Store a code; the former one is void."""
    await tx.execute(
        UPSERT, account_id, code.code_hash, code.code_key_id, code.sent_at, code.expires_at
    )


async def read(tx: Connection, account_id: str) -> AddressCode | None:
    """The latest code of an account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else AddressCode(**row)


async def count_wrong_code(tx: Connection, account_id: str) -> None:
    """Count one more wrong code."""
    await tx.execute(COUNT_WRONG_CODE, account_id)


async def set_used(tx: Connection, account_id: str, now: datetime) -> None:
    """The code was right; record the time."""
    await tx.execute(SET_USED, account_id, now)


async def delete(tx: Connection, account_id: str) -> None:
    """Delete the code of a former address."""
    await tx.execute("DELETE FROM address_codes WHERE account_id = $1", account_id)


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Delete the codes whose retention is over."""
    await tx.execute(DELETE_EXPIRED, now - RETENTION)
