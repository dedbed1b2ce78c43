"""Queries on accounts for operators' commands."""

from services.registration import account_store
from services.registration.email_addresses import address_key
from shared.database import Connection

NEWEST_ACCOUNT = "SELECT id FROM accounts ORDER BY created_at DESC, id DESC LIMIT 1"


async def find_account_id(tx: Connection, typed: str) -> str | None:
    """The id of the account with that e-mail address, compared as at sign-in."""
    found = await account_store.find_by_address(tx, address_key(typed))
    return None if found is None else found.id


async def newest_account(tx: Connection) -> tuple[str, str] | None:
    """(id, address) of the account created last."""
    account_id = await tx.fetchval(NEWEST_ACCOUNT)
    found = None if account_id is None else await account_store.read(tx, str(account_id))
    return None if found is None else (found.id, found.address)
