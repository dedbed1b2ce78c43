"""SQL on profiles and account names, as functions that take the transaction.

Every change starts with `lock_account`, so that concurrent requests about one account are handled
one after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.profile.fields import SiretCheck
from services.profile.profiles import Names, Profile
from shared.contracts.profile.views import ProfileFields
from shared.database import Connection, row_count

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
# Of concurrent requests only one freezes the draft.
FREEZE = """
UPDATE profiles
SET state = 'validated', fields = $3, country = $4, siret = $5, group_key = $6, validated_at = $7
WHERE account_id = $1 AND version = $2 AND state = 'draft'
"""
SAVE_SIRET_CHECK = "UPDATE profiles SET standing = $2, closed_on = $3 WHERE account_id = $1"
DELETE_EXPIRED_DRAFTS = """
DELETE FROM profiles
WHERE account_id IN (
    SELECT account_id FROM profiles WHERE state = 'draft' AND saved_at <= $1
    ORDER BY saved_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING account_id
"""
READ_NAMES = "SELECT first_name, last_name, known_at FROM account_names WHERE account_id = $1"
UPSERT_NAMES = """
INSERT INTO account_names (account_id, first_name, last_name, known_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE
    SET first_name = excluded.first_name, last_name = excluded.last_name,
        known_at = excluded.known_at
    WHERE account_names.known_at < excluded.known_at
"""
# The new version refuses what a page with the former names would validate.
RENAME = """
UPDATE profiles
SET fields = fields || jsonb_build_object('first_name', $2::text, 'last_name', $3::text),
    version = version + 1
WHERE account_id = $1 AND (state = 'validated' OR saved_at < $4)
"""


async def lock_account(tx: Connection, account_id: str) -> None:
    """Lock the account until the transaction ends."""
    await tx.execute(LOCK_ACCOUNT, account_id)


async def read(tx: Connection, account_id: str) -> Profile | None:
    """The profile of the account, or None."""
    row = await _fetch_by_id(tx, READ, account_id)
    if row is None:
        return None
    siret_check = None
    if row["standing"] is not None:
        siret_check = SiretCheck(state=row["standing"], closed_on=row["closed_on"])
    return Profile(
        account_id=str(row["account_id"]),
        fields=msgspec.json.decode(row["fields"], type=ProfileFields),
        version=row["version"],
        siret=row["siret"] or "",
        siret_check=siret_check,
        terms_version=row["terms_version"] or "",
        terms_at=row["terms_at"],
        saved_at=row["saved_at"],
        validated_at=row["validated_at"],
    )


async def save(tx: Connection, profile: Profile) -> None:
    """Insert or replace a draft."""
    siret_check = profile.siret_check
    await tx.execute(
        SAVE,
        profile.account_id,
        profile.version,
        _json(profile.fields),
        profile.fields.country or None,
        profile.siret or None,
        siret_check.state if siret_check else None,
        siret_check.closed_on if siret_check else None,
        profile.terms_version or None,
        profile.terms_at,
        profile.saved_at,
    )


async def freeze(tx: Connection, profile: Profile, group: str) -> bool:
    """Freeze the draft of that version with `profile.fields`; False if there is none."""
    done = await tx.execute(
        FREEZE,
        profile.account_id,
        profile.version,
        _json(profile.fields),
        profile.fields.country,
        profile.fields.siret or None,
        group or None,
        profile.validated_at,
    )
    return row_count(done) > 0


async def save_siret_check(tx: Connection, account_id: str, siret_check: SiretCheck) -> None:
    """Save the result of a later lookup of the account's SIRET."""
    await tx.execute(SAVE_SIRET_CHECK, account_id, siret_check.state, siret_check.closed_on)


async def delete_expired_drafts(
    tx: Connection, saved_before: datetime, limit: int
) -> Sequence[str]:
    """Delete up to `limit` drafts not saved since then; returns their accounts."""
    return [
        str(row["account_id"]) for row in await tx.fetch(DELETE_EXPIRED_DRAFTS, saved_before, limit)
    ]


async def read_names(tx: Connection, account_id: str) -> Names | None:
    """The account's names, or None if they are not known yet."""
    row = await tx.fetchrow(READ_NAMES, account_id)
    return None if row is None else Names(**row)


async def save_names(tx: Connection, account_id: str, names: Names) -> bool:
    """Save the names; False if newer ones are known."""
    done = await tx.execute(
        UPSERT_NAMES, account_id, names.first_name, names.last_name, names.known_at
    )
    return row_count(done) > 0


async def rename(tx: Connection, account_id: str, names: Names) -> None:
    """Write changed names into the profile, unless its draft is newer."""
    await tx.execute(RENAME, account_id, names.first_name, names.last_name, names.known_at)


async def _fetch_by_id(tx: Connection, sql: str, account_id: str) -> Any:
    try:
        return await tx.fetchrow(sql, account_id)
    except asyncpg.DataError:
        return None  # not a UUID


def _json(fields: ProfileFields) -> str:
    return msgspec.json.encode(fields).decode()
