"""SQL on recovery addresses, in the caller's transaction; the account is locked meanwhile."""

from datetime import datetime

from services.registration.accounts import RecoveryAddress, RecoveryAddressChange
from shared.database import Connection, row_count
from shared.database.rows import upsert

READ = "SELECT address, verified_at FROM recovery_addresses WHERE account_id = $1"
READ_CHANGE = """
SELECT account_id::text, id::text, address, code_hash, code_key_id, tries, sent_at, expires_at
FROM recovery_address_changes WHERE account_id = $1
"""
DELETE = "DELETE FROM recovery_addresses WHERE account_id = $1"
DELETE_CHANGE = "DELETE FROM recovery_address_changes WHERE account_id = $1"


async def read(tx: Connection, account_id: str) -> RecoveryAddress | None:
    """The recovery address of an account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else RecoveryAddress(**row)


async def save(tx: Connection, account_id: str, address: str, now: datetime) -> None:
    """Store the recovery address; a former one is replaced."""
    row = {"account_id": account_id, "address": address, "verified_at": now}
    await upsert(tx, "recovery_addresses", row, "account_id")


async def delete(tx: Connection, account_id: str) -> bool:
    """Delete it; False where there was none."""
    return row_count(await tx.execute(DELETE, account_id)) > 0


async def read_change(tx: Connection, account_id: str) -> RecoveryAddressChange | None:
    """The wish that waits for its code."""
    row = await tx.fetchrow(READ_CHANGE, account_id)
    return None if row is None else RecoveryAddressChange(**row)


async def save_change(tx: Connection, change: RecoveryAddressChange) -> None:
    """Store a wish; a former one is void."""
    await upsert(tx, "recovery_address_changes", vars(change), "account_id")


async def delete_change(tx: Connection, account_id: str) -> None:
    """Delete the wish."""
    await tx.execute(DELETE_CHANGE, account_id)
