"""SQL on rate limits: times counted per address, network and account, in the caller's transaction.

`lock` holds the counters until the transaction ends, so that parallel requests are all counted.
Several are locked in one order (CR-12): an address with a network, an address, a network, an
account.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.database import Connection

#: Kind and key.
Counter = tuple[str, str]
#: No limit has a longer window.
MAX_WINDOW = timedelta(days=1)

LOCK = """
INSERT INTO counters (kind, key, moments, forget_at)
SELECT kind, key, '{}', $3
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS one (kind, key, position) ORDER BY position
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
READ = "SELECT moments FROM counters WHERE kind = $1 AND key = $2"
REMOVE = """
UPDATE counters
SET moments = moments[:array_position(moments, $3) - 1]
    || moments[array_position(moments, $3) + 1:]
WHERE kind = $1 AND key = $2 AND array_position(moments, $3) IS NOT NULL
"""
CLEAR = "DELETE FROM counters WHERE kind = $1 AND key = $2 RETURNING moments"
CLEAR_BY_PREFIX = "DELETE FROM counters WHERE kind = $1 AND starts_with(key, $2)"


async def lock(tx: Connection, counters: Sequence[Counter], now: datetime) -> list[list[datetime]]:
    """The times of each counter, locked until the transaction ends."""
    kinds, keys = _kinds_and_keys(counters)
    rows = await tx.fetch(LOCK, kinds, keys, now + MAX_WINDOW)
    moments = {(row["kind"], row["key"]): list(row["moments"]) for row in rows}
    return [moments[one] for one in counters]


async def add(tx: Connection, counters: Sequence[Counter], now: datetime) -> None:
    """Count `now` in each counter; `lock` was called before."""
    kinds, keys = _kinds_and_keys(counters)
    await tx.execute(ADD, kinds, keys, now, now - MAX_WINDOW, now + MAX_WINDOW)


async def read(tx: Connection, kind: str, key: str) -> list[datetime]:
    """The times of a counter."""
    return list(await tx.fetchval(READ, kind, key) or ())


async def remove(tx: Connection, kind: str, key: str, moment: datetime) -> None:
    """Remove one entry with that time; others with the same time stay."""
    await tx.execute(REMOVE, kind, key, moment)


async def clear(tx: Connection, kind: str, key: str) -> list[datetime]:
    """Delete the counter; returns its times."""
    return list(await tx.fetchval(CLEAR, kind, key) or ())


async def clear_by_prefix(tx: Connection, kind: str, prefix: str) -> None:
    """Delete the counters whose key has this prefix."""
    await tx.execute(CLEAR_BY_PREFIX, kind, prefix)


def _kinds_and_keys(counters: Sequence[Counter]) -> tuple[list[str], list[str]]:
    return [kind for kind, _ in counters], [key for _, key in counters]
