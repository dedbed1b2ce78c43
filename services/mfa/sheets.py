"""The SQL on recovery codes, as functions that take the transaction; the account is locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database import Connection

READ = """
SELECT made_at, kept_at,
    (SELECT count(*) FROM recovery_codes AS good WHERE good.account_id = $1) AS left_
FROM recovery_lists WHERE account_id = $1
"""
DELETE = "DELETE FROM recovery_lists WHERE account_id = $1"
INSERT_LIST = "INSERT INTO recovery_lists (account_id, made_at) VALUES ($1, $2)"
INSERT_CODE = "INSERT INTO recovery_codes (account_id, key_id, code_hash) VALUES ($1, $2, $3)"
KEEP = """
UPDATE recovery_lists SET kept_at = $2 WHERE account_id = $1 AND kept_at IS NULL
"""
# A code is used up here or not at all, whoever else gives it at the same moment.
USE = "DELETE FROM recovery_codes WHERE account_id = $1 AND code_hash = ANY($2) RETURNING 1"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A list of recovery codes: how many are still good, when it was made and when kept."""

    left: int
    made_at: datetime
    kept_at: datetime | None


async def read(tx: Connection, account_id: str) -> Sheet | None:
    """The account's list."""
    row = await tx.fetchrow(READ, account_id)
    if row is None:
        return None
    return Sheet(left=row["left_"], made_at=row["made_at"], kept_at=row["kept_at"])


async def replace(
    tx: Connection, account_id: str, hashes: Sequence[tuple[str, bytes]], now: datetime
) -> None:
    """Store the (key id, hash) of a new list; the former codes are gone."""
    await tx.execute(DELETE, account_id)
    await tx.execute(INSERT_LIST, account_id, now)
    await tx.executemany(INSERT_CODE, [(account_id, *each) for each in hashes])


async def keep(tx: Connection, account_id: str, now: datetime) -> None:
    """The person has it."""
    await tx.execute(KEEP, account_id, now)


async def use(tx: Connection, account_id: str, hashes: Sequence[bytes]) -> bool:
    """Use a code up; False where it is not good, or not any more."""
    return await tx.fetchval(USE, account_id, list(hashes)) is not None
