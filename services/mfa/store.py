"""SQL on authenticators and enrolments, as functions that take the transaction.

Every change starts with `lock_account`: the codes of one account are checked one after the other,
even if many arrive at once (AU-03). A change of the authenticator deletes the stored replies about
the account.
"""

from datetime import datetime
from typing import Any

import asyncpg

from services.mfa.codes import CodeState, OffWindowCode
from services.mfa.enrolments import AT_REST, Authenticator, Enrolment
from shared.contracts.base import Sealed
from shared.database import Connection, row_count, rows
from shared.database.locks import lock_name
from shared.outbox import replies

READ = """
SELECT account_id::text, key_box, key_id, enrolled_at, begun_at, last_step, burned_steps,
    stray_step, stray_offset
FROM authenticators WHERE account_id = $1
"""
# Of concurrent requests with the code of a step, only one updates the row (OT-04).
ACCEPT = """
UPDATE authenticators
SET last_step = $2, burned_steps = $3, stray_step = NULL, stray_offset = NULL,
    key_box = $4, key_id = $5
WHERE account_id = $1 AND last_step < $2 AND NOT $2::bigint = ANY(burned_steps)
"""
# An authenticator begun later belongs to an account that was opened again (G-26).
REMOVE = "DELETE FROM authenticators WHERE account_id = $1 AND begun_at <= $2"
REMOVE_ENROLMENTS = """
DELETE FROM enrolments
WHERE account_id = $1 AND (begun_at <= $2
    OR allowed_by IS NOT NULL
        AND NOT EXISTS (SELECT FROM authenticators AS active WHERE active.account_id = $1))
"""
READ_ENROLMENT = """
SELECT id::text, account_id::text, key_box, key_id, allowed_by, begun_at, expires_at,
    0::bigint AS last_step, burned_steps, stray_step, stray_offset
FROM enrolments WHERE id = $1 AND account_id = $2
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
    await lock_name(tx, f"account/{account_id}")


async def read(tx: Connection, account_id: str) -> Authenticator | None:
    """The account's authenticator."""
    row = await _fetch_by_id(tx, READ, account_id)
    return None if row is None else Authenticator(**_fields(row))


async def accept(tx: Connection, account_id: str, state: CodeState, key: Sealed) -> bool:
    """Use up the step `state.last_step`; False if it was used already."""
    done = await tx.execute(
        ACCEPT, account_id, state.last_step, list(state.blocked_steps), key.box, key.key_id
    )
    return row_count(done) > 0


async def save_code_state(tx: Connection, account_id: str, state: CodeState) -> None:
    """Save what a refused code of the authenticator showed."""
    row = {"account_id": account_id, **_code_columns(state)}
    await rows.update(tx, "authenticators", row, "account_id")


async def insert(tx: Connection, authenticator: Authenticator) -> bool:
    """Insert the account's first authenticator; False if it has one."""
    row = {**_columns(authenticator), "begun_at": authenticator.begun_at}
    done = await rows.insert(tx, "authenticators", row, "ON CONFLICT (account_id) DO NOTHING")
    await replies.delete_by_subject(tx, authenticator.account_id)
    return done


async def replace(tx: Connection, authenticator: Authenticator) -> bool:
    """Replace the account's authenticator, whose key is deleted; False without one."""
    done = await rows.update(tx, "authenticators", _columns(authenticator), "account_id")
    await replies.delete_by_subject(tx, authenticator.account_id)
    return done


async def remove(tx: Connection, account_id: str, begun_until: datetime) -> bool:
    """Delete the authenticator and enrolments begun by then; whether there was an authenticator."""
    done = await tx.execute(REMOVE, account_id, begun_until)
    await tx.execute(REMOVE_ENROLMENTS, account_id, begun_until)
    await replies.delete_by_subject(tx, account_id)
    return row_count(done) > 0


async def insert_enrolment(tx: Connection, enrolment: Enrolment, key: Sealed) -> None:
    """Insert an enrolment with this key."""
    row = {
        "id": enrolment.id,
        "account_id": enrolment.account_id,
        "key_box": key.box,
        "key_id": key.key_id,
        "allowed_by": enrolment.allowed_by,
        "begun_at": enrolment.begun_at,
        "expires_at": enrolment.expires_at,
    }
    await rows.insert(tx, "enrolments", row)


async def read_enrolment(tx: Connection, enrolment_id: str, account_id: str) -> Enrolment | None:
    """An enrolment of that account, or None."""
    row = await _fetch_by_id(tx, READ_ENROLMENT, enrolment_id, account_id)
    return None if row is None else Enrolment(**_fields(row))


async def save_enrolment_code_state(tx: Connection, enrolment_id: str, state: CodeState) -> None:
    """Save what a refused code of the enrolment showed."""
    await rows.update(tx, "enrolments", {"id": enrolment_id, **_code_columns(state)}, "id")


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


def _fields(row: Any) -> dict[str, Any]:
    """The columns of an authenticator or an enrolment, as their fields."""
    fields = dict(row)
    box, key_id = fields.pop("key_box"), fields.pop("key_id")
    step, offset = fields.pop("stray_step"), fields.pop("stray_offset")
    fields["key"] = None if box is None else Sealed(recipient=AT_REST, key_id=key_id, box=box)
    fields["code_state"] = CodeState(
        last_step=fields.pop("last_step"),
        blocked_steps=tuple(fields.pop("burned_steps")),
        off_window=None if step is None else OffWindowCode(step=step, offset=offset),
    )
    return fields


def _columns(authenticator: Authenticator) -> dict[str, Any]:
    return {
        "account_id": authenticator.account_id,
        "key_box": authenticator.key.box,
        "key_id": authenticator.key.key_id,
        "enrolled_at": authenticator.enrolled_at,
        "last_step": authenticator.code_state.last_step,
        **_code_columns(authenticator.code_state),
    }


def _code_columns(state: CodeState) -> dict[str, Any]:
    code = state.off_window
    return {
        "burned_steps": list(state.blocked_steps),
        "stray_step": None if code is None else code.step,
        "stray_offset": None if code is None else code.offset,
    }
