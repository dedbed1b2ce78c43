"""SQL of `impex partner deliveries` and of the other commands on partners, as the push service."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.push.schedule import GIVEN_UP_AFTER
from services.push.store import MAX_COUNTED
from shared.database import Connection, row_count

STATES = ("waiting", "delivered", "failed")
MAX_LISTED = 500
_AGAIN = """
UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = $2::timestamptz,
    expires_at = $2::timestamptz + $3::interval, ended_at = NULL, unanswered = false
"""
_LOCK_RECEIVER = "SELECT FROM receivers WHERE partner = $1 FOR NO KEY UPDATE"
#: What is posted at this moment needs no other attempt.
_IDLE = "(lease_until IS NULL OR lease_until < clock_timestamp())"


@dataclass(frozen=True, kw_only=True)
class ListedDelivery:
    """One delivery without its content. `status` is the last answer's, `reason` why there was
    none."""

    message_id: UUID
    type: str
    state: str
    attempts: int
    status: int | None
    reason: str
    received_at: datetime
    tried_at: datetime | None
    next_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class DeliveryCounts:
    """How many events of a partner wait to be posted, and how many were given up."""

    waiting: int
    given_up: int


async def count_deliveries(tx: Connection) -> dict[str, DeliveryCounts]:
    """The counts of every partner that has, or had, an address; each up to `MAX_COUNTED`."""
    rows = await tx.fetch(
        """
        SELECT partner,
            (SELECT count(*) FROM (SELECT FROM deliveries AS one
                WHERE one.partner = receivers.partner AND state = 'waiting' LIMIT $1) AS w)
                AS waiting,
            (SELECT count(*) FROM (SELECT FROM deliveries AS one
                WHERE one.partner = receivers.partner AND state = 'failed' LIMIT $1) AS f)
                AS given_up
        FROM receivers
        """,
        MAX_COUNTED,
    )
    return {
        row["partner"]: DeliveryCounts(waiting=row["waiting"], given_up=row["given_up"])
        for row in rows
    }


async def is_known(tx: Connection, partner: str) -> bool:
    """Whether a partner has, or had, an address to push to."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM receivers WHERE partner = $1)", partner
    )
    return found


async def list_deliveries(
    tx: Connection, partner: str, *, state: str | None = None
) -> list[ListedDelivery]:
    """The latest deliveries of a partner, the latest first."""
    rows = await tx.fetch(
        """
        SELECT message_id, type, state, attempts, status, reason, received_at, tried_at,
            CASE WHEN state = 'waiting' THEN greatest(next_at, resumes_at) END AS next_at, ended_at
        FROM deliveries JOIN receivers USING (partner)
        WHERE partner = $1 AND ($2::text IS NULL OR state = $2)
        ORDER BY received_at DESC, message_id LIMIT $3
        """,
        partner,
        state,
        MAX_LISTED,
    )
    return [ListedDelivery(**dict(row)) for row in rows]


async def replay(tx: Connection, partner: str, message_id: UUID, now: datetime) -> bool:
    """Post an event again, now; False where it is not there or is being posted."""
    async with tx.transaction():
        await tx.execute(_LOCK_RECEIVER, partner)
        status = await tx.execute(
            f"{_AGAIN} WHERE partner = $1 AND message_id = $4 AND {_IDLE}",
            partner,
            now,
            GIVEN_UP_AFTER,
            message_id,
        )
        return await _resumed(tx, partner, row_count(status)) > 0


async def replay_failed(tx: Connection, partner: str, now: datetime) -> int:
    """Post everything again that was given up; how many."""
    async with tx.transaction():
        await tx.execute(_LOCK_RECEIVER, partner)
        status = await tx.execute(
            f"{_AGAIN} WHERE partner = $1 AND state = 'failed'", partner, now, GIVEN_UP_AFTER
        )
        return await _resumed(tx, partner, row_count(status))


async def _resumed(tx: Connection, partner: str, count: int) -> int:
    """An unavailable receiver is tried now, by one event first."""
    if count:
        await tx.execute("UPDATE receivers SET resumes_at = NULL WHERE partner = $1", partner)
    return count


async def read_public_keys(tx: Connection) -> list[tuple[str, bytes]]:
    """(id, public key) of the keys that sign, as the service said at its last start."""
    rows = await tx.fetch("SELECT key_id, public_key FROM public_keys ORDER BY position")
    return [(row["key_id"], bytes(row["public_key"])) for row in rows]
