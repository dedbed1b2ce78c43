"""Moments counted per address, per network and per account, in the caller's transaction.

`lock` holds the counters until the transaction ends, so that twenty askers at one moment are
counted as twenty. Who needs several takes them in one order (CR-12): an address with a network, an
address, a network, an account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.database import Connection

#: Kind and key.
Counter = tuple[str, str]
#: No limit looks further back.
LONGEST_WINDOW = timedelta(days=1)

LOCK = """
INSERT INTO counters (kind, key, moments, forget_at)
SELECT kind, key, '{}', $3
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS one (kind, key, place) ORDER BY place
ON CONFLICT (kind, key) DO UPDATE SET kind = excluded.kind
RETURNING kind, key, moments
"""
ADD = """
UPDATE counters
SET moments = array_append(
        ARRAY(SELECT moment FROM unnest(moments) AS moment WHERE moment > $4), $3),
    forget_at = $5
FROM unnest($1::text[], $2::text[]) AS one (kind, key)
WHERE counters.kind = one.kind AND counters.key = one.key
"""
PEEK = "SELECT moments FROM counters WHERE kind = $1 AND key = $2"
TAKE_BACK = """
UPDATE counters
SET moments = moments[:array_position(moments, $3) - 1]
    || moments[array_position(moments, $3) + 1:]
WHERE kind = $1 AND key = $2 AND array_position(moments, $3) IS NOT NULL
"""
CLEAR = "DELETE FROM counters WHERE kind = $1 AND key = $2 RETURNING moments"
CLEAR_ALL = "DELETE FROM counters WHERE kind = $1 AND starts_with(key, $2)"
# Who counts holds two counters at a time: waiting for one of them here would be a deadlock.
FORGET = """
DELETE FROM counters
WHERE (kind, key) IN (
    SELECT kind, key FROM counters WHERE forget_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def lock(tx: Connection, counters: Sequence[Counter], now: datetime) -> list[list[datetime]]:
    """Each counter's moments; nobody else counts there until the transaction ends."""
    kinds, keys = _parted(counters)
    rows = await tx.fetch(LOCK, kinds, keys, now + LONGEST_WINDOW)
    moments = {(row["kind"], row["key"]): list(row["moments"]) for row in rows}
    return [moments[one] for one in counters]


async def add(tx: Connection, counters: Sequence[Counter], now: datetime) -> None:
    """Count this moment at each; they are locked already."""
    kinds, keys = _parted(counters)
    await tx.execute(ADD, kinds, keys, now, now - LONGEST_WINDOW, now + LONGEST_WINDOW)


async def peek(tx: Connection, kind: str, key: str) -> list[datetime]:
    """The counter's moments as they are now."""
    return list(await tx.fetchval(PEEK, kind, key) or ())


async def take_back(tx: Connection, kind: str, key: str, moment: datetime) -> None:
    """One try of that moment does not count after all; others of the same moment still do."""
    await tx.execute(TAKE_BACK, kind, key, moment)


async def clear(tx: Connection, kind: str, key: str) -> list[datetime]:
    """Forget the counter; returns what it held."""
    return list(await tx.fetchval(CLEAR, kind, key) or ())


async def clear_all(tx: Connection, kind: str, prefix: str) -> None:
    """Forget the counters whose key begins so."""
    await tx.execute(CLEAR_ALL, kind, prefix)


async def forget(tx: Connection, now: datetime) -> None:
    """Delete the counters that no limit looks at any more."""
    await tx.execute(FORGET, now)


def _parted(counters: Sequence[Counter]) -> tuple[list[str], list[str]]:
    return [kind for kind, _ in counters], [key for _, key in counters]
