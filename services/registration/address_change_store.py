"""Registration's SQL on wishes for another address, in the transaction given.

An account has one at a time; who changes it holds the account's lock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.registration.accounts import AddressChange
from services.registration.passwords import Hashed
from shared.database import Connection

STORE = """
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
COUNT_TRY = "UPDATE address_changes SET tries = tries + 1 WHERE account_id = $1"
DELETE = "DELETE FROM address_changes WHERE account_id = $1"
FORGET = """
DELETE FROM address_changes
WHERE account_id IN (
    SELECT account_id FROM address_changes WHERE kept_until <= $1 FOR UPDATE SKIP LOCKED)
"""


async def store(tx: Connection, account_id: str, change: AddressChange) -> None:
    """A new wish, or another message of it; what was there before is void."""
    await tx.execute(
        STORE,
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
    """The wish of an account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else _change(row)


async def count_try(tx: Connection, account_id: str) -> None:
    """One more wrong code."""
    await tx.execute(COUNT_TRY, account_id)


async def delete(tx: Connection, account_id: str) -> bool:
    """The wish is over; False where there was none."""
    done: str = await tx.execute(DELETE, account_id)
    return done != "DELETE 0"


async def forget(tx: Connection, now: datetime) -> None:
    """Delete the wishes that were never proved."""
    await tx.execute(FORGET, now)


def _change(row: Any) -> AddressChange:
    values = dict(row)
    password = Hashed(values.pop("password_hash"), values.pop("pepper_key_id"))
    return AddressChange(**{**values, "id": str(values["id"])}, password=password)
