"""Registration's SQL on accounts, credentials and accepted terms, within the transaction given."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import asyncpg

from services.registration.account_requests import AccountRequest, Standing
from services.registration.accounts import Account, AddressChange, Credentials
from services.registration.passwords import Hashed
from services.registration.terms import Terms
from shared.database import Connection

STANDING = """
SELECT account.id, account.state, credential.account_id IS NOT NULL AS has_credentials
FROM accounts AS account LEFT JOIN credentials AS credential ON credential.account_id = account.id
WHERE account.address_key = $1
"""
# An account that lost its credentials gets them back under the same id.
CREATE = """
INSERT INTO accounts (
    id, address, address_key, first_name, last_name, language, created_at, verified_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET
    address = excluded.address, address_key = excluded.address_key,
    first_name = excluded.first_name, last_name = excluded.last_name,
    language = excluded.language, verified_at = excluded.verified_at
"""
SET_CREDENTIALS = """
INSERT INTO credentials (account_id, password_hash, pepper_key_id, set_at) VALUES ($1, $2, $3, $4)
"""
REHASH = "UPDATE credentials SET password_hash = $2, pepper_key_id = $3 WHERE account_id = $1"
NOTE_RIGHT = "UPDATE credentials SET right_at = $2 WHERE account_id = $1"
ACCEPT = """
INSERT INTO terms_acceptances (account_id, version, language, sha256, address, accepted_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, sha256) DO UPDATE SET accepted_at = excluded.accepted_at
"""
SELECT = """
SELECT account.id, account.address, account.address_key, account.first_name, account.last_name,
    account.language, account.state, account.verified_at, account.frozen_at, account.desk_only,
    account.phone_replaced_at, account.address_changed_at, credential.password_hash,
    credential.pepper_key_id, credential.changes, credential.right_at
FROM accounts AS account LEFT JOIN credentials AS credential ON credential.account_id = account.id
"""
OF_ADDRESS = SELECT + "WHERE account.address_key = $1"
READ = SELECT + "WHERE account.id = $1"
# Weaker than FOR UPDATE: a new row that refers to the account need not wait.
LOCK = "SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE"
RENEW_CREDENTIALS = """
UPDATE credentials
SET password_hash = $2, pepper_key_id = $3, set_at = $4, changes = changes + 1
WHERE account_id = $1
"""
PROVE = "UPDATE accounts SET verified_at = $2 WHERE id = $1"
FREEZE = "UPDATE accounts SET state = 'frozen', frozen_at = $2, desk_only = $3 WHERE id = $1"
LEAVE_TO_DESK = "UPDATE accounts SET desk_only = true WHERE id = $1"
BEGIN_THAW = "UPDATE accounts SET state = 'thawing' WHERE id = $1 AND state = 'frozen'"
# A session that is older than the new password is no proof of the second factor since.
THAW = """
UPDATE accounts SET state = 'active', frozen_at = NULL, desk_only = false
FROM credentials
WHERE accounts.id = $1 AND accounts.state = 'thawing' AND credentials.account_id = accounts.id
  AND credentials.set_at <= $2
"""
REPLACE_PHONE = """
UPDATE accounts SET phone_replaced_at = greatest(phone_replaced_at, $2) WHERE id = $1
"""
MOVE = """
UPDATE accounts SET address = $2, address_key = $3, verified_at = $4, address_changed_at = $4
WHERE id = $1
"""
# Another hash of the same password, and who checks the former one at this moment is told no.
MOVE_CREDENTIALS = """
UPDATE credentials SET password_hash = $2, pepper_key_id = $3, changes = changes + 1
WHERE account_id = $1
"""
RENAME = """
UPDATE accounts SET first_name = $2, last_name = $3, named_at = $4
WHERE id = $1 AND (named_at IS NULL OR named_at < $4)
"""


async def standing(tx: Connection, address_key: str) -> Standing:
    """What an address has."""
    row = await tx.fetchrow(STANDING, address_key)
    if row is None:
        return Standing()
    return Standing(
        account_id=str(row["id"]), state=row["state"], has_credentials=row["has_credentials"]
    )


async def create(tx: Connection, request: AccountRequest, terms: Terms, now: datetime) -> None:
    """The account, its credentials and the terms it accepted, from a proved request."""
    if request.password is None or request.verified_at is None:
        raise ValueError("only a proved request becomes an account")
    await tx.execute(
        CREATE,
        request.account_id,
        request.address,
        request.address_key,
        request.first_name,
        request.last_name,
        request.language,
        now,
        request.verified_at,
    )
    password = request.password
    await tx.execute(SET_CREDENTIALS, request.account_id, password.text, password.key_id, now)
    await tx.execute(
        ACCEPT,
        request.account_id,
        terms.version,
        terms.language,
        terms.sha256,
        request.address,
        now,
    )


async def of_address(tx: Connection, address_key: str) -> Account | None:
    """The account of an address, whatever its state."""
    row = await tx.fetchrow(OF_ADDRESS, address_key)
    return None if row is None else _account(row)


async def read(tx: Connection, account_id: str) -> Account | None:
    """An account as it is now; None for what is no account's id, too."""
    try:
        row = await tx.fetchrow(READ, account_id)
    except asyncpg.DataError:
        return None
    return None if row is None else _account(row)


async def lock(tx: Connection, account_id: str) -> Account | None:
    """As `read`, and nobody else changes the account until the transaction ends."""
    try:
        await tx.execute(LOCK, account_id)
    except asyncpg.DataError:
        return None
    # Asked apart: one statement would read credentials as they were before it waited.
    return await read(tx, account_id)


async def change_password(tx: Connection, account_id: str, password: Hashed, now: datetime) -> None:
    """Give an account another password."""
    await tx.execute(RENEW_CREDENTIALS, account_id, password.text, password.key_id, now)


async def prove(tx: Connection, account_id: str, now: datetime) -> None:
    """The address was proved again."""
    await tx.execute(PROVE, account_id, now)


async def freeze(tx: Connection, account_id: str, now: datetime, *, desk_only: bool) -> None:
    """Close an account until it is thawed."""
    await tx.execute(FREEZE, account_id, now, desk_only)


async def leave_to_desk(tx: Connection, account_id: str) -> None:
    """From now on only the desk thaws it."""
    await tx.execute(LEAVE_TO_DESK, account_id)


async def begin_thaw(tx: Connection, account_id: str) -> None:
    """A frozen account may be signed in to again."""
    await tx.execute(BEGIN_THAW, account_id)


async def thaw(tx: Connection, account_id: str, opened_at: datetime) -> bool:
    """The second factor was given at `opened_at`; False where that thaws nothing."""
    done: str = await tx.execute(THAW, account_id, opened_at)
    return done != "UPDATE 0"


async def replace_phone(tx: Connection, account_id: str, replaced_at: datetime) -> None:
    """Remember the latest replacement of the phone."""
    await tx.execute(REPLACE_PHONE, account_id, replaced_at)


async def move(tx: Connection, account_id: str, change: AddressChange, now: datetime) -> None:
    """The account has another address, which is proved, and its password a hash for it."""
    await tx.execute(MOVE, account_id, change.address, change.address_key, now)
    password = change.password
    await tx.execute(MOVE_CREDENTIALS, account_id, password.text, password.key_id)


async def rename(
    tx: Connection, account_id: str, first_name: str, last_name: str, said_at: datetime
) -> bool:
    """Another name, said at that moment; False where a later one was said already."""
    done: str = await tx.execute(RENAME, account_id, first_name, last_name, said_at)
    return done != "UPDATE 0"


async def note_right(tx: Connection, account_id: str, now: datetime) -> None:
    """The password was given right."""
    await tx.execute(NOTE_RIGHT, account_id, now)


async def rehash(tx: Connection, account_id: str, password: Hashed) -> None:
    """Replace the hash of an unchanged password by one of today's cost and key (PW-11)."""
    await tx.execute(REHASH, account_id, password.text, password.key_id)


async def free_id(tx: Connection, reserved: str) -> str:
    """The reserved id where no account has it, else a new one."""
    taken = await tx.fetchval("SELECT 1 FROM accounts WHERE id = $1", reserved)
    return str(uuid.uuid4()) if taken else reserved


def _account(row: Any) -> Account:
    text = row["password_hash"]
    credentials = None
    if text is not None:
        password = Hashed(text, row["pepper_key_id"])
        credentials = Credentials(
            password=password, changes=row["changes"], right_at=row["right_at"]
        )
    return Account(
        id=str(row["id"]),
        address=row["address"],
        address_key=row["address_key"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        language=row["language"],
        state=row["state"],
        verified_at=row["verified_at"],
        frozen_at=row["frozen_at"],
        desk_only=row["desk_only"],
        phone_replaced_at=row["phone_replaced_at"],
        address_changed_at=row["address_changed_at"],
        credentials=credentials,
    )
