"""The gateway's SQL on saved input. Each function takes a connection."""

from datetime import datetime

from shared.database import Connection

UPSERT = """
insert into saved_input (account_id, box, saved_at, expires_at) values ($1, $2, $3, $4)
on conflict (account_id) do update
    set box = excluded.box, saved_at = excluded.saved_at, expires_at = excluded.expires_at
"""


async def upsert(
    tx: Connection, account_id: str, box: str, now: datetime, expires_at: datetime
) -> None:
    """Save a sealed form for an account, replacing an earlier one."""
    await tx.execute(UPSERT, account_id, box, now, expires_at)


async def find(tx: Connection, account_id: str, now: datetime) -> tuple[str, datetime] | None:
    """The sealed form of an account and when it was saved, unless it has expired."""
    row = await tx.fetchrow(
        "select box, saved_at from saved_input where account_id = $1 and expires_at > $2",
        account_id,
        now,
    )
    return None if row is None else (row["box"], row["saved_at"])


async def delete(tx: Connection, account_id: str) -> None:
    """Delete the form of an account."""
    await tx.execute("delete from saved_input where account_id = $1", account_id)


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Delete expired rows."""
    await tx.execute("delete from saved_input where expires_at <= $1", now)
