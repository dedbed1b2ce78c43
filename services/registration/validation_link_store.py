"""Registration's SQL on links that people follow, within the transaction given.

A link is looked up by the hashes of its token, one per key of the ring.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.registration import account_request_store
from services.registration.account_requests import Link
from shared.database import Connection

FIND = """
SELECT request_id, expires_at, replaced, wrong_passwords FROM links WHERE link_hash = ANY($1)
"""
COUNT_TRY = """
UPDATE links SET wrong_passwords = wrong_passwords + 1
WHERE link_hash = ANY($1) AND wrong_passwords < $2
RETURNING wrong_passwords
"""
TAKE_BACK_TRY = """
UPDATE links SET wrong_passwords = wrong_passwords - 1
WHERE link_hash = ANY($1) AND wrong_passwords > 0
"""


async def find(tx: Connection, hashes: Sequence[bytes]) -> Link | None:
    """The link of one of these hashes (one per key of the ring), with its request."""
    row = await tx.fetchrow(FIND, list(hashes))
    request = None if row is None else await account_request_store.read(tx, str(row["request_id"]))
    if row is None or request is None:
        return None
    return Link(
        request=request,
        expires_at=row["expires_at"],
        replaced=row["replaced"],
        wrong_passwords=row["wrong_passwords"],
    )


async def count_try(tx: Connection, hashes: Sequence[bytes], most: int) -> int | None:
    """Count a password before it is looked at: how many now, or None where none is left."""
    value: int | None = await tx.fetchval(COUNT_TRY, list(hashes), most)
    return value


async def take_back_try(tx: Connection, hashes: Sequence[bytes]) -> None:
    """The password was right: it does not count."""
    await tx.execute(TAKE_BACK_TRY, list(hashes))
