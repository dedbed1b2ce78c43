"""SQL on accounts without credentials that are joined again, in the caller's transaction."""

from datetime import datetime

from services.registration.account_request_store import COLUMNS
from services.registration.account_requests import AccountRequest
from services.registration.resumption import ResumptionCode
from shared.database import Connection
from shared.database.rows import insert, upsert
from shared.outbox import replies

REMOVE_CREDENTIALS = "DELETE FROM credentials WHERE account_id = $1"
# A theft blocked the account until its phone is gone.
OPEN_ACCOUNT = """
UPDATE accounts
SET state = 'active', frozen_at = NULL, desk_only = false, undo_until = NULL,
    second_factor_at = NULL
WHERE id = $1
"""
LOCK_CODE = """
SELECT account_id::text, code_key_id, code_hash, tries, told_at, expires_at, used_at
FROM resumption_codes WHERE account_id = $1 FOR UPDATE
"""
COUNT_WRONG = "UPDATE resumption_codes SET tries = tries + 1 WHERE account_id = $1"
SET_USED = "UPDATE resumption_codes SET used_at = $2 WHERE account_id = $1"
JOIN = "UPDATE accounts SET verified_at = $2, language = $3 WHERE id = $1"
FIND_HELD = f"""
SELECT {COLUMNS} FROM requests
WHERE account_id = $1 AND held_at IS NOT NULL AND state = 'verified'
"""  # noqa: S608


async def remove_credentials(tx: Connection, account_id: str) -> bool:
    """Remove the credentials of an account, whose block ends; False where it had none."""
    done: str = await tx.execute(REMOVE_CREDENTIALS, account_id)
    if done == "DELETE 0":
        return False
    await tx.execute(OPEN_ACCOUNT, account_id)
    await replies.delete_by_subject(tx, account_id)
    return True


async def save_code(tx: Connection, code: ResumptionCode) -> None:
    """Store a code; the former one of the account is void."""
    await upsert(tx, "resumption_codes", vars(code), "account_id")


async def lock_code(tx: Connection, account_id: str) -> ResumptionCode | None:
    """The code told last for an account, locked."""
    row = await tx.fetchrow(LOCK_CODE, account_id)
    return None if row is None else ResumptionCode(**row)


async def count_wrong_code(tx: Connection, account_id: str) -> None:
    """A wrong code was typed."""
    await tx.execute(COUNT_WRONG, account_id)


async def set_code_used(tx: Connection, account_id: str, now: datetime) -> None:
    """The right code was typed."""
    await tx.execute(SET_USED, account_id, now)


async def find_held(tx: Connection, account_id: str) -> AccountRequest | None:
    """The request whose code was right and whose names differ."""
    row = await tx.fetchrow(FIND_HELD, account_id)
    return None if row is None else AccountRequest(**row)


async def join(tx: Connection, request: AccountRequest, now: datetime) -> None:
    """Give an account the credentials of a request; names and history stay as they are."""
    await tx.execute(JOIN, request.account_id, request.verified_at, request.language)
    credentials = {
        "account_id": request.account_id,
        "password_hash": request.password_hash,
        "pepper_key_id": request.pepper_key_id,
        "set_at": now,
    }
    await insert(tx, "credentials", credentials)
    await replies.delete_by_subject(tx, request.account_id)
