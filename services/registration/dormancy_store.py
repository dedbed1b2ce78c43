"""SQL on sign-ins and dormant accounts, in the caller's transaction.

Whoever changes a case has locked its account; a batch skips accounts that others hold.
"""

from datetime import datetime
from typing import Any

from services.registration.dormancy import (
    SECOND_WARNING,
    SIGNING_IN,
    DormantAccount,
)
from shared.contracts.registration.desk import DormantAccountRecord
from shared.database import Connection, row_count
from shared.database.rows import upsert
from shared.messaging.handlers import SqlEffect

RECORD_SIGN_IN = """
INSERT INTO last_sign_ins (account_id, signed_in_at)
SELECT id, $4::timestamptz FROM first JOIN accounts ON id = $3::uuid
ON CONFLICT (account_id) DO UPDATE
SET signed_in_at = greatest(last_sign_ins.signed_in_at, excluded.signed_in_at)
RETURNING account_id
"""
RECORD_SECOND_FACTOR = """
UPDATE accounts SET second_factor_at = $4 FROM effect
WHERE id = account_id AND second_factor_at IS NULL
"""
SPARE = """
UPDATE dormant_accounts AS known SET outcome = 'spared', ended_at = $5 FROM effect
WHERE known.account_id = effect.account_id AND ended_at IS NULL AND last_used_at < $4
"""
# Neither a warning that is being written nor the sign-in of that moment sees the other.
SPARE_SIGNED_IN = """
UPDATE dormant_accounts AS known SET outcome = 'spared', ended_at = $1
FROM last_sign_ins AS latest
WHERE known.ended_at IS NULL AND latest.account_id = known.account_id
    AND latest.signed_in_at > known.last_used_at
"""
IS_NOT_ACTIVE = "SELECT FROM accounts WHERE id = $3::uuid AND state <> 'active'"
# Blocked, closed and credential-less accounts are left alone.
OPEN_ACCOUNTS = """
accounts AS account JOIN credentials AS credential ON credential.account_id = account.id
    LEFT JOIN last_sign_ins AS latest ON latest.account_id = account.id
"""
#: `greatest` ignores what is null. Joined again after a lost phone, an account begins anew.
LAST_USED = "greatest(latest.signed_in_at, account.created_at, account.verified_at)"
FIND_UNWARNED = f"""
SELECT account.id::text AS account_id, {LAST_USED} AS last_used_at
FROM {OPEN_ACCOUNTS}
WHERE account.state = 'active' AND {LAST_USED} <= $1
    AND NOT EXISTS (
        SELECT FROM dormant_accounts AS known
        WHERE known.account_id = account.id AND known.ended_at IS NULL)
LIMIT $2 FOR NO KEY UPDATE OF account SKIP LOCKED
"""  # noqa: S608 - constants
COLUMNS = """
known.account_id::text, known.last_used_at, known.warned_at, known.warned_again_at,
known.deactivation_at, known.outcome, known.ended_at
"""
FIND_DUE = f"""
SELECT {COLUMNS}
FROM dormant_accounts AS known JOIN accounts AS account ON account.id = known.account_id
    JOIN credentials AS credential ON credential.account_id = account.id
WHERE known.ended_at IS NULL AND account.state = 'active' AND known.deactivation_at <= $1
    AND NOT EXISTS (
        SELECT FROM last_sign_ins AS latest
        WHERE latest.account_id = known.account_id AND latest.signed_in_at > known.last_used_at)
"""  # noqa: S608 - constants
FIND_UNREMINDED = f"""{FIND_DUE} AND known.warned_again_at IS NULL
ORDER BY known.deactivation_at LIMIT $2 FOR NO KEY UPDATE OF account SKIP LOCKED
"""
FIND_EXPIRED = f"""{FIND_DUE} AND known.warned_again_at IS NOT NULL
    AND (credential.right_at IS NULL OR credential.right_at <= $3)
ORDER BY known.deactivation_at LIMIT $2 FOR NO KEY UPDATE OF account SKIP LOCKED
"""
WITHDRAW = """
UPDATE dormant_accounts AS known SET outcome = 'withdrawn', ended_at = $1
WHERE ended_at IS NULL AND ($2::timestamptz IS NULL OR last_used_at > $2 OR NOT EXISTS (
    SELECT FROM accounts AS account
        JOIN credentials AS credential ON credential.account_id = account.id
    WHERE account.id = known.account_id AND account.state = 'active'))
"""
LIST = f"""
SELECT {COLUMNS}, coalesce(known.outcome, 'warned') AS outcome, account.address,
    account.first_name, account.last_name
FROM dormant_accounts AS known JOIN accounts AS account ON account.id = known.account_id
WHERE coalesce(known.outcome, 'warned') = $1
ORDER BY known.ended_at DESC NULLS LAST, known.deactivation_at, known.account_id
LIMIT $2 OFFSET $3
"""  # noqa: S608 - constants
COUNT = """
SELECT coalesce(outcome, 'warned') AS outcome, count(*) AS number FROM dormant_accounts GROUP BY 1
"""


def record_session(
    account_id: str | None, at: datetime, now: datetime, *, unless: str = IS_NOT_ACTIVE
) -> SqlEffect:
    """Records a sign-in with both factors, which spares an account that was warned before it."""
    return SqlEffect(
        RECORD_SIGN_IN, (account_id, at, now), then=(RECORD_SECOND_FACTOR, SPARE), unless=unless
    )


async def spare_signed_in(tx: Connection, now: datetime) -> None:
    """Spare who signed in while the warning was being written."""
    await tx.execute(SPARE_SIGNED_IN, now)


async def withdraw(tx: Connection, now: datetime, cutoff: datetime | None) -> int:
    """End the warnings of accounts that were closed since, or that the rule does not concern any
    more: those last used after `cutoff`; all without one."""
    return row_count(await tx.execute(WITHDRAW, now, cutoff))


async def find_unwarned(tx: Connection, cutoff: datetime, limit: int) -> list[tuple[str, datetime]]:
    """(account's id, last use) of accounts last used until then, locked."""
    rows = await tx.fetch(FIND_UNWARNED, cutoff, limit)
    return [(row["account_id"], row["last_used_at"]) for row in rows]


async def find_unreminded(tx: Connection, now: datetime, limit: int) -> list[DormantAccount]:
    """Accounts whose second warning is due, locked."""
    return _accounts(await tx.fetch(FIND_UNREMINDED, now + SECOND_WARNING, limit))


async def find_expired(tx: Connection, now: datetime, limit: int) -> list[DormantAccount]:
    """Accounts to deactivate, locked; not those that somebody is signing in to."""
    return _accounts(await tx.fetch(FIND_EXPIRED, now, limit, now - SIGNING_IN))


async def save(tx: Connection, case: DormantAccount) -> None:
    """Store what is known of a dormant account, instead of what was."""
    await upsert(tx, "dormant_accounts", vars(case), "account_id")


async def list_accounts(
    tx: Connection, outcome: str, limit: int, offset: int
) -> list[DormantAccountRecord]:
    """Accounts that were warned and whose outcome this is, `warned` while it is open."""
    rows = await tx.fetch(LIST, outcome, limit, offset)
    return [DormantAccountRecord(**dict(row)) for row in rows]


async def count(tx: Connection) -> dict[str, int]:
    """How many accounts have each outcome."""
    return {row["outcome"]: row["number"] for row in await tx.fetch(COUNT)}


def _accounts(rows: list[Any]) -> list[DormantAccount]:
    return [DormantAccount(**dict(row)) for row in rows]
