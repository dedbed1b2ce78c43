"""Registration's SQL on « ce n'est pas moi » links that were used, in the transaction given."""

from __future__ import annotations

from datetime import datetime

from shared.database import Connection

USE = """
INSERT INTO disavowals (mail_id, account_id, used_at, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (mail_id) DO NOTHING
"""
IS_USED = "SELECT 1 FROM disavowals WHERE mail_id = $1"
FORGET = """
DELETE FROM disavowals
WHERE mail_id IN (SELECT mail_id FROM disavowals WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def use(
    tx: Connection, mail_id: str, account_id: str, now: datetime, expires_at: datetime
) -> None:
    """The link of this mail is used up; used before is no error."""
    await tx.execute(USE, mail_id, account_id, now, expires_at)


async def is_used(tx: Connection, mail_id: str) -> bool:
    """Whether the link of this mail has frozen the account once."""
    return await tx.fetchval(IS_USED, mail_id) is not None


async def forget(tx: Connection, now: datetime) -> None:
    """Delete what a link that ran out needs no more."""
    await tx.execute(FORGET, now)
