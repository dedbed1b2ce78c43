"""The only way to emit an event: an outbox row in the transaction of the change.

Promises that the event goes out if and only if the transaction commits; not when, nor in which
order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.base import Event
from shared.database import Connection
from shared.messaging.envelope import wrap

INSERT = "INSERT INTO outbox (message_id, type, body) VALUES ($1, $2, $3)"
#: A longer outbox is counted so far.
MAX_COUNTED = 100_000
_BACKLOG = """
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS counted) AS events,
    (SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY id LIMIT 1) AS oldest,
    clock_timestamp() AS server_time
"""


@dataclass(frozen=True)
class Backlog:
    """The events not yet confirmed by the broker, and the time of the server that keeps them."""

    events: int
    oldest_seconds: float
    server_time: datetime


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


async def read_backlog(connection: Connection) -> Backlog:
    """What is in the outbox now; the age of the oldest event is 0 if there is none."""
    (row,) = await connection.fetch(_BACKLOG, MAX_COUNTED)
    return Backlog(row["events"], max(float(row["oldest"] or 0), 0.0), row["server_time"])
