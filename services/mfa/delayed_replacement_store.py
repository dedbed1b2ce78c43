"""SQL on replacements after a delay; the account is locked by the caller (`store.lock_account`)."""

from datetime import datetime

from services.mfa.delayed_replacements import DelayedReplacement
from shared.database import Connection
from shared.outbox import replies

# An end that came first holds, and what opened before is not opened again.
OPEN = """
INSERT INTO delayed_replacements (number, account_id, asked_at, open_until, forget_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
END = """
INSERT INTO delayed_replacements (number, account_id, ended, forget_at) VALUES ($1, $2, true, $3)
ON CONFLICT (number) DO UPDATE SET ended = true, forget_at = excluded.forget_at
"""
# The one that was asked for last.
FIND = """
SELECT number, account_id::text, asked_at, open_until FROM delayed_replacements
WHERE account_id = $1 AND NOT ended ORDER BY asked_at DESC LIMIT 1
"""
DELETE_FORGOTTEN = "DELETE FROM delayed_replacements WHERE forget_at <= $1"


async def open_replacement(
    tx: Connection, replacement: DelayedReplacement, forget_at: datetime
) -> None:
    """Store one that may be used, unless it has ended."""
    await tx.execute(
        OPEN,
        replacement.number,
        replacement.account_id,
        replacement.asked_at,
        replacement.open_until,
        forget_at,
    )


async def end(tx: Connection, number: str, account_id: str, forget_at: datetime) -> None:
    """It may not be used any more; replies about it are not given again."""
    await tx.execute(END, number, account_id, forget_at)
    await replies.delete_by_subject(tx, account_id)


async def find(tx: Connection, account_id: str) -> DelayedReplacement | None:
    """The one of an account that support opened and did not end."""
    row = await tx.fetchrow(FIND, account_id)
    return None if row is None else DelayedReplacement(**row)


async def delete_forgotten(tx: Connection, now: datetime) -> None:
    """Delete those of which nothing needs to be known any more."""
    await tx.execute(DELETE_FORGOTTEN, now)
