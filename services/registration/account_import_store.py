"""SQL of the import of accounts, in the caller's transaction: many rows in one statement."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.registration.account_imports import NewAccount
from services.registration.resumption import ResumptionCode
from shared.database import Connection

FIND_TAKEN = """
SELECT account.address_key, account.id::text,
    account.imported_at IS NOT NULL AND account.state = 'active'
        AND NOT EXISTS (SELECT FROM credentials WHERE account_id = account.id)
        AND NOT EXISTS (SELECT FROM terms_acceptances WHERE account_id = account.id) AS never_joined
FROM accounts AS account WHERE account.address_key = ANY($1)
"""
INSERT_ACCOUNTS = """
INSERT INTO accounts (id, address, address_key, first_name, last_name, language, created_at,
    verified_at, imported_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7)
"""
SAVE_CODES = """
INSERT INTO resumption_codes (account_id, code_key_id, code_hash, told_at, expires_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id) DO UPDATE SET code_key_id = excluded.code_key_id,
    code_hash = excluded.code_hash, tries = 0, told_at = excluded.told_at,
    expires_at = excluded.expires_at, used_at = NULL
"""
LOCK_ACCOUNTS = "SELECT 1 FROM accounts WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
#: Keys looked up by one statement.
BATCH = 5_000


async def find_taken(tx: Connection, keys: Sequence[str]) -> dict[str, str | None]:
    """The addresses, by their keys, that have an account: the id of one that was imported and never
    joined, else None."""
    found: dict[str, str | None] = {}
    for at in range(0, len(keys), BATCH):
        rows = await tx.fetch(FIND_TAKEN, keys[at : at + BATCH])
        found |= {row["address_key"]: row["id"] if row["never_joined"] else None for row in rows}
    return found


async def lock_accounts(tx: Connection, account_ids: Collection[str]) -> None:
    """Lock accounts, so that none of them is joined until the transaction ends."""
    await tx.execute(LOCK_ACCOUNTS, list(account_ids))


async def insert_accounts(tx: Connection, accounts: Sequence[NewAccount], now: datetime) -> None:
    """Insert accounts without credentials; UniqueViolationError where an address has one."""
    rows = [
        (
            one.id,
            one.person.address.text,
            one.person.address.key,
            one.person.first_name,
            one.person.last_name,
            one.person.language,
            now,
        )
        for one in accounts
    ]
    await tx.executemany(INSERT_ACCOUNTS, rows)


async def save_codes(tx: Connection, codes: Sequence[ResumptionCode]) -> None:
    """Store codes; former ones of these accounts are void."""
    rows = [
        (one.account_id, one.code_key_id, one.code_hash, one.told_at, one.expires_at)
        for one in codes
    ]
    await tx.executemany(SAVE_CODES, rows)
