"""The only way to emit an event: an outbox row in the transaction of the change.

Promises that the event goes out if and only if the transaction commits; not when, nor in which
order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.base import Event
from shared.database import Connection
from shared.messaging.envelope import wrap

INSERT = "INSERT INTO outbox (message_id, type, body) VALUES ($1, $2, $3)"
_INSERT_FOR = """
INSERT INTO outbox (message_id, type, body, recipient) VALUES ($1, $2, $3, $4)
"""
#: Seconds for which a reserved row is left to the process that wrote it.
RESERVED_SECONDS = 5
#: Arrays in place of `ids`, `types` and `bodies`; a part of a larger statement may join others.
INSERT_RESERVED = f"""
INSERT INTO outbox (message_id, type, body, next_at)
SELECT one.*, clock_timestamp() + interval '{RESERVED_SECONDS} seconds'
FROM unnest({{ids}}::uuid[], {{types}}::text[], {{bodies}}::text[]) AS one
"""  # noqa: S608
_INSERT_RESERVED = INSERT_RESERVED.format(ids="$1", types="$2", bodies="$3")
#: A longer outbox is counted so far.
MAX_COUNTED = 100_000
_BACKLOG = """
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS counted) AS events,
    (SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY id LIMIT 1) AS oldest,
    clock_timestamp() AS server_time
"""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event in the outbox: `body` is its encoded envelope."""

    message_id: str
    type: str
    body: bytes


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
    row = outbox_row(service, event, subject=subject, now=now)
    await add(tx, row.message_id, row.type, row.body)
    return row.message_id


def outbox_row(service: str, event: Event, *, subject: str | None, now: datetime) -> OutboxRow:
    """The row that `insert_reserved` writes for `event`."""
    _check_owner(service, event)
    message_id, body = wrap(service, event, subject=subject, now=now)
    return OutboxRow(message_id, event.TYPE, body)


class ReservedEvents:
    """The events that one transaction of `service` emits and its process publishes afterwards.

    `insert` them before the commit, and give `rows` to `Relay.publish_reserved` after it.
    """

    def __init__(self, service: str, now: Callable[[], datetime]) -> None:
        self._service = service
        self._now = now
        self.rows: list[OutboxRow] = []

    async def emit(self, event: Event, *, subject: str | None) -> str:
        """Add an event; returns its id."""
        row = outbox_row(self._service, event, subject=subject, now=self._now())
        self.rows.append(row)
        return row.message_id

    async def insert(self, tx: Connection) -> None:
        """Write the events into the outbox, by one statement."""
        if self.rows:
            await insert_reserved(tx, self.rows)


async def insert_reserved(tx: Connection, rows: Sequence[OutboxRow]) -> None:
    """Publish the events of `rows` when `tx` commits, by one statement.

    Give the rows to `Relay.publish_reserved` after the commit: the process has them and need not
    read them again. If it ends before, any relay finds them in the outbox a few seconds later.
    """
    await tx.execute(_INSERT_RESERVED, *reserved_columns(rows))


def reserved_columns(rows: Sequence[OutboxRow]) -> tuple[list[str], list[str], list[str]]:
    """The three arrays of `INSERT_RESERVED`."""
    return (
        [row.message_id for row in rows],
        [row.type for row in rows],
        [row.body.decode() for row in rows],
    )


async def emit_to(
    tx: Connection, service: str, event: Event, *, partner: str, now: datetime
) -> None:
    """As `emit`, an event for one partner; it has no subject."""
    _check_owner(service, event)
    message_id, body = wrap(service, event, subject=None, now=now)
    await tx.execute(_INSERT_FOR, message_id, event.TYPE, body.decode(), partner)


def _check_owner(service: str, event: Event) -> None:
    if service != event.OWNER:
        raise ValueError(f"{service} cannot publish {event.TYPE}, which is {event.OWNER}'s")


async def emit_all(
    tx: Connection, service: str, events: Sequence[tuple[Event, str | None]], *, now: datetime
) -> None:
    """As `emit`, for many events with their subjects, by one statement."""
    rows = []
    for event, subject in events:
        _check_owner(service, event)
        message_id, body = wrap(service, event, subject=subject, now=now)
        rows.append((message_id, event.TYPE, body.decode()))
    await tx.executemany(INSERT, rows)


async def read_backlog(connection: Connection) -> Backlog:
    """What is in the outbox now; the age of the oldest event is 0 if there is none."""
    (row,) = await connection.fetch(_BACKLOG, MAX_COUNTED)
    return Backlog(row["events"], max(float(row["oldest"] or 0), 0.0), row["server_time"])
