"""Registration's SQL on accounts, credentials and accepted terms, within the transaction given."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from services.registration.accounts import AccountRequest, Standing
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
ACCEPT = """
INSERT INTO terms_acceptances (account_id, version, language, sha256, address, accepted_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, sha256) DO UPDATE SET accepted_at = excluded.accepted_at
"""
SIGN_IN = """
SELECT account.id, credential.password_hash, credential.pepper_key_id
FROM accounts AS account JOIN credentials AS credential ON credential.account_id = account.id
WHERE account.address_key = $1 AND account.state = 'active'
"""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an active account is signed in with."""

    account_id: str
    password: Hashed


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


async def credentials(tx: Connection, address_key: str) -> Credentials | None:
    """What the active account of an address is signed in with."""
    row = await tx.fetchrow(SIGN_IN, address_key)
    if row is None:
        return None
    return Credentials(
        account_id=str(row["id"]), password=Hashed(row["password_hash"], row["pepper_key_id"])
    )


async def rehash(tx: Connection, account_id: str, password: Hashed) -> None:
    """Replace the hash of an unchanged password by one of today's cost and key (PW-11)."""
    await tx.execute(REHASH, account_id, password.text, password.key_id)


async def free_id(tx: Connection, reserved: str) -> str:
    """The reserved id where no account has it, else a new one."""
    taken = await tx.fetchval("SELECT 1 FROM accounts WHERE id = $1", reserved)
    return str(uuid.uuid4()) if taken else reserved
