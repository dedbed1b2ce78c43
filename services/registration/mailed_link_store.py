"""SQL on links for a new password and for a lost phone, in the caller's transaction.

A link is found by the hashes of its token, one per key of the ring, and by its kind: a link for a
lost phone sets no password.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.registration.accounts import MailedLink
from shared.database import Connection

#: How long an expired link is stored, so that its page can show what it was.
RETENTION = timedelta(days=7)

INSERT = """
INSERT INTO mailed_links (
    link_hash, kind, address_hash, account_id, stolen, requested_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
REPLACE = """
UPDATE mailed_links SET replaced = true
WHERE kind = $1 AND address_hash = ANY($2) AND NOT replaced AND used_at IS NULL
"""
FIND = """
SELECT kind, account_id, stolen, expires_at, replaced, used_at FROM mailed_links
WHERE kind = $1 AND link_hash = ANY($2)
"""
LOCK = FIND + " FOR UPDATE"
SET_USED = "UPDATE mailed_links SET used_at = $3 WHERE kind = $1 AND link_hash = ANY($2)"
DELETE_UNUSED = "DELETE FROM mailed_links WHERE kind = $1 AND account_id = $2 AND used_at IS NULL"
DELETE_EXPIRED = """
DELETE FROM mailed_links
WHERE link_hash IN (
    SELECT link_hash FROM mailed_links WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def insert(
    tx: Connection, link: MailedLink, link_hash: bytes, address_hashes: Sequence[str], now: datetime
) -> None:
    """Store a link; the former ones of its kind and address are void (RE-02).

    `address_hashes` are one per key of the ring; the first is stored.
    """
    await tx.execute(REPLACE, link.kind, list(address_hashes))
    await tx.execute(
        INSERT,
        link_hash,
        link.kind,
        address_hashes[0],
        link.account_id,
        link.stolen,
        now,
        link.expires_at,
    )


async def find(tx: Connection, kind: str, hashes: Sequence[bytes]) -> MailedLink | None:
    """The link with one of these hashes."""
    return _link(await tx.fetchrow(FIND, kind, list(hashes)))


async def lock(tx: Connection, kind: str, hashes: Sequence[bytes]) -> MailedLink | None:
    """As `find`, locked until the transaction ends."""
    return _link(await tx.fetchrow(LOCK, kind, list(hashes)))


async def set_used(tx: Connection, kind: str, hashes: Sequence[bytes], now: datetime) -> None:
    """Record that the link was used."""
    await tx.execute(SET_USED, kind, list(hashes), now)


async def delete_unused(tx: Connection, kind: str, account_id: str) -> None:
    """Delete the unused links of an account."""
    await tx.execute(DELETE_UNUSED, kind, account_id)


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Delete the links whose retention is over."""
    await tx.execute(DELETE_EXPIRED, now - RETENTION)


def _link(row: Any) -> MailedLink | None:
    if row is None:
        return None
    account_id = row["account_id"]
    return MailedLink(
        kind=row["kind"],
        account_id=None if account_id is None else str(account_id),
        stolen=row["stolen"],
        expires_at=row["expires_at"],
        replaced=row["replaced"],
        used_at=row["used_at"],
    )
