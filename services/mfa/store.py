"""The SQL on authenticators, in force and on their way, as functions that take the transaction.

`lock_account` comes first wherever something of an account is changed: codes of one account are
looked at one after the other, whatever comes in at once (AU-03). Recovery codes are in `sheets`,
wrong codes in `doors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.mfa.codes import Memory, Stray
from services.mfa.enrolments import AT_REST, Authenticator, Enrolment
from shared.contracts.base import Sealed
from shared.database import Connection

LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('mfa/' || $1::text, 0))"
READ = """
SELECT account_id, key_box, key_id, enrolled_at, begun_at, last_step, burned_steps, stray_step,
    stray_offset
FROM authenticators WHERE account_id = $1
"""
# The code of a step is spent here or not at all, whoever else is about to (OT-04).
ACCEPT = """
UPDATE authenticators
SET last_step = $2, burned_steps = $3, stray_step = NULL, stray_offset = NULL,
    key_box = $4, key_id = $5
WHERE account_id = $1 AND last_step < $2 AND NOT $2::bigint = ANY(burned_steps)
"""
REMEMBER = """
UPDATE authenticators SET burned_steps = $2, stray_step = $3, stray_offset = $4
WHERE account_id = $1
"""
INSTALL = """
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
# What began before the moment goes; a later authenticator is another life's.
REMOVE = "DELETE FROM authenticators WHERE account_id = $1 AND begun_at <= $2"
REMOVE_ENROLMENTS = """
DELETE FROM enrolments
WHERE account_id = $1 AND (begun_at <= $2
    OR allowed_by IS NOT NULL
        AND NOT EXISTS (SELECT FROM authenticators AS kept WHERE kept.account_id = $1))
"""
BEGIN = """
INSERT INTO enrolments (id, account_id, key_box, key_id, allowed_by, begun_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
READ_ENROLMENT = """
SELECT id, account_id, key_box, key_id, allowed_by, begun_at, expires_at, burned_steps, stray_step,
    stray_offset
FROM enrolments WHERE id = $1 AND account_id = $2
"""
REMEMBER_ENROLMENT = """
UPDATE enrolments SET burned_steps = $2, stray_step = $3, stray_offset = $4 WHERE id = $1
"""
# Kept without their keys until they expire, so that who comes late is told why.
VOID = "UPDATE enrolments SET key_box = NULL, key_id = NULL WHERE account_id = $1"
DELETE_ENROLMENT = "DELETE FROM enrolments WHERE id = $1"
DELETE_OLD = """
DELETE FROM enrolments
WHERE id IN (
    SELECT id FROM enrolments WHERE expires_at <= $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


async def lock_account(tx: Connection, account_id: str) -> None:
    """Nobody else changes what the account has until the transaction ends."""
    await tx.execute(LOCK_ACCOUNT, account_id)


async def read(tx: Connection, account_id: str) -> Authenticator | None:
    """The account's authenticator."""
    row = await _one(tx, READ, account_id)
    if row is None:
        return None
    return Authenticator(
        account_id=str(row["account_id"]),
        key=_sealed(row["key_box"], row["key_id"]),
        enrolled_at=row["enrolled_at"],
        begun_at=row["begun_at"],
        memory=_memory(row, row["last_step"]),
    )


async def accept(tx: Connection, account_id: str, memory: Memory, key: Sealed) -> bool:
    """Spend the step `memory.last_step`; False where it cannot be spent any more."""
    done = await tx.execute(
        ACCEPT, account_id, memory.last_step, list(memory.burned), key.box, key.key_id
    )
    return _changed(done) > 0


async def remember(tx: Connection, account_id: str, memory: Memory) -> None:
    """Keep what a refused code of the authenticator showed."""
    await tx.execute(REMEMBER, account_id, *_shown(memory))


async def install(tx: Connection, one: Authenticator) -> bool:
    """The account's first authenticator; False where it has one."""
    done = await tx.execute(
        INSTALL,
        one.account_id,
        one.key.box,
        one.key.key_id,
        one.enrolled_at,
        one.begun_at,
        one.memory.last_step,
        list(one.memory.burned),
    )
    return _changed(done) > 0


async def replace(tx: Connection, one: Authenticator) -> bool:
    """Another authenticator in place of the account's, whose key is gone; False without one."""
    done = await tx.execute(
        REPLACE,
        one.account_id,
        one.key.box,
        one.key.key_id,
        one.enrolled_at,
        one.memory.last_step,
        list(one.memory.burned),
    )
    return _changed(done) > 0


async def remove(tx: Connection, account_id: str, until: datetime) -> bool:
    """Whatever of the account began until then goes; whether an authenticator was there."""
    done = await tx.execute(REMOVE, account_id, until)
    await tx.execute(REMOVE_ENROLMENTS, account_id, until)
    return _changed(done) > 0


async def begin(tx: Connection, one: Enrolment) -> None:
    """Write a new enrolment down."""
    await tx.execute(
        BEGIN,
        one.id,
        one.account_id,
        one.key.box if one.key else None,
        one.key.key_id if one.key else None,
        one.allowed_by,
        one.begun_at,
        one.expires_at,
    )


async def read_enrolment(tx: Connection, enrolment_id: str, account_id: str) -> Enrolment | None:
    """An enrolment of that account."""
    row = await _one(tx, READ_ENROLMENT, enrolment_id, account_id)
    if row is None:
        return None
    return Enrolment(
        id=str(row["id"]),
        account_id=str(row["account_id"]),
        key=None if row["key_box"] is None else _sealed(row["key_box"], row["key_id"]),
        allowed_by=row["allowed_by"],
        begun_at=row["begun_at"],
        expires_at=row["expires_at"],
        memory=_memory(row, 0),
    )


async def remember_enrolment(tx: Connection, enrolment_id: str, memory: Memory) -> None:
    """Keep what a refused code of the enrolment showed."""
    await tx.execute(REMEMBER_ENROLMENT, enrolment_id, *_shown(memory))


async def void_enrolments(tx: Connection, account_id: str) -> None:
    """One of them has won: the keys of all are gone."""
    await tx.execute(VOID, account_id)


async def delete_enrolment(tx: Connection, enrolment_id: str) -> None:
    """Forget an enrolment."""
    await tx.execute(DELETE_ENROLMENT, enrolment_id)


async def delete_old(tx: Connection, now: datetime, most: int) -> int:
    """Forget enrolments whose time is over, at most `most` of them; returns how many."""
    return _changed(await tx.execute(DELETE_OLD, now, most))


async def _one(tx: Connection, sql: str, *ids: str) -> Any:
    try:
        return await tx.fetchrow(sql, *ids)
    except asyncpg.DataError:
        return None  # no id of ours


def _sealed(box: str, key_id: str) -> Sealed:
    return Sealed(recipient=AT_REST, key_id=key_id, box=box)


def _memory(row: Any, last_step: int) -> Memory:
    stray = None
    if row["stray_step"] is not None:
        stray = Stray(step=row["stray_step"], offset=row["stray_offset"])
    return Memory(last_step=last_step, burned=tuple(row["burned_steps"]), stray=stray)


def _shown(memory: Memory) -> Sequence[Any]:
    stray = memory.stray
    measured = (None, None) if stray is None else (stray.step, stray.offset)
    return list(memory.burned), *measured


def _changed(done: str) -> int:
    return int(done.rpartition(" ")[2])
