"""The gateway's SQL on what was told to the desk. Each function takes the transaction."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime

from shared.database import Connection

LOCK = "select pg_advisory_xact_lock(hashtextextended('desk/' || $1::text || '/' || $2::text, 0))"
FIND = "select number from desk_words where form_hash = $1"
MOMENTS = """
select told_at from desk_words where kind = $1 and counted_under = $2 and told_at > $3
order by told_at
"""
INSERT = """
insert into desk_words (form_hash, kind, number, account_id, counted_under, told_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True)
class Word:
    """That something was told: a `correction` or a `departure`, in the order of the columns."""

    form_hash: bytes
    kind: str
    number: str
    account_id: str | None
    counted_under: str
    told_at: datetime
    expires_at: datetime


async def lock(tx: Connection, kind: str, counted_under: str) -> None:
    """Nobody else tells the desk such a thing under that count until the transaction ends."""
    await tx.execute(LOCK, kind, counted_under)


async def find(tx: Connection, form_hash: bytes) -> str | None:
    """The number under which that very form was told already."""
    number: str | None = await tx.fetchval(FIND, form_hash)
    return number


async def moments(tx: Connection, kind: str, counted_under: str, since: datetime) -> list[datetime]:
    """When such things were told, the oldest first."""
    return [row["told_at"] for row in await tx.fetch(MOMENTS, kind, counted_under, since)]


async def insert(tx: Connection, word: Word) -> None:
    """It is told."""
    await tx.execute(INSERT, *astuple(word))


async def forget(tx: Connection, now: datetime) -> None:
    """Forget what no limit looks at any more."""
    await tx.execute("delete from desk_words where expires_at <= $1", now)
