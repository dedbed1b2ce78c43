"""SQL on validation links of requests, in the caller's transaction."""

from collections.abc import Sequence

from services.registration import account_request_store
from services.registration.account_requests import ValidationLink
from shared.database import Connection

FIND = """
SELECT request_id, expires_at, replaced, wrong_passwords FROM links WHERE link_hash = ANY($1)
"""
COUNT_ATTEMPT = """
UPDATE links SET wrong_passwords = wrong_passwords + 1
WHERE link_hash = ANY($1) AND wrong_passwords < $2
RETURNING wrong_passwords
"""
UNCOUNT_ATTEMPT = """
UPDATE links SET wrong_passwords = wrong_passwords - 1
WHERE link_hash = ANY($1) AND wrong_passwords > 0
"""


async def find(tx: Connection, hashes: Sequence[bytes]) -> ValidationLink | None:
    """The link with one of these hashes (one per key of the ring), and its request."""
    row = await tx.fetchrow(FIND, list(hashes))
    request = None if row is None else await account_request_store.read(tx, str(row["request_id"]))
    if row is None or request is None:
        return None
    return ValidationLink(
        request=request,
        expires_at=row["expires_at"],
        replaced=row["replaced"],
        wrong_passwords=row["wrong_passwords"],
    )


async def count_password_attempt(tx: Connection, hashes: Sequence[bytes], limit: int) -> int | None:
    """Count a password before it is checked: the new count, or None where it reached `limit`."""
    value: int | None = await tx.fetchval(COUNT_ATTEMPT, list(hashes), limit)
    return value


async def uncount_password_attempt(tx: Connection, hashes: Sequence[bytes]) -> None:
    """The password was right: uncount it."""
    await tx.execute(UNCOUNT_ATTEMPT, list(hashes))
