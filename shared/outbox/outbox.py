"""The only way to emit an event: an outbox row in the transaction of the change.

Promises that the event goes out if and only if the transaction commits; not when, nor in which
order.
"""

from collections.abc import Sequence
from datetime import datetime

from shared.contracts.base import Event
from shared.database import Connection, Pool, acquire
from shared.messaging.envelope import wrap

INSERT = "INSERT INTO outbox (message_id, type, body) VALUES ($1, $2, $3)"
_OLDEST = "SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY id LIMIT 1"


async def add(tx: Connection, message_id: str, message_type: str, body: bytes) -> None:
    """Put an encoded envelope into the outbox."""
    await tx.execute(INSERT, message_id, message_type, body.decode())


async def emit(
    tx: Connection, service: str, event: Event, *, subject: str | None, now: datetime
) -> str:
    """Publish `event` as `service` when `tx` commits; returns its id. Wake the relay afterwards."""
    if service != event.OWNER:
        raise ValueError(f"{service} cannot publish {event.TYPE}, which is {event.OWNER}'s")
    message_id, body = wrap(service, event, subject=subject, now=now)
    await add(tx, message_id, event.TYPE, body)
    return message_id


async def emit_all(
    tx: Connection, service: str, events: Sequence[tuple[Event, str | None]], *, now: datetime
) -> None:
    """As `emit`, for many events with their subjects, by one statement."""
    rows = []
    for event, subject in events:
        if service != event.OWNER:
            raise ValueError(f"{service} cannot publish {event.TYPE}, which is {event.OWNER}'s")
        message_id, body = wrap(service, event, subject=subject, now=now)
        rows.append((message_id, event.TYPE, body.decode()))
    await tx.executemany(INSERT, rows)


async def oldest_age(pool: Pool) -> float:
    """Age in seconds of the oldest unconfirmed event; 0 if there is none."""
    async with acquire(pool) as connection:
        return max(float(await connection.fetchval(_OLDEST) or 0), 0.0)
