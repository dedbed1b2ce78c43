"""SQL on codes mailed for an account's address, in the caller's transaction.

A code verifies the address again, or a requested change of it. An account has one of each at a
time, and is locked while they change.
"""

from datetime import datetime

from services.registration.accounts import AddressChange, AddressCode
from shared.database import Connection, row_count
from shared.database.rows import upsert

READ_CODE = """
SELECT account_id::text, code_hash, code_key_id, tries, sent_at, expires_at, used_at
FROM address_codes WHERE account_id = $1
"""
SET_CODE_USED = "UPDATE address_codes SET used_at = $2 WHERE account_id = $1"
DELETE_CODE = "DELETE FROM address_codes WHERE account_id = $1"
READ_CHANGE = """
SELECT account_id::text, id::text, address, address_key, decoy, password_hash, pepper_key_id,
    password_changes, code_hash, code_key_id, tries, requested_at, sent_at, expires_at, kept_until
FROM address_changes WHERE account_id = $1
"""
DELETE_CHANGE = "DELETE FROM address_changes WHERE account_id = $1"


async def save_code(tx: Connection, code: AddressCode) -> None:
    """Store a code that verifies the address again; the former one is void."""
    await upsert(tx, "address_codes", vars(code), "account_id")


async def read_code(tx: Connection, account_id: str) -> AddressCode | None:
    """The latest code of an account."""
    row = await tx.fetchrow(READ_CODE, account_id)
    return None if row is None else AddressCode(**row)


async def set_code_used(tx: Connection, account_id: str, now: datetime) -> None:
    """The code was right; record the time."""
    await tx.execute(SET_CODE_USED, account_id, now)


async def delete_code(tx: Connection, account_id: str) -> None:
    """Delete the code of a former address."""
    await tx.execute(DELETE_CODE, account_id)


async def save_change(tx: Connection, change: AddressChange) -> None:
    """Store a change, or a new code for it; the former one is void."""
    await upsert(tx, "address_changes", vars(change), "account_id")


async def read_change(tx: Connection, account_id: str) -> AddressChange | None:
    """The requested change of an account."""
    row = await tx.fetchrow(READ_CHANGE, account_id)
    return None if row is None else AddressChange(**row)


async def delete_change(tx: Connection, account_id: str) -> bool:
    """Delete the change; False where there was none."""
    return row_count(await tx.execute(DELETE_CHANGE, account_id)) > 0
