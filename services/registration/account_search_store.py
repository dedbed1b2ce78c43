"""SQL of the desk's search: accounts by address or name, and their records.

Each statement reads an index of the migration `desk_search`, and returns at most `LIMIT` rows.
"""

from collections.abc import Sequence
from typing import Any

from shared.contracts.account_search import FoundAccountsView
from shared.contracts.registration.desk import AccountRecord
from shared.database import Connection
from shared.database.word_search import by_index, find_by_words
from shared.domain.account_search import LIMIT, bounds, found_accounts

BY_ADDRESS = "SELECT id::text FROM accounts WHERE address_key = $1"
BY_ADDRESS_PREFIX = f"""
SELECT id::text FROM accounts WHERE address_key ~>=~ $1 AND address_key ~<~ $2
ORDER BY address_key USING ~<~ LIMIT {LIMIT}
"""  # noqa: S608 - a constant
BY_DOMAIN_PREFIX = f"""
SELECT id::text FROM accounts
WHERE split_part(address_key, '@', 2) ~>=~ $1 AND split_part(address_key, '@', 2) ~<~ $2
ORDER BY split_part(address_key, '@', 2) USING ~<~ LIMIT {LIMIT}
"""  # noqa: S608 - a constant
DESCRIBE = """
SELECT account.id::text AS account_id, account.address, account.first_name, account.last_name,
    account.language, account.state, credential.account_id IS NOT NULL AS has_password,
    account.state = 'deactivated' OR account.state = 'frozen' AND account.desk_only AS support_only,
    account.created_at, account.verified_at, account.frozen_at, account.address_changed_at,
    credential.right_at AS password_right_at, coalesce(held.first_name, '') AS given_first_name,
    coalesce(held.last_name, '') AS given_last_name
FROM accounts AS account LEFT JOIN credentials AS credential ON credential.account_id = account.id
LEFT JOIN requests AS held
    ON held.account_id = account.id AND held.held_at IS NOT NULL AND held.state = 'verified'
WHERE account.id = ANY($1::text[]::uuid[])
"""


async def find_by_address(tx: Connection, key: str) -> FoundAccountsView:
    """Accounts whose address is `key` or begins so; with `@` in front, whose domain does."""
    async with by_index(tx, in_order=True):
        if key.startswith("@"):
            rows = await tx.fetch(BY_DOMAIN_PREFIX, *bounds(key[1:]))
            return found_accounts((), _ids(rows))
        exact = await tx.fetch(BY_ADDRESS, key)
        rows = await tx.fetch(BY_ADDRESS_PREFIX, *bounds(key))
    return found_accounts(_ids(exact), _ids(rows))


async def find_by_name(tx: Connection, typed: str) -> FoundAccountsView:
    """Accounts whose name has all these words; where none has, those where words begin so."""
    return found_accounts(*await find_by_words(tx, "accounts", "id", "name_words", typed, LIMIT))


async def describe(tx: Connection, account_ids: Sequence[str]) -> list[AccountRecord]:
    """The records of those of these accounts that exist."""
    return [AccountRecord(**dict(row)) for row in await tx.fetch(DESCRIBE, list(account_ids))]


def _ids(rows: Sequence[Any]) -> list[str]:
    return [row[0] for row in rows]
