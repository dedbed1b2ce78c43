"""SQL on codes that verify an account's address again, in the caller's transaction.

An account has one code at a time; whoever writes it holds the account's lock.
"""

from datetime import datetime

from services.registration.accounts import AddressCode
from shared.database import Connection
from shared.database.rows import upsert

READ = """
SELECT account_id::text, code_hash, code_key_id, tries, sent_at, expires_at, used_at
FROM address_codes WHERE account_id = $1
"""
SET_USED = "UPDATE address_codes SET used_at = $2 WHERE account_id = $1"


async def save(tx: Connection, code: AddressCode) -> None:
    """Store a code; the former one is void."""
    await upsert(tx, "address_codes", vars(code), "account_id")


async def read(tx: Connection, account_id: str) -> AddressCode | None:
    """The latest code of an account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else AddressCode(**row)


async def set_used(tx: Connection, account_id: str, now: datetime) -> None:
    """The code was right; record the time."""
    await tx.execute(SET_USED, account_id, now)


async def delete(tx: Connection, account_id: str) -> None:
    """Delete the code of a former address."""
    await tx.execute("DELETE FROM address_codes WHERE account_id = $1", account_id)
