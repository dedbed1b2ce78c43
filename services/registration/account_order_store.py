"""SQL of what the desk decides about an account, which the caller has locked.

Stored replies about the account are deleted, so that a repeated request is checked anew.
"""

from datetime import datetime

from services.registration import account_request_store, address_store, mailed_link_store
from services.registration.email_addresses import EmailAddress
from services.registration.handlers.mailed_links import PASSWORD, PHONE
from shared.database import Connection
from shared.outbox import replies

DEACTIVATE = "UPDATE accounts SET state = 'deactivated', undo_until = NULL WHERE id = $1"
# An account that was blocked before it was deactivated is blocked again.
REACTIVATE = """
UPDATE accounts SET state = CASE WHEN frozen_at IS NULL THEN 'active' ELSE 'frozen' END
WHERE id = $1
"""
ALLOW_UNFREEZE = "UPDATE accounts SET desk_only = false, undo_until = NULL WHERE id = $1"
RELEASE_ADDRESS = """
UPDATE accounts
SET state = 'deactivated', address = '', address_key = id::text, released_at = $2
WHERE id = $1
"""
CHANGE_ADDRESS = """
UPDATE accounts SET address = $2, address_key = $3, address_changed_at = $4 WHERE id = $1
"""
# Counted as a change, so that a check that is under way fails.
REQUIRE_RESET = """
UPDATE credentials SET reset_required = true, changes = changes + 1 WHERE account_id = $1
"""
DELETE_CREDENTIALS = "DELETE FROM credentials WHERE account_id = $1"
ANONYMISE = """
UPDATE accounts SET first_name = '-', last_name = '-', anonymised_at = $2, named_at = $2
WHERE id = $1
"""
DELETE_RECOVERY_ADDRESS = "DELETE FROM recovery_addresses WHERE account_id = $1"
DELETE_RECOVERY_WISH = "DELETE FROM recovery_address_changes WHERE account_id = $1"
DELETE_QUESTIONS = "DELETE FROM address_questions WHERE account_id = $1"
DELETE_ACCEPTED_ADDRESS = "SELECT delete_accepted_address($1)"


async def deactivate(tx: Connection, account_id: str) -> None:
    """The account signs in no more; what was mailed to it opens nothing."""
    await tx.execute(DEACTIVATE, account_id)
    await _void_mails(tx, account_id)


async def reactivate(tx: Connection, account_id: str) -> None:
    """The account is as it was before it was deactivated."""
    await tx.execute(REACTIVATE, account_id)
    await replies.delete_by_subject(tx, account_id)


async def allow_unfreeze(tx: Connection, account_id: str) -> None:
    """A new password, then the second factor, open the frozen account."""
    await tx.execute(ALLOW_UNFREEZE, account_id)
    await replies.delete_by_subject(tx, account_id)


async def release_address(tx: Connection, account_id: str, now: datetime) -> None:
    """Take address and password from an account, which is deactivated from then on."""
    await tx.execute(RELEASE_ADDRESS, account_id, now)
    await tx.execute(DELETE_CREDENTIALS, account_id)
    await _void_mails(tx, account_id)


async def change_address(
    tx: Connection, account_id: str, address: EmailAddress, now: datetime
) -> None:
    """Set another address. The password must be replaced, which proves the new mailbox."""
    await tx.execute(CHANGE_ADDRESS, account_id, address.text, address.key, now)
    await tx.execute(REQUIRE_RESET, account_id)
    await _void_mails(tx, account_id)


async def require_reset(tx: Connection, account_id: str) -> None:
    """The password opens nothing until it is replaced."""
    await tx.execute(REQUIRE_RESET, account_id)
    await replies.delete_by_subject(tx, account_id)


async def anonymise(tx: Connection, account_id: str, now: datetime) -> None:
    """Delete name, address and password of an account; what it accepted, and when, stays."""
    await release_address(tx, account_id, now)
    await tx.execute(ANONYMISE, account_id, now)
    for sql in (
        DELETE_ACCEPTED_ADDRESS,
        DELETE_QUESTIONS,
        DELETE_RECOVERY_ADDRESS,
        DELETE_RECOVERY_WISH,
    ):
        await tx.execute(sql, account_id)
    await account_request_store.delete_of_account(tx, account_id)


async def _void_mails(tx: Connection, account_id: str) -> None:
    """Codes and links that were mailed for the account are void."""
    await address_store.delete_change(tx, account_id)
    await address_store.delete_code(tx, account_id)
    for kind in (PASSWORD, PHONE):
        await mailed_link_store.delete_unused(tx, kind.name, account_id)
    await replies.delete_by_subject(tx, account_id)
