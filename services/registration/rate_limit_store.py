"""SQL on rate limits: times counted per address, network and account, in the caller's transaction.

`lock` holds the counters until the transaction ends, so that parallel requests are all counted.
Several are locked in one order (CR-12): an address with a network, an address, a network, an
account.

A counter has one key per key of the ring where its key is a keyed hash, newest first: it is counted
under the first and found under all, so that a rotated ring forgets nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.database import Connection

#: Kind and keys, the newest first.
Counter = tuple[str, tuple[str, ...]]
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
READ = """
SELECT one.position, moments
FROM unnest($1::integer[], $2::text[], $3::text[]) AS one (position, kind, key)
    JOIN counters ON counters.kind = one.kind AND counters.key = one.key
"""
READ_FORMER = """
SELECT counters.kind, one.newest, moments
FROM unnest($1::text[], $2::text[], $3::text[]) AS one (kind, newest, key)
    JOIN counters ON counters.kind = one.kind AND counters.key = one.key
"""
REMOVE = """
UPDATE counters
SET moments = moments[:array_position(moments, $3) - 1]
    || moments[array_position(moments, $3) + 1:]
WHERE kind = $1 AND key = ANY($2) AND array_position(moments, $3) IS NOT NULL
"""
CLEAR = "DELETE FROM counters WHERE kind = $1 AND key = ANY($2) RETURNING moments"
CLEAR_BY_ADDRESS = "DELETE FROM counters WHERE kind = $1 AND split_part(key, ' ', 1) = ANY($2)"


async def lock(tx: Connection, counters: Sequence[Counter], now: datetime) -> list[list[datetime]]:
    """The times of each counter, locked until the transaction ends."""
    kinds, keys = _kinds_and_keys(counters)
    rows = await tx.fetch(LOCK, kinds, keys, now + MAX_WINDOW)
    moments = {(row["kind"], row["key"]): list(row["moments"]) for row in rows}
    former = [(kind, keys[0], key) for kind, keys in counters for key in keys[1:]]
    if former:
        for row in await tx.fetch(
            READ_FORMER, *(list(column) for column in zip(*former, strict=True))
        ):
            moments[row["kind"], row["newest"]] += row["moments"]
    return [moments[kind, keys[0]] for kind, keys in counters]


async def add(tx: Connection, counters: Sequence[Counter], now: datetime) -> None:
    """Count `now` in each counter; `lock` was called before."""
    kinds, keys = _kinds_and_keys(counters)
    await tx.execute(ADD, kinds, keys, now, now - MAX_WINDOW, now + MAX_WINDOW)


async def read(tx: Connection, counters: Sequence[Counter]) -> list[list[datetime]]:
    """The times of each counter."""
    wanted = [
        (position, kind, key) for position, (kind, keys) in enumerate(counters) for key in keys
    ]
    found: list[list[datetime]] = [[] for _ in counters]
    for row in await tx.fetch(READ, *(list(column) for column in zip(*wanted, strict=True))):
        found[row["position"]] += row["moments"]
    return found


async def remove(tx: Connection, kind: str, keys: Sequence[str], moment: datetime) -> None:
    """Remove one entry with that time; others with the same time stay."""
    await tx.execute(REMOVE, kind, list(keys), moment)


async def clear(tx: Connection, kind: str, keys: Sequence[str]) -> list[datetime]:
    """Delete the counter; returns its times."""
    return _moments(await tx.fetch(CLEAR, kind, list(keys)))


async def clear_by_address(tx: Connection, kind: str, keys: Sequence[str]) -> None:
    """Delete the counters of an address, alone and with each network."""
    await tx.execute(CLEAR_BY_ADDRESS, kind, list(keys))


def with_network(keys: Sequence[str], network: str) -> tuple[str, ...]:
    """The keys of an address counted together with a network."""
    return tuple(f"{key} {network}" for key in keys)


def _moments(rows: Iterable[Any]) -> list[datetime]:
    return [moment for row in rows for moment in row["moments"]]


def _kinds_and_keys(counters: Sequence[Counter]) -> tuple[list[str], list[str]]:
    return [kind for kind, _ in counters], [keys[0] for _, keys in counters]
