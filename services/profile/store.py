"""The SQL on people's information and on their names, as functions that take the transaction.

`lock_account` comes first wherever something of an account is changed: however often « Valider » is
pressed, the presses are looked at one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.profile.fields import Standing
from services.profile.profiles import Names, Profile
from shared.contracts.profile import ProfileFields
from shared.database import Connection

LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('profile/' || $1::text, 0))"
READ = """
SELECT account_id, fields, version, siret, standing, closed_on, terms_version, terms_at, saved_at,
    validated_at
FROM profiles WHERE account_id = $1
"""
SAVE = """
INSERT INTO profiles (
    account_id, version, fields, country, siret, standing, closed_on, terms_version, terms_at,
    saved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (account_id) DO UPDATE
    SET version = excluded.version, fields = excluded.fields, country = excluded.country,
        siret = excluded.siret, standing = excluded.standing, closed_on = excluded.closed_on,
        terms_version = excluded.terms_version, terms_at = excluded.terms_at,
        saved_at = excluded.saved_at
    WHERE profiles.state = 'draft'
"""
# Frozen here or not at all, whoever else is about to.
FREEZE = """
UPDATE profiles
SET state = 'validated', fields = $3, country = $4, siret = $5, group_key = $6, validated_at = $7
WHERE account_id = $1 AND version = $2 AND state = 'draft'
"""
CHECK = "UPDATE profiles SET standing = $2, closed_on = $3 WHERE account_id = $1"
DELETE_OLD = """
DELETE FROM profiles
WHERE account_id IN (
    SELECT account_id FROM profiles WHERE state = 'draft' AND saved_at <= $1
    ORDER BY saved_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING account_id
"""
READ_NAMES = "SELECT first_name, last_name, known_at FROM account_names WHERE account_id = $1"
KEEP_NAMES = """
INSERT INTO account_names (account_id, first_name, last_name, known_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE
    SET first_name = excluded.first_name, last_name = excluded.last_name,
        known_at = excluded.known_at
    WHERE account_names.known_at < excluded.known_at
"""
# A page that shows the former names of a draft is told that it changed.
RENAME = """
UPDATE profiles
SET fields = fields || jsonb_build_object('first_name', $2::text, 'last_name', $3::text),
    version = version + 1
WHERE account_id = $1 AND (state = 'validated' OR saved_at < $4)
"""


async def lock_account(tx: Connection, account_id: str) -> None:
    """Nobody else changes what the account has until the transaction ends."""
    await tx.execute(LOCK_ACCOUNT, account_id)


async def read(tx: Connection, account_id: str) -> Profile | None:
    """The account's information."""
    row = await _one(tx, READ, account_id)
    if row is None:
        return None
    standing = None
    if row["standing"] is not None:
        standing = Standing(state=row["standing"], closed_on=row["closed_on"])
    return Profile(
        account_id=str(row["account_id"]),
        fields=msgspec.json.decode(row["fields"], type=ProfileFields),
        version=row["version"],
        siret=row["siret"] or "",
        standing=standing,
        terms_version=row["terms_version"] or "",
        terms_at=row["terms_at"],
        saved_at=row["saved_at"],
        validated_at=row["validated_at"],
    )


async def save(tx: Connection, one: Profile) -> None:
    """Write a draft down."""
    standing = one.standing
    await tx.execute(
        SAVE,
        one.account_id,
        one.version,
        _json(one.fields),
        one.fields.country or None,
        one.siret or None,
        standing.state if standing else None,
        standing.closed_on if standing else None,
        one.terms_version or None,
        one.terms_at,
        one.saved_at,
    )


async def freeze(tx: Connection, one: Profile, group: str) -> bool:
    """Put `one.fields` in place of the draft of that version, for good; False without it."""
    done = await tx.execute(
        FREEZE,
        one.account_id,
        one.version,
        _json(one.fields),
        one.fields.country,
        one.fields.siret or None,
        group or None,
        one.validated_at,
    )
    return _changed(done) > 0


async def check(tx: Connection, account_id: str, standing: Standing) -> None:
    """Keep what the directory answered later about the SIRET that the account has."""
    await tx.execute(CHECK, account_id, standing.state, standing.closed_on)


async def delete_old(tx: Connection, untouched_since: datetime, most: int) -> Sequence[str]:
    """Forget drafts saved no later than that, at most `most` of them; returns their accounts."""
    return [str(row["account_id"]) for row in await tx.fetch(DELETE_OLD, untouched_since, most)]


async def names(tx: Connection, account_id: str) -> Names | None:
    """The account's names, where they were said."""
    row = await tx.fetchrow(READ_NAMES, account_id)
    return None if row is None else Names(**row)


async def keep_names(tx: Connection, account_id: str, names: Names) -> bool:
    """Keep what was said of the names; False where something newer is known."""
    done = await tx.execute(
        KEEP_NAMES, account_id, names.first_name, names.last_name, names.known_at
    )
    return _changed(done) > 0


async def rename(tx: Connection, account_id: str, names: Names) -> None:
    """Somebody else changed the names: the information has them too, unless a draft is newer."""
    await tx.execute(RENAME, account_id, names.first_name, names.last_name, names.known_at)


async def _one(tx: Connection, sql: str, account_id: str) -> Any:
    try:
        return await tx.fetchrow(sql, account_id)
    except asyncpg.DataError:
        return None  # no id of ours


def _json(fields: ProfileFields) -> str:
    return msgspec.json.encode(fields).decode()


def _changed(done: str) -> int:
    return int(done.rpartition(" ")[2])
