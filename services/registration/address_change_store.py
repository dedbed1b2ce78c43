"""SQL on requested changes of address, in the caller's transaction.

An account has one at a time; whoever writes it holds the account's lock.
"""

from datetime import datetime
from typing import Any

from services.registration.accounts import AddressChange
from services.registration.passwords import PasswordHash
from shared.database import Connection

UPSERT = """
INSERT INTO address_changes (
    account_id, id, address, address_key, decoy, password_hash, pepper_key_id, password_changes,
    code_hash, code_key_id, tries, requested_at, sent_at, expires_at, kept_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (account_id) DO UPDATE SET
    id = excluded.id, address = excluded.address, address_key = excluded.address_key,
    decoy = excluded.decoy, password_hash = excluded.password_hash,
    pepper_key_id = excluded.pepper_key_id, password_changes = excluded.password_changes,
    code_hash = excluded.code_hash, code_key_id = excluded.code_key_id, tries = excluded.tries,
    requested_at = excluded.requested_at, sent_at = excluded.sent_at,
    expires_at = excluded.expires_at, kept_until = excluded.kept_until
"""
READ = """
SELECT id, address, address_key, decoy, password_hash, pepper_key_id, password_changes, code_hash,
    code_key_id, tries, requested_at, sent_at, expires_at, kept_until
FROM address_changes WHERE account_id = $1
"""
COUNT_WRONG_CODE = "UPDATE address_changes SET tries = tries + 1 WHERE account_id = $1"
DELETE = "DELETE FROM address_changes WHERE account_id = $1"
DELETE_EXPIRED = """
DELETE FROM address_changes
WHERE account_id IN (
    SELECT account_id FROM address_changes WHERE kept_until <= $1 FOR UPDATE SKIP LOCKED)
"""


async def upsert(tx: Connection, account_id: str, change: AddressChange) -> None:
    """Store a change, or a new code for it; the former one is void."""
    await tx.execute(
        UPSERT,
        account_id,
        change.id,
        change.address,
        change.address_key,
        change.decoy,
        change.password.text,
        change.password.key_id,
        change.password_changes,
        change.code_hash,
        change.code_key_id,
        change.tries,
        change.requested_at,
        change.sent_at,
        change.expires_at,
        change.kept_until,
    )


async def read(tx: Connection, account_id: str) -> AddressChange | None:
    """The requested change of an account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else _change(row)


async def count_wrong_code(tx: Connection, account_id: str) -> None:
    """Count one more wrong code."""
    await tx.execute(COUNT_WRONG_CODE, account_id)


async def delete(tx: Connection, account_id: str) -> bool:
    """Delete the change; False where there was none."""
    done: str = await tx.execute(DELETE, account_id)
    return done != "DELETE 0"


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Delete the changes that were not confirmed in time."""
    await tx.execute(DELETE_EXPIRED, now)


def _change(row: Any) -> AddressChange:
    values = dict(row)
    password = PasswordHash(values.pop("password_hash"), values.pop("pepper_key_id"))
    return AddressChange(**{**values, "id": str(values["id"])}, password=password)
