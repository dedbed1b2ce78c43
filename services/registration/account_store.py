"""SQL on accounts, credentials and accepted terms, in the caller's transaction.

A change of password, state, address or phone deletes the stored replies about the account, so that
a repeated request is checked against the account as it is now (AU-06).
"""

import uuid
from datetime import datetime
from typing import Any

import asyncpg

from services.registration import email_addresses
from services.registration.account_requests import AccountRequest
from services.registration.accounts import Account, AddressChange, Credentials
from services.registration.terms import Terms, TermsVersion
from shared.database import Connection
from shared.database.rows import insert
from shared.outbox import replies
from shared.security.password_hashing import PasswordHash

REPLACE_HASH = "UPDATE credentials SET password_hash = $2, pepper_key_id = $3 WHERE account_id = $1"
SET_RIGHT_AT = "UPDATE credentials SET right_at = $2 WHERE account_id = $1"
SELECT = """
SELECT account.id::text, account.address, account.address_key, account.first_name,
    account.last_name, account.language, account.state, account.verified_at, account.frozen_at,
    account.desk_only, account.phone_replaced_at, account.address_changed_at, account.undo_until,
    account.named_at, account.second_factor_at, account.anonymised_at,
    credential.password_hash, credential.pepper_key_id, credential.changes, credential.set_at,
    credential.right_at, credential.reset_required
FROM accounts AS account LEFT JOIN credentials AS credential ON credential.account_id = account.id
"""
FIND_BY_ADDRESS = SELECT + "WHERE account.address_key = $1"
READ = SELECT + "WHERE account.id = $1"
NEWEST = "SELECT id::text, address FROM accounts ORDER BY created_at DESC, id DESC LIMIT 1"
# Weaker than FOR UPDATE: a new row that refers to the account need not wait.
LOCK = "SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE"
ACCEPTED_AGAIN = """
ON CONFLICT DO NOTHING
"""
HAS_ACCEPTED = "SELECT 1 FROM terms_acceptances WHERE account_id = $1 AND version = $2 LIMIT 1"
CHANGE_CREDENTIALS = """
UPDATE credentials
SET password_hash = $2, pepper_key_id = $3, set_at = $4, changes = changes + 1,
    reset_required = false
WHERE account_id = $1
"""
SET_VERIFIED = "UPDATE accounts SET verified_at = $2 WHERE id = $1"
FREEZE = """
UPDATE accounts SET state = 'frozen', frozen_at = $2, desk_only = $3, undo_until = $4 WHERE id = $1
"""
RESTRICT_TO_SUPPORT = "UPDATE accounts SET desk_only = true WHERE id = $1"
BEGIN_UNFREEZE = "UPDATE accounts SET state = 'thawing' WHERE id = $1 AND state = 'frozen'"
# A session older than the new password, or than the freeze, does not show the second factor since.
# The clocks of two machines may differ by some seconds.
UNFREEZE = """
UPDATE accounts SET state = 'active', frozen_at = NULL, desk_only = false, undo_until = NULL
FROM credentials
WHERE accounts.id = $1 AND credentials.account_id = accounts.id
  AND (accounts.state = 'thawing' AND credentials.set_at <= $2
    OR accounts.state = 'frozen' AND NOT accounts.desk_only
      AND $2 BETWEEN accounts.frozen_at + interval '5 seconds' AND accounts.undo_until)
"""
CLEAR_SECOND_FACTOR = "UPDATE accounts SET second_factor_at = NULL WHERE id = $1"
RECORD_PHONE_REPLACEMENT = """
UPDATE accounts SET phone_replaced_at = greatest(phone_replaced_at, $2) WHERE id = $1
"""
CHANGE_ADDRESS = """
UPDATE accounts SET address = $2, address_key = $3, verified_at = $4, address_changed_at = $4
WHERE id = $1
"""
# Another hash of the same password: counted as a change, so that a concurrent check fails.
CHANGE_ADDRESS_CREDENTIALS = """
UPDATE credentials SET password_hash = $2, pepper_key_id = $3, changes = changes + 1
WHERE account_id = $1
"""
SET_NAME = """
UPDATE accounts SET first_name = $2, last_name = $3, named_at = $4
WHERE id = $1 AND (named_at IS NULL OR named_at < $4)
"""


async def create(tx: Connection, request: AccountRequest, terms: Terms, now: datetime) -> None:
    """Insert account, credentials and accepted terms, from a verified request."""
    account = {
        "id": request.account_id,
        "address": request.address,
        "address_key": request.address_key,
        "first_name": request.first_name,
        "last_name": request.last_name,
        "language": request.language,
        "created_at": now,
        "verified_at": request.verified_at,
    }
    await insert(tx, "accounts", account)
    credentials = {
        "account_id": request.account_id,
        "password_hash": request.password_hash,
        "pepper_key_id": request.pepper_key_id,
        "set_at": now,
    }
    await insert(tx, "credentials", credentials)
    await accept_terms(tx, request.account_id, request.address, terms, now)


async def accept_terms(
    tx: Connection, account_id: str, address: str, terms: TermsVersion, now: datetime
) -> None:
    """Record that the terms were accepted; what is recorded never changes."""
    acceptance = {
        "account_id": account_id,
        "version": terms.version,
        "language": terms.language,
        "sha256": terms.sha256,
        "address": address,
        "accepted_at": now,
    }
    await insert(tx, "terms_acceptances", acceptance, ACCEPTED_AGAIN)


async def has_accepted(tx: Connection, account_id: str, version: str) -> bool:
    """Whether a version of the terms was accepted, in any language."""
    return await tx.fetchval(HAS_ACCEPTED, account_id, version) is not None


async def find_by_address(tx: Connection, address_key: str) -> Account | None:
    """The account of an address, whatever its state."""
    row = await tx.fetchrow(FIND_BY_ADDRESS, address_key)
    return None if row is None else _account(row)


async def find_account_id(tx: Connection, typed: str) -> str | None:
    """The id of the account with that e-mail address, compared as at sign-in; for operators."""
    found = await find_by_address(tx, email_addresses.address_key(typed))
    return None if found is None else found.id


async def newest_account(tx: Connection) -> tuple[str, str] | None:
    """(id, address) of the account created last; for operators."""
    row = await tx.fetchrow(NEWEST)
    return None if row is None else (row["id"], row["address"])


async def read(tx: Connection, account_id: str) -> Account | None:
    """An account; None also for an id that is no UUID."""
    try:
        row = await tx.fetchrow(READ, account_id)
    except asyncpg.DataError:
        return None
    return None if row is None else _account(row)


async def lock(tx: Connection, account_id: str | None) -> Account | None:
    """As `read`, and no other transaction changes the account until this one ends."""
    if account_id is None:
        return None
    try:
        await tx.execute(LOCK, account_id)
    except asyncpg.DataError:
        return None
    # A second statement: the first one's snapshot is older than the lock.
    return await read(tx, account_id)


async def change_password(
    tx: Connection, account_id: str, password: PasswordHash, now: datetime
) -> None:
    """Give an account another password."""
    await tx.execute(CHANGE_CREDENTIALS, account_id, password.text, password.key_id, now)
    await replies.delete_by_subject(tx, account_id)


async def set_verified(tx: Connection, account_id: str, now: datetime) -> None:
    """The address was verified again."""
    await tx.execute(SET_VERIFIED, account_id, now)


async def freeze(
    tx: Connection,
    account_id: str,
    now: datetime,
    *,
    desk_only: bool,
    undo_until: datetime | None = None,
) -> None:
    """Freeze an account; until `undo_until` both factors undo it."""
    await tx.execute(FREEZE, account_id, now, desk_only, undo_until)
    await replies.delete_by_subject(tx, account_id)


async def restrict_to_support(tx: Connection, account_id: str) -> None:
    """From now on only support can unfreeze it."""
    await tx.execute(RESTRICT_TO_SUPPORT, account_id)
    await replies.delete_by_subject(tx, account_id)


async def begin_unfreeze(tx: Connection, account_id: str) -> None:
    """A frozen account can sign in again."""
    await tx.execute(BEGIN_UNFREEZE, account_id)
    await replies.delete_by_subject(tx, account_id)


async def unfreeze(tx: Connection, account_id: str, opened_at: datetime) -> bool:
    """The second factor was given at `opened_at`; False where nothing changed."""
    done: str = await tx.execute(UNFREEZE, account_id, opened_at)
    if done == "UPDATE 0":
        return False
    await replies.delete_by_subject(tx, account_id)
    return True


async def clear_second_factor(tx: Connection, account_id: str) -> None:
    """The account has no second factor any more."""
    await tx.execute(CLEAR_SECOND_FACTOR, account_id)


async def record_phone_replacement(tx: Connection, account_id: str, replaced_at: datetime) -> None:
    """Record the latest replacement of the phone."""
    await tx.execute(RECORD_PHONE_REPLACEMENT, account_id, replaced_at)
    await replies.delete_by_subject(tx, account_id)


async def change_address(tx: Connection, change: AddressChange, now: datetime) -> None:
    """Set the verified new address, and the hash of the password for it."""
    account_id = change.account_id
    await tx.execute(CHANGE_ADDRESS, account_id, change.address, change.address_key, now)
    await tx.execute(
        CHANGE_ADDRESS_CREDENTIALS, account_id, change.password_hash, change.pepper_key_id
    )
    await replies.delete_by_subject(tx, account_id)


async def set_name(
    tx: Connection, account_id: str, first_name: str, last_name: str, changed_at: datetime
) -> bool:
    """Set the name, as of `changed_at`; False where a later change is stored."""
    done: str = await tx.execute(SET_NAME, account_id, first_name, last_name, changed_at)
    return done != "UPDATE 0"


async def record_correct_password(tx: Connection, account_id: str, now: datetime) -> None:
    """The password was given right."""
    await tx.execute(SET_RIGHT_AT, account_id, now)


async def replace_hash(tx: Connection, account_id: str, password: PasswordHash) -> None:
    """Replace the hash of an unchanged password by one of today's cost and key (PW-11)."""
    await tx.execute(REPLACE_HASH, account_id, password.text, password.key_id)


async def unused_id(tx: Connection, reserved: str) -> str:
    """The reserved id where no account has it, else a new one."""
    taken = await tx.fetchval("SELECT 1 FROM accounts WHERE id = $1", reserved)
    return str(uuid.uuid4()) if taken else reserved


def _account(row: Any) -> Account:
    values = dict(row)
    text, key_id = values.pop("password_hash"), values.pop("pepper_key_id")
    names = ("changes", "set_at", "right_at", "reset_required")
    credentials = {name: values.pop(name) for name in names}
    return Account(
        **values,
        credentials=None
        if text is None
        else Credentials(password=PasswordHash(text, key_id), **credentials),
    )
