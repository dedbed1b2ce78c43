"""What an operator's command asks of the accounts: whose an address is, and which is the newest."""

from __future__ import annotations

from services.registration import account_store
from services.registration.email_addresses import address_key
from shared.database import Connection

NEWEST = "SELECT id FROM accounts ORDER BY created_at DESC, id DESC LIMIT 1"


async def account_of(tx: Connection, typed: str) -> str | None:
    """The id of the account with that address, compared as at sign-in."""
    found = await account_store.of_address(tx, address_key(typed))
    return None if found is None else found.id


async def newest(tx: Connection) -> tuple[str, str] | None:
    """(id, address) of the account created last."""
    account_id = await tx.fetchval(NEWEST)
    found = None if account_id is None else await account_store.read(tx, str(account_id))
    return None if found is None else (found.id, found.address)
