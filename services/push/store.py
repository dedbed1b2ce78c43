"""SQL on receivers and deliveries.

A delivery is claimed by one process at a time (`SKIP LOCKED`), under a lease on the database's
clock; a claim that ran out is another process's. What is due goes by the service's own clock.
A receiver is locked before its deliveries, here and in the operator's commands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.push.schedule import GIVEN_UP_AFTER, Outcome, wait_after
from shared.database import Connection, row_count
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import SqlEffect
from shared.security.signing_keys import SigningRing

#: How long a delivery stays after its end.
RETENTION_DELIVERED = timedelta(days=7)
RETENTION_FAILED = timedelta(days=30)
#: Posted to one receiver at once; one at a time while the last attempt got no answer.
MAX_AT_ONCE = 4
#: Gauges need no exact number of many.
MAX_COUNTED = 100_000
PURGE_BATCH = 1_000

_INSERT = """
INSERT INTO deliveries
    (partner, delivery_id, message_id, type, body, said_at, received_at, next_at, expires_at)
SELECT $3::text, $4::uuid, $5::uuid, $6::text, $7::bytea, $8::timestamptz, $9::timestamptz,
    $9::timestamptz, $9::timestamptz + $10::interval
FROM first
ON CONFLICT DO NOTHING
"""
# The fewest attempts first: an event that a receiver cannot take holds no other up. The receivers
# that are posted to least first: a slow one with many events leaves a place to the others.
_CLAIM = """
WITH ready AS (
    SELECT partner, url, CASE WHEN failures > 0 THEN 1 ELSE $5::int END AS places, (
        SELECT count(*) FROM deliveries AS running
        WHERE running.partner = receivers.partner AND running.lease_until > clock_timestamp()
    ) AS taken
    FROM receivers WHERE url IS NOT NULL AND (resumes_at IS NULL OR resumes_at <= $1)
    FOR NO KEY UPDATE SKIP LOCKED
), mine AS (
    SELECT ready.url, due.partner, due.delivery_id FROM ready, LATERAL (
        SELECT partner, delivery_id, next_at FROM deliveries
        WHERE deliveries.partner = ready.partner AND state = 'waiting' AND next_at <= $1
            AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY attempts, next_at LIMIT greatest(places - taken, 0) FOR UPDATE SKIP LOCKED) AS due
    ORDER BY taken, due.next_at LIMIT $4
)
UPDATE deliveries SET claim = $2, lease_until = clock_timestamp() + $3::interval
FROM mine WHERE deliveries.partner = mine.partner AND deliveries.delivery_id = mine.delivery_id
RETURNING deliveries.partner, mine.url, deliveries.delivery_id, message_id, type, body, said_at,
    attempts, claim
"""
_MINE = "partner = $1 AND delivery_id = $2 AND claim = $3"
_PURGE = """
DELETE FROM deliveries WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM deliveries
    WHERE ended_at < greatest($1::timestamptz, $2::timestamptz)
        AND ended_at < CASE state WHEN 'failed' THEN $1::timestamptz ELSE $2::timestamptz END
    LIMIT $3 FOR UPDATE SKIP LOCKED))
"""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An event to post to `url`, after so many attempts, under a claim."""

    partner: str
    url: str
    delivery_id: UUID
    message_id: UUID
    type: str
    body: bytes
    said_at: datetime
    attempts: int
    claim: UUID


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """`mine`: the claim held. `failures` of the receiver in a row, 0 where this one is not counted;
    `back`: it answers, and did not before."""

    mine: bool
    failures: int
    back: bool


@dataclass(frozen=True)
class Waiting:
    """How many deliveries wait and have failed, and since when the oldest one waits."""

    waiting: int
    failed: int
    since: datetime | None


async def read_receivers(tx: Connection) -> dict[str, str]:
    """The address of every partner whose events are posted."""
    rows = await tx.fetch("SELECT partner, url FROM receivers WHERE url IS NOT NULL")
    return {row["partner"]: row["url"] for row in rows}


async def set_receivers(tx: Connection, urls: Mapping[str, str]) -> None:
    """Post to these partners only. What others still have waits, until they are here again or are
    removed."""
    await tx.execute(
        "UPDATE receivers SET url = NULL, failures = 0, resumes_at = NULL"
        " WHERE url IS NOT NULL AND partner <> ALL ($1::text[])",
        list(urls),
    )
    for partner, url in urls.items():
        await set_receiver(tx, partner, url)


async def set_receiver(tx: Connection, partner: str, url: str) -> None:
    """Post the events of a partner to this address; to another one than before at once."""
    await tx.execute(
        "INSERT INTO receivers AS known (partner, url) VALUES ($1, $2)"
        " ON CONFLICT (partner) DO UPDATE SET url = $2, failures = 0, resumes_at = NULL"
        " WHERE known.url IS DISTINCT FROM $2",
        partner,
        url,
    )


async def delete_receiver(tx: Connection, partner: str) -> int:
    """Delete a partner with its deliveries; how many of them waited or had failed."""
    left: int = await tx.fetchval(
        "SELECT count(*) FROM deliveries WHERE partner = $1 AND state <> 'delivered'", partner
    )
    await tx.execute("DELETE FROM receivers WHERE partner = $1", partner)
    return left


async def save_public_keys(tx: Connection, ring: SigningRing) -> None:
    """The keys that sign from now on."""
    await tx.execute("DELETE FROM public_keys")
    await tx.executemany(
        "INSERT INTO public_keys (position, key_id, public_key) VALUES ($1, $2, $3)",
        [(number, key_id, key) for number, (key_id, key) in enumerate(ring.public_keys())],
    )


def insertion(partner: str, envelope: Envelope, body: bytes, now: datetime) -> SqlEffect:
    """What hearing an event for a partner does: a delivery that is due."""
    return SqlEffect(
        _INSERT,
        (
            partner,
            envelope.unique_id,
            envelope.id,
            envelope.type,
            body,
            envelope.time,
            now,
            GIVEN_UP_AFTER,
        ),
    )


async def claim(
    tx: Connection, limit: int, token: UUID, lease: timedelta, now: datetime
) -> list[Delivery]:
    """Claim up to `limit` due deliveries, a few of each receiver."""
    rows = await tx.fetch(_CLAIM, now, token, lease, limit, MAX_AT_ONCE)
    return [Delivery(**dict(row)) for row in rows]


async def record(tx: Connection, one: Delivery, outcome: Outcome, now: datetime) -> Recorded:
    """Record what came of an attempt, of its receiver and of its event."""
    failures, back = 0, False
    if outcome.kind == "unavailable":
        failures = await _pause_receiver(tx, one.partner, outcome, now)
    else:
        back = await _resume_receiver(tx, one.partner, now)
    mine = await _end_attempt(tx, one, outcome, now)
    return Recorded(mine=mine, failures=failures, back=back)


async def _end_attempt(tx: Connection, one: Delivery, outcome: Outcome, now: datetime) -> bool:
    """End the claim of an event; False if it is lost."""
    attempts = one.attempts + 1
    state = {"delivered": "delivered", "gone": "failed"}.get(outcome.kind, "waiting")
    wait = outcome.retry_after or wait_after(attempts)
    status = await tx.execute(
        f"""
        UPDATE deliveries SET state = $4, attempts = $5, tried_at = $6, status = $7, reason = $8,
            unanswered = $9, next_at = $10, ended_at = $11, claim = NULL, lease_until = NULL
        WHERE {_MINE}
        """,  # noqa: S608
        one.partner,
        one.delivery_id,
        one.claim,
        state,
        attempts,
        now,
        outcome.status,
        outcome.reason,
        outcome.kind == "unavailable",
        now + wait if state == "waiting" else None,
        None if state == "waiting" else now,
    )
    return row_count(status) == 1


async def _pause_receiver(tx: Connection, partner: str, outcome: Outcome, now: datetime) -> int:
    """Post nothing more to a receiver for a while; after how many failures in a row, 0 where
    another attempt of the same moment has said so."""
    failures: int | None = await tx.fetchval(
        "SELECT failures + 1 FROM receivers"
        " WHERE partner = $1 AND (resumes_at IS NULL OR resumes_at <= $2) FOR NO KEY UPDATE",
        partner,
        now,
    )
    if failures is None:
        return 0
    await tx.execute(
        "UPDATE receivers SET failures = $2, resumes_at = $3 WHERE partner = $1",
        partner,
        failures,
        now + (outcome.retry_after or wait_after(failures)),
    )
    return failures


async def _resume_receiver(tx: Connection, partner: str, now: datetime) -> bool:
    """A receiver answers: whether it did not before. What got no answer is due at once then."""
    status = await tx.execute(
        "UPDATE receivers SET failures = 0, resumes_at = NULL WHERE partner = $1 AND failures > 0",
        partner,
    )
    if row_count(status) == 0:
        return False
    await tx.execute(
        "UPDATE deliveries SET next_at = $2"
        " WHERE partner = $1 AND state = 'waiting' AND unanswered AND next_at > $2",
        partner,
        now,
    )
    return True


async def give_up(tx: Connection, now: datetime) -> list[tuple[str, int]]:
    """End what was posted in vain for too long; how many by partner."""
    rows = await tx.fetch(
        """
        WITH ended AS (
            UPDATE deliveries SET state = 'failed', next_at = NULL, ended_at = $1, claim = NULL,
                lease_until = NULL
            WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM deliveries WHERE state = 'waiting' AND expires_at <= $1
                    AND (lease_until IS NULL OR lease_until < clock_timestamp())
                FOR UPDATE SKIP LOCKED))
            RETURNING partner)
        SELECT partner, count(*)::int AS count FROM ended GROUP BY partner
        """,
        now,
    )
    return [(row["partner"], row["count"]) for row in rows]


async def measure(tx: Connection) -> Waiting:
    """What waits and what has failed."""
    row = await tx.fetchrow(
        """
        SELECT (SELECT count(*) FROM (SELECT FROM deliveries WHERE state = 'waiting' LIMIT $1) AS w)
                AS waiting,
            (SELECT count(*) FROM (SELECT FROM deliveries WHERE state = 'failed' LIMIT $1) AS f)
                AS failed,
            (SELECT min(expires_at) FROM deliveries WHERE state = 'waiting') - $2::interval
                AS since
        """,
        MAX_COUNTED,
        GIVEN_UP_AFTER,
    )
    assert row is not None
    return Waiting(row["waiting"], row["failed"], row["since"])


async def purge(tx: Connection, now: datetime) -> int:
    """Delete what ended long ago, in short batches; how many."""
    total = 0
    while True:
        status = await tx.execute(
            _PURGE, now - RETENTION_FAILED, now - RETENTION_DELIVERED, PURGE_BATCH
        )
        total += row_count(status)
        if row_count(status) < PURGE_BATCH:
            return total
