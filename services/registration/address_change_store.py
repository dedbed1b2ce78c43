"""SQL on requested changes of address, in the caller's transaction.

An account has one at a time; whoever writes it holds the account's lock.
"""

from services.registration.accounts import AddressChange
from shared.database import Connection
from shared.database.rows import upsert

READ = """
SELECT account_id::text, id::text, address, address_key, decoy, password_hash, pepper_key_id,
    password_changes, code_hash, code_key_id, tries, requested_at, sent_at, expires_at, kept_until
FROM address_changes WHERE account_id = $1
"""
DELETE = "DELETE FROM address_changes WHERE account_id = $1"


async def save(tx: Connection, change: AddressChange) -> None:
    """Store a change, or a new code for it; the former one is void."""
    await upsert(tx, "address_changes", vars(change), "account_id")


async def read(tx: Connection, account_id: str) -> AddressChange | None:
    """The requested change of an account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else AddressChange(**row)


async def delete(tx: Connection, account_id: str) -> bool:
    """Delete the change; False where there was none."""
    done: str = await tx.execute(DELETE, account_id)
    return done != "DELETE 0"
