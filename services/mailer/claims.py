"""The SQL of sending: claims, leases and attempts.

A row is claimed by one process at a time (`SKIP LOCKED`), under a lease on the database's clock,
which all processes share. Every change after a claim checks that the claim still holds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.mailer.deliveries import Delivery, Outcome, Secrets, State, Transition
from services.mailer.mail_templates import TEMPLATES
from shared.database import Connection, row_count
from shared.outbox import INSERT_RESERVED, OutboxRow, reserved_columns

_FIELDS = """
mail_id, cause, template, subject, request_id, traceparent, language, address, facts::text,
sealed::text, asked_at, written_at, expires_at, state, deferrals, doubts, claim
"""
_EMIT = INSERT_RESERVED.format(ids="$16", types="$17", bodies="$18")
_RECORD = f"""
WITH done AS (
    UPDATE deliveries SET state = $3, reason = $4, due_at = $5, deferrals = $6, doubts = $7,
        lease_until = NULL, ended_at = $8::timestamptz,
        sealed = CASE WHEN $8::timestamptz IS NULL THEN sealed END
    WHERE mail_id = $1 AND claim IS NOT DISTINCT FROM $2
        AND (lease_until IS NOT NULL OR state = $9)
    RETURNING mail_id
), attempted AS (
    INSERT INTO attempts (mail_id, number, began_at, ended_at, outcome, reason, smtp_code, answer)
    SELECT mail_id,
        1 + (SELECT count(*) FROM attempts AS former WHERE former.mail_id = done.mail_id),
        $10::timestamptz, $11, $12, $13, $14, $15
    FROM done WHERE $10::timestamptz IS NOT NULL
), emitted AS ({_EMIT}, done)
SELECT count(*) > 0 FROM done
"""  # noqa: S608 - constants


async def claim(
    tx: Connection, limit: int, token: UUID, lease: float, now: datetime
) -> list[Delivery]:
    """Claim up to `limit` due mails for `lease` seconds."""
    rows = await tx.fetch(
        f"""
        UPDATE deliveries SET state = 'sending', claim = $2, due_at = NULL,
            lease_until = clock_timestamp() + make_interval(secs => $3)
        WHERE mail_id = ANY (ARRAY(
            SELECT mail_id FROM deliveries WHERE state IN ('pending', 'deferred') AND due_at <= $4
            ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED))
        RETURNING {_FIELDS}
        """,  # noqa: S608
        limit,
        token,
        lease,
        now,
    )
    return [_delivery(row) for row in rows]


async def due(tx: Connection, limit: int, now: datetime) -> list[Delivery]:
    """Due mails, locked but not claimed."""
    return await _locked(tx, "state IN ('pending', 'deferred') AND due_at <= $2", limit, now)


async def abandoned(tx: Connection, limit: int) -> list[Delivery]:
    """Mails whose lease expired because their process died or hangs; locked."""
    return await _locked(
        tx, "state IN ('sending', 'transmitting') AND lease_until < clock_timestamp()", limit
    )


async def _locked(tx: Connection, which: str, limit: int, *arguments: Any) -> list[Delivery]:
    rows = await tx.fetch(
        f"SELECT {_FIELDS} FROM deliveries WHERE {which} LIMIT $1 FOR UPDATE SKIP LOCKED",  # noqa: S608
        limit,
        *arguments,
    )
    return [_delivery(row) for row in rows]


async def find(tx: Connection, mail_id: str, account_id: str) -> Delivery | None:
    """A mail of an account, locked; None where the account has no such mail."""
    row = await tx.fetchrow(
        f"SELECT {_FIELDS} FROM deliveries WHERE mail_id = $1 AND subject = $2 FOR UPDATE",  # noqa: S608
        mail_id,
        account_id,
    )
    return None if row is None else _delivery(row)


async def renew(tx: Connection, claims: Mapping[UUID, UUID], lease: float) -> None:
    """Extend the leases of the mails (by id) that are being sent under these claims."""
    await tx.execute(
        """
        UPDATE deliveries SET lease_until = clock_timestamp() + make_interval(secs => $3)
        FROM unnest($1::uuid[], $2::uuid[]) AS mine (mail_id, claim)
        WHERE deliveries.mail_id = mine.mail_id AND deliveries.claim = mine.claim
            AND state IN ('sending', 'transmitting')
        """,
        list(claims),
        list(claims.values()),
        lease,
    )


async def mark_transmitting(tx: Connection, delivery: Delivery, lease: float) -> bool:
    """Record that the server may have the message from now on; False if the claim is lost."""
    status = await tx.execute(
        """
        UPDATE deliveries SET state = 'transmitting',
            lease_until = clock_timestamp() + make_interval(secs => $3)
        WHERE mail_id = $1 AND claim = $2 AND state = 'sending'
            AND lease_until > clock_timestamp()
        """,
        delivery.mail_id,
        delivery.claim,
        lease,
    )
    return status == "UPDATE 1"


async def release(tx: Connection, delivery: Delivery, now: datetime) -> None:
    """Undo a claim before anything was sent."""
    await tx.execute(
        """
        UPDATE deliveries SET state = 'pending', due_at = $3, lease_until = NULL
        WHERE mail_id = $1 AND claim = $2 AND state IN ('sending', 'transmitting')
        """,
        delivery.mail_id,
        delivery.claim,
        now,
    )


async def record(
    connection: Connection,
    delivery: Delivery,
    transition: Transition,
    now: datetime,
    *,
    attempt: tuple[Outcome, datetime] | None,
    events: Sequence[OutboxRow],
) -> bool:
    """Record a transition, the attempt (outcome, begin) that caused it and its event, by one
    statement; False, with nothing done, if the claim is lost."""
    outcome, began_at = attempt or (None, None)
    done: bool = await connection.fetchval(
        _RECORD,
        delivery.mail_id,
        delivery.claim,
        transition.state,
        transition.reason,
        transition.due_at,
        transition.deferrals,
        transition.uncertain_attempts,
        now if transition.final else None,
        delivery.state,
        began_at,
        now,
        None if outcome is None else outcome.kind,
        None if outcome is None else outcome.reason,
        None if outcome is None else outcome.code,
        None if outcome is None else outcome.answer.replace("\0", "")[:1000],
        *reserved_columns(events),
    )
    return done


async def retry_unreachable_now(tx: Connection, now: datetime) -> int:
    """Make the mails due that were deferred only because the mail server was unavailable."""
    status = await tx.execute(
        "UPDATE deliveries SET due_at = $1 "
        "WHERE state = 'deferred' AND reason = 'unreachable' AND due_at > $1",
        now,
    )
    return row_count(status)


def _delivery(row: Any) -> Delivery:
    values = dict(row)
    template = TEMPLATES[row["template"]]
    facts, sealed = values.pop("facts"), values.pop("sealed")
    return Delivery(
        **values | {"template": template, "state": State(row["state"])},
        data=msgspec.json.decode(facts, type=template.data_type),
        secrets=None if sealed is None else msgspec.json.decode(sealed, type=Secrets),
    )
