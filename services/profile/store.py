"""Profiles and account names, and the SQL on them as functions that take the transaction.

Every change starts with `lock_account`, so that concurrent requests about one account are handled
one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from services.profile.establishment_record import SiretCheck
from shared.contracts.profile.views import ProfileFields
from shared.database import Connection, row_count
from shared.database.locks import lock_name
from shared.database.rows import insert

READ = """
SELECT account_id::text, fields, version, coalesce(siret, '') AS siret, standing, closed_on,
    coalesce(terms_version, '') AS terms_version, terms_at, saved_at, validated_at, phone_since
FROM profiles WHERE account_id = $1
"""
# Of concurrent requests only one freezes the draft.
FREEZE = """
UPDATE profiles
SET state = 'validated', fields = $3, country = $4, siret = nullif($5, ''),
    group_key = nullif($6, ''), validated_at = $7
WHERE account_id = $1 AND version = $2 AND state = 'draft'
"""
CORRECT = """
UPDATE profiles
SET fields = $2, version = $3, country = $4, siret = nullif($5, ''), group_key = nullif($6, ''),
    standing = $7, closed_on = $8
WHERE account_id = $1 AND state = 'validated'
"""
DELETE_DRAFT = "DELETE FROM profiles WHERE account_id = $1 AND state = 'draft'"
DELETE_NAMES = "DELETE FROM account_names WHERE account_id = $1"
SAVE_SIRET_CHECK = "UPDATE profiles SET standing = $2, closed_on = $3 WHERE account_id = $1"
DELETE_EXPIRED_DRAFTS = """
DELETE FROM profiles
WHERE account_id IN (
    SELECT account_id FROM profiles WHERE state = 'draft' AND saved_at <= $1
    ORDER BY saved_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING account_id
"""
READ_NAMES = "SELECT first_name, last_name, known_at FROM account_names WHERE account_id = $1"
# Older names do not replace newer ones.
IF_NEWER = """
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


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The profile of an account: a draft as typed, or validated and frozen.

    `siret` is empty unless it is valid; `siret_check` is its last lookup, or None without any.
    `phone_since` is kept by the table: since when the telephone number is what it is.
    """

    account_id: str
    fields: ProfileFields
    version: int
    siret: str
    siret_check: SiretCheck | None
    terms_version: str
    terms_at: datetime | None
    saved_at: datetime
    validated_at: datetime | None = None
    phone_since: datetime | None = None

    @property
    def validated(self) -> bool:
        """Whether the profile is frozen."""
        return self.validated_at is not None

    @property
    def check_deferred(self) -> bool:
        """Whether the directory has not answered about the SIRET yet."""
        return self.siret_check is not None and self.siret_check.state == "deferred"


@dataclass(frozen=True, kw_only=True)
class Names:
    """The account's names as registration has them, or will have after our last event."""

    first_name: str
    last_name: str
    known_at: datetime


async def lock_account(tx: Connection, account_id: str) -> None:
    """Lock the account until the transaction ends."""
    await lock_name(tx, f"account/{account_id}")


async def read(tx: Connection, account_id: str) -> Profile | None:
    """The profile of the account, or None."""
    try:
        row = await tx.fetchrow(READ, account_id)
    except asyncpg.DataError:
        return None  # not a UUID
    if row is None:
        return None
    values = dict(row)
    fields = msgspec.json.decode(values.pop("fields"), type=ProfileFields)
    state, closed_on = values.pop("standing"), values.pop("closed_on")
    siret_check = None if state is None else SiretCheck(state=state, closed_on=closed_on)
    return Profile(**values, fields=fields, siret_check=siret_check)


async def save(tx: Connection, profile: Profile) -> None:
    """Insert or replace a draft."""
    siret_check = profile.siret_check
    row = {
        "account_id": profile.account_id,
        "version": profile.version,
        "fields": _json(profile.fields),
        "country": profile.fields.country or None,
        "siret": profile.siret or None,
        "standing": siret_check.state if siret_check else None,
        "closed_on": siret_check.closed_on if siret_check else None,
        "terms_version": profile.terms_version or None,
        "terms_at": profile.terms_at,
        "saved_at": profile.saved_at,
    }
    changes = ", ".join(f"{name} = excluded.{name}" for name in row)
    conflict = f"ON CONFLICT (account_id) DO UPDATE SET {changes} WHERE profiles.state = 'draft'"
    await insert(tx, "profiles", row, conflict)


async def freeze(tx: Connection, profile: Profile, group: str) -> bool:
    """Freeze the draft of that version with `profile.fields`; False if there is none."""
    done = await tx.execute(
        FREEZE,
        profile.account_id,
        profile.version,
        _json(profile.fields),
        profile.fields.country,
        profile.fields.siret,
        group,
        profile.validated_at,
    )
    return row_count(done) > 0


async def correct(tx: Connection, profile: Profile, group: str) -> None:
    """Replace the fields of a validated profile, and what is known of its SIRET."""
    siret_check = profile.siret_check
    await tx.execute(
        CORRECT,
        profile.account_id,
        _json(profile.fields),
        profile.version,
        profile.fields.country,
        profile.siret,
        group,
        siret_check.state if siret_check else None,
        siret_check.closed_on if siret_check else None,
    )


async def delete_personal_data(tx: Connection, account_id: str) -> None:
    """Delete the draft and the names of an account."""
    await tx.execute(DELETE_DRAFT, account_id)
    await tx.execute(DELETE_NAMES, account_id)


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
    row = {"account_id": account_id, **vars(names)}
    return await insert(tx, "account_names", row, IF_NEWER)


async def rename(tx: Connection, account_id: str, names: Names) -> None:
    """Write changed names into the profile, unless its draft is newer."""
    await tx.execute(RENAME, account_id, names.first_name, names.last_name, names.known_at)


def _json(fields: ProfileFields) -> str:
    return msgspec.json.encode(fields).decode()
