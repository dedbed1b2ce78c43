"""Marks messages as processed in the transaction of their effect, and purges old marks.

A failed attempt rolls its row back, so its retry copy (same id) is not taken for a duplicate.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import asyncpg

from shared.database import Connection, Pool, acquire, row_count
from shared.errors import Reject
from shared.messaging.handlers import SqlEffect

#: Longer than retries and replays of dead letters last.
RETENTION_DAYS = 30
BATCH = 1_000

_MARK_PROCESSED = "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
#: An effect in one statement with its inbox row: both or neither, in one round trip.
_ONCE = """
WITH first AS (
    INSERT INTO inbox (consumer, message_id) SELECT $1::text, $2::uuid{unless}
    ON CONFLICT DO NOTHING RETURNING message_id
),{effect}
SELECT count(*) > 0 AS applied, {left} AS left_undone FROM first
"""
#: The same where the inbox row is written already.
_ANYWAY = """
WITH first AS (SELECT $1::text, $2::text),{effect}
SELECT true AS applied, false AS left_undone FROM first
"""
# In the order of the index, so that the rest of the table is never read.
_PURGE_INBOX = """
DELETE FROM inbox WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM inbox WHERE received_at < now() - make_interval(days => $1)
    ORDER BY received_at LIMIT $2))
"""
_PURGE_REPLIES = """
DELETE FROM replies WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM replies WHERE expires_at < now() ORDER BY expires_at LIMIT $1))
"""


async def mark_processed(tx: Connection, consumer: str, message_id: str) -> bool:
    """Whether `consumer` has not handled this message yet; from now on, in `tx`, it has.

    Waits for another transaction that is handling the same message.
    """
    return row_count(await tx.execute(_MARK_PROCESSED, consumer, message_id)) == 1


async def apply_once(
    connection: Connection, consumer: str, message_id: str, effect: SqlEffect
) -> bool | None:
    """Apply the effect of a message unless `consumer` has done so before; returns whether it was
    now, and None where `effect.unless` leaves it to the handler.

    Waits for another session that is doing the same. Needs no transaction around it. Raises
    `Reject` where a trigger of the schema refuses the effect, with its sentence.
    """
    return await _apply(connection, _ONCE, (consumer, message_id), effect)


async def apply_all(
    connection: Connection, consumer: str, effects: Sequence[tuple[str, SqlEffect]]
) -> list[bool | None]:
    """`apply_once` for each (message id, effect), whose statement is the same, in one transaction
    and one round trip: all of them or none. Raises whatever any of them does.
    """
    _, shape = effects[0]
    sql = _statement(_ONCE, shape.sql, shape.then, shape.unless)
    parameters = [(consumer, message_id, *effect.values) for message_id, effect in effects]
    return [_applied(row) for row in await connection.fetchmany(sql, parameters)]


async def apply(tx: Connection, effect: SqlEffect) -> None:
    """Apply an effect within a transaction that does more. Raises as `apply_once`."""
    await _apply(tx, _ANYWAY, ("", ""), effect)


async def _apply(
    connection: Connection, frame: str, names: tuple[str, str], effect: SqlEffect
) -> bool | None:
    sql = _statement(frame, effect.sql, effect.then, effect.unless)
    try:
        (row,) = await connection.fetch(sql, *names, *effect.values)
    except asyncpg.RaiseError as error:
        raise Reject(str(error), error.hint or "invalid") from error
    return _applied(row)


def _applied(row: Any) -> bool | None:
    applied: bool = row["applied"]
    return None if row["left_undone"] and not applied else applied


@cache
def _statement(frame: str, effect: str, then: tuple[str, ...], unless: str) -> str:
    """The statement of an effect; services have a few of them."""
    parts = f"\neffect AS (\n{effect}\n)"
    for number, one in enumerate(then):
        parts += f",\nthen_{number} AS (\n{one}\n)"
    return frame.format(
        effect=parts,
        unless=f" WHERE NOT EXISTS ({unless})" if unless else "",
        left=f"EXISTS ({unless})" if unless else "false",
    )


async def purge(pool: Pool, *, days: int = RETENTION_DAYS, batch: int = BATCH) -> int:
    """Delete old inbox rows and run-out replies in short batches; returns how many."""
    total = 0
    async with acquire(pool) as connection:
        for statement, arguments in ((_PURGE_INBOX, (days, batch)), (_PURGE_REPLIES, (batch,))):
            while True:
                gone = row_count(await connection.execute(statement, *arguments))
                total += gone
                if gone < batch:
                    break
    return total
