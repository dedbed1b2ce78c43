"""SQL on recovery codes, as functions that take the transaction; the account is locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database import Connection

READ = """
SELECT made_at, kept_at,
    (SELECT count(*) FROM recovery_codes AS code WHERE code.account_id = $1) AS "left"
FROM recovery_lists WHERE account_id = $1
"""
DELETE = "DELETE FROM recovery_lists WHERE account_id = $1"
INSERT = """
WITH list AS (INSERT INTO recovery_lists (account_id, made_at) VALUES ($1, $2) RETURNING account_id)
INSERT INTO recovery_codes (account_id, key_id, code_hash)
SELECT account_id, key_id, code_hash
FROM list, unnest($3::text[], $4::bytea[]) AS one (key_id, code_hash)
"""
CONFIRM = """
UPDATE recovery_lists SET kept_at = $2 WHERE account_id = $1 AND kept_at IS NULL
"""
# Of concurrent requests with the same code, only one deletes the row.
CONSUME = "DELETE FROM recovery_codes WHERE account_id = $1 AND code_hash = ANY($2) RETURNING 1"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeSet:
    """The recovery codes of an account. `kept_at`: when the user confirmed having stored them."""

    left: int
    made_at: datetime
    kept_at: datetime | None


async def read(tx: Connection, account_id: str) -> RecoveryCodeSet | None:
    """The recovery codes of the account."""
    row = await tx.fetchrow(READ, account_id)
    return None if row is None else RecoveryCodeSet(**row)


async def replace(
    tx: Connection, account_id: str, hashes: Sequence[tuple[str, bytes]], now: datetime
) -> None:
    """Store the (key id, hash) of each new code; the former codes become invalid."""
    await tx.execute(DELETE, account_id)
    key_ids, code_hashes = [key_id for key_id, _ in hashes], [code for _, code in hashes]
    await tx.execute(INSERT, account_id, now, key_ids, code_hashes)


async def confirm(tx: Connection, account_id: str, now: datetime) -> None:
    """Record that the user has stored the codes."""
    await tx.execute(CONFIRM, account_id, now)


async def consume(tx: Connection, account_id: str, hashes: Sequence[bytes]) -> bool:
    """Use up the code with one of these hashes; False if there is none."""
    return await tx.fetchval(CONSUME, account_id, list(hashes)) is not None
