"""The gateway's SQL on what was typed when a session ended. Each function takes a connection."""

from __future__ import annotations

from datetime import datetime

from shared.database import Connection

KEEP = """
insert into kept_forms (account_id, box, kept_at, expires_at) values ($1, $2, $3, $4)
on conflict (account_id) do update
    set box = excluded.box, kept_at = excluded.kept_at, expires_at = excluded.expires_at
"""


async def keep(
    tx: Connection, account_id: str, box: str, now: datetime, expires_at: datetime
) -> None:
    """Keep a sealed form for an account, in place of one that was kept before."""
    await tx.execute(KEEP, account_id, box, now, expires_at)


async def find(tx: Connection, account_id: str, now: datetime) -> tuple[str, datetime] | None:
    """The sealed form of an account and when it was kept, unless it has run out."""
    row = await tx.fetchrow(
        "select box, kept_at from kept_forms where account_id = $1 and expires_at > $2",
        account_id,
        now,
    )
    return None if row is None else (row["box"], row["kept_at"])


async def forget(tx: Connection, account_id: str) -> None:
    """What was typed is saved, or wanted no more."""
    await tx.execute("delete from kept_forms where account_id = $1", account_id)


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Forget what has run out."""
    await tx.execute("delete from kept_forms where expires_at <= $1", now)
