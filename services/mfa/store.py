"""SQL on authenticators and enrolments, as functions that take the transaction.

Every change starts with `lock_account`: the codes of one account are checked one after the other,
even if many arrive at once (AU-03). A change of the authenticator deletes the stored replies about
the account.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.mfa.codes import CodeState, OffWindowCode
from services.mfa.enrolments import AT_REST, Authenticator, Enrolment
from shared.contracts.base import Sealed
from shared.database import Connection, row_count
from shared.outbox import replies

LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('mfa/' || $1::text, 0))"
READ = """
SELECT account_id, key_box, key_id, enrolled_at, begun_at, last_step, burned_steps, stray_step,
    stray_offset
FROM authenticators WHERE account_id = $1
"""
# Of concurrent requests with the code of a step, only one updates the row (OT-04).
ACCEPT = """
UPDATE authenticators
SET last_step = $2, burned_steps = $3, stray_step = NULL, stray_offset = NULL,
    key_box = $4, key_id = $5
WHERE account_id = $1 AND last_step < $2 AND NOT $2::bigint = ANY(burned_steps)
"""
SAVE_CODE_STATE = """
UPDATE authenticators SET burned_steps = $2, stray_step = $3, stray_offset = $4
WHERE account_id = $1
"""
INSERT = """
INSERT INTO authenticators (
    account_id, key_box, key_id, enrolled_at, begun_at, last_step, burned_steps)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account_id) DO NOTHING
"""
REPLACE = """
UPDATE authenticators
SET key_box = $2, key_id = $3, enrolled_at = $4, last_step = $5, burned_steps = $6,
    stray_step = NULL, stray_offset = NULL
WHERE account_id = $1
"""
# An authenticator begun later belongs to an account that was opened again (G-26).
REMOVE = "DELETE FROM authenticators WHERE account_id = $1 AND begun_at <= $2"
REMOVE_ENROLMENTS = """
DELETE FROM enrolments
WHERE account_id = $1 AND (begun_at <= $2
    OR allowed_by IS NOT NULL
        AND NOT EXISTS (SELECT FROM authenticators AS active WHERE active.account_id = $1))
"""
INSERT_ENROLMENT = """
INSERT INTO enrolments (id, account_id, key_box, key_id, allowed_by, begun_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
READ_ENROLMENT = """
SELECT id, account_id, key_box, key_id, allowed_by, begun_at, expires_at, burned_steps, stray_step,
    stray_offset
FROM enrolments WHERE id = $1 AND account_id = $2
"""
SAVE_ENROLMENT_CODE_STATE = """
UPDATE enrolments SET burned_steps = $2, stray_step = $3, stray_offset = $4 WHERE id = $1
"""
# The rows stay until they expire, so that a late confirmation gets the right refusal.
VOID_ENROLMENTS = "UPDATE enrolments SET key_box = NULL, key_id = NULL WHERE account_id = $1"
DELETE_ENROLMENT = "DELETE FROM enrolments WHERE id = $1"
DELETE_EXPIRED_ENROLMENTS = """
DELETE FROM enrolments
WHERE id IN (
    SELECT id FROM enrolments WHERE expires_at <= $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


async def lock_account(tx: Connection, account_id: str) -> None:
    """Lock the account until the transaction ends."""
    await tx.execute(LOCK_ACCOUNT, account_id)


async def read(tx: Connection, account_id: str) -> Authenticator | None:
    """The account's authenticator."""
    row = await _fetch_by_id(tx, READ, account_id)
    if row is None:
        return None
    return Authenticator(
        account_id=str(row["account_id"]),
        key=_sealed(row["key_box"], row["key_id"]),
        enrolled_at=row["enrolled_at"],
        begun_at=row["begun_at"],
        code_state=_code_state(row, row["last_step"]),
    )


async def accept(tx: Connection, account_id: str, state: CodeState, key: Sealed) -> bool:
    """Use up the step `state.last_step`; False if it was used already."""
    done = await tx.execute(
        ACCEPT, account_id, state.last_step, list(state.blocked_steps), key.box, key.key_id
    )
    return row_count(done) > 0


async def save_code_state(tx: Connection, account_id: str, state: CodeState) -> None:
    """Save what a refused code of the authenticator showed."""
    await tx.execute(SAVE_CODE_STATE, account_id, *_code_state_values(state))


async def insert(tx: Connection, authenticator: Authenticator) -> bool:
    """Insert the account's first authenticator; False if it has one."""
    done = await tx.execute(
        INSERT,
        authenticator.account_id,
        authenticator.key.box,
        authenticator.key.key_id,
        authenticator.enrolled_at,
        authenticator.begun_at,
        authenticator.code_state.last_step,
        list(authenticator.code_state.blocked_steps),
    )
    await replies.delete_by_subject(tx, authenticator.account_id)
    return row_count(done) > 0


async def replace(tx: Connection, authenticator: Authenticator) -> bool:
    """Replace the account's authenticator, whose key is deleted; False without one."""
    done = await tx.execute(
        REPLACE,
        authenticator.account_id,
        authenticator.key.box,
        authenticator.key.key_id,
        authenticator.enrolled_at,
        authenticator.code_state.last_step,
        list(authenticator.code_state.blocked_steps),
    )
    await replies.delete_by_subject(tx, authenticator.account_id)
    return row_count(done) > 0


async def remove(tx: Connection, account_id: str, begun_until: datetime) -> bool:
    """Delete the authenticator and enrolments begun by then; whether there was an authenticator."""
    done = await tx.execute(REMOVE, account_id, begun_until)
    await tx.execute(REMOVE_ENROLMENTS, account_id, begun_until)
    await replies.delete_by_subject(tx, account_id)
    return row_count(done) > 0


async def insert_enrolment(tx: Connection, enrolment: Enrolment) -> None:
    """Insert an enrolment."""
    await tx.execute(
        INSERT_ENROLMENT,
        enrolment.id,
        enrolment.account_id,
        enrolment.key.box if enrolment.key else None,
        enrolment.key.key_id if enrolment.key else None,
        enrolment.allowed_by,
        enrolment.begun_at,
        enrolment.expires_at,
    )


async def read_enrolment(tx: Connection, enrolment_id: str, account_id: str) -> Enrolment | None:
    """An enrolment of that account, or None."""
    row = await _fetch_by_id(tx, READ_ENROLMENT, enrolment_id, account_id)
    if row is None:
        return None
    return Enrolment(
        id=str(row["id"]),
        account_id=str(row["account_id"]),
        key=None if row["key_box"] is None else _sealed(row["key_box"], row["key_id"]),
        allowed_by=row["allowed_by"],
        begun_at=row["begun_at"],
        expires_at=row["expires_at"],
        code_state=_code_state(row, 0),
    )


async def save_enrolment_code_state(tx: Connection, enrolment_id: str, state: CodeState) -> None:
    """Save what a refused code of the enrolment showed."""
    await tx.execute(SAVE_ENROLMENT_CODE_STATE, enrolment_id, *_code_state_values(state))


async def void_enrolments(tx: Connection, account_id: str) -> None:
    """Delete the keys of all enrolments of the account, once one was confirmed."""
    await tx.execute(VOID_ENROLMENTS, account_id)


async def delete_enrolment(tx: Connection, enrolment_id: str) -> None:
    """Delete an enrolment."""
    await tx.execute(DELETE_ENROLMENT, enrolment_id)


async def delete_expired_enrolments(tx: Connection, now: datetime, limit: int) -> int:
    """Delete up to `limit` expired enrolments; returns how many."""
    return row_count(await tx.execute(DELETE_EXPIRED_ENROLMENTS, now, limit))


async def _fetch_by_id(tx: Connection, sql: str, *ids: str) -> Any:
    try:
        return await tx.fetchrow(sql, *ids)
    except asyncpg.DataError:
        return None  # not a UUID


def _sealed(box: str, key_id: str) -> Sealed:
    return Sealed(recipient=AT_REST, key_id=key_id, box=box)


def _code_state(row: Any, last_step: int) -> CodeState:
    code = None
    if row["stray_step"] is not None:
        code = OffWindowCode(step=row["stray_step"], offset=row["stray_offset"])
    return CodeState(last_step=last_step, blocked_steps=tuple(row["burned_steps"]), off_window=code)


def _code_state_values(state: CodeState) -> Sequence[Any]:
    code = state.off_window
    measured = (None, None) if code is None else (code.step, code.offset)
    return list(state.blocked_steps), *measured
