"""SQL on used « ce n'est pas moi » links, in the caller's transaction."""

from datetime import datetime

from shared.database import Connection

RECORD_USE = """
INSERT INTO disavowals (mail_id, account_id, used_at, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (mail_id) DO NOTHING
"""
IS_USED = "SELECT 1 FROM disavowals WHERE mail_id = $1"
DELETE_EXPIRED = """
DELETE FROM disavowals
WHERE mail_id IN (SELECT mail_id FROM disavowals WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def record_use(
    tx: Connection, mail_id: str, account_id: str, now: datetime, expires_at: datetime
) -> None:
    """Record that the link of this mail was used; once more is no error."""
    await tx.execute(RECORD_USE, mail_id, account_id, now, expires_at)


async def is_used(tx: Connection, mail_id: str) -> bool:
    """Whether the link of this mail was used."""
    return await tx.fetchval(IS_USED, mail_id) is not None


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Delete the records of expired links."""
    await tx.execute(DELETE_EXPIRED, now)
