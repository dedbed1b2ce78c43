"""SQL on acts: ordered once, carried out under a lease, kept for 30 days after their end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.operations import LetterActRow
from shared.database import Connection

LEASE = timedelta(seconds=60)
#: How long an act is shown after its end, and kept.
SHOWN = timedelta(hours=1)
RETENTION = timedelta(days=30)
_CLAIM = """
UPDATE letter_acts SET lease_until = $2, tries = tries + 1 WHERE act_id = (
    SELECT act_id FROM letter_acts
    WHERE ended_at IS NULL AND (lease_until IS NULL OR lease_until <= $1)
    ORDER BY ordered_at, act_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING act_id::text, act, service, code, fault, agent_id, reason, done, tries
"""


@dataclass(frozen=True, kw_only=True)
class OpenAct:
    """An act to carry out: of the letter with `code`, or of all of `fault`; `done` before, and
    this is one of `tries`."""

    act_id: str
    act: str
    service: str
    code: str | None
    fault: str | None
    agent_id: str
    reason: str
    done: int
    tries: int = 0


async def insert_act(tx: Connection, act: OpenAct, now: datetime) -> None:
    """Store an act to carry out."""
    await tx.execute(
        "INSERT INTO letter_acts (act_id, act, service, code, fault, agent_id, reason, ordered_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        act.act_id,
        act.act,
        act.service,
        act.code,
        act.fault,
        act.agent_id,
        act.reason,
        now,
    )


async def claim_act(tx: Connection, now: datetime) -> OpenAct | None:
    """The oldest act that nobody carries out, leased to the caller; None where there is none."""
    row = await tx.fetchrow(_CLAIM, now, now + LEASE)
    return None if row is None else OpenAct(**dict(row))


async def advance_act(tx: Connection, act_id: str, done: int, now: datetime) -> None:
    """Say how far an act is, and lease it for longer."""
    await tx.execute(
        "UPDATE letter_acts SET done = $2, lease_until = $3 WHERE act_id = $1 AND ended_at IS NULL",
        act_id,
        done,
        now + LEASE,
    )


async def end_act(tx: Connection, act_id: str, done: int, now: datetime, failure: str = "") -> None:
    """The act is carried out, or given up for this reason."""
    await tx.execute(
        "UPDATE letter_acts SET done = $2, lease_until = NULL, ended_at = $3, failure = $4"
        " WHERE act_id = $1",
        act_id,
        done,
        now,
        failure,
    )


async def list_acts(tx: Connection, now: datetime) -> tuple[LetterActRow, ...]:
    """Acts under way, and those that ended lately, the latest first."""
    rows = await tx.fetch(
        "SELECT act_id::text, act, service, coalesce(code, '') AS code,"
        " coalesce(fault, '') AS fault, agent_id, reason, ordered_at, done, ended_at,"
        " failure"
        " FROM letter_acts WHERE ended_at IS NULL OR ended_at > $1"
        " ORDER BY ordered_at DESC, act_id LIMIT 20",
        now - SHOWN,
    )
    return tuple(LetterActRow(**dict(row)) for row in rows)


async def purge(tx: Connection, now: datetime) -> None:
    """Delete what ended long ago."""
    await tx.execute("DELETE FROM letter_acts WHERE ended_at < $1", now - RETENTION)
