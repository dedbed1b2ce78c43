"""Registration's SQL on links for a new password and for a lost phone, in the transaction given.

A link is looked up by the hashes of its token, one per key of the ring, and by its kind: one for a
lost phone sets no password.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.registration.accounts import MailedLink
from shared.database import Connection

#: How long a link that ran out can still say what it was.
KEPT = timedelta(days=7)

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
USE = "UPDATE mailed_links SET used_at = $3 WHERE kind = $1 AND link_hash = ANY($2)"
VOID = "DELETE FROM mailed_links WHERE kind = $1 AND account_id = $2 AND used_at IS NULL"
FORGET = """
DELETE FROM mailed_links
WHERE link_hash IN (
    SELECT link_hash FROM mailed_links WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)
"""


async def insert(
    tx: Connection, link: MailedLink, link_hash: bytes, address_hashes: Sequence[str], now: datetime
) -> None:
    """Store a new link; the former ones of its kind and address are void (RE-02).

    An address is found under every key of the ring, and stored under the first.
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
    """The link of one of these hashes."""
    return _link(await tx.fetchrow(FIND, kind, list(hashes)))


async def lock(tx: Connection, kind: str, hashes: Sequence[bytes]) -> MailedLink | None:
    """As `find`; nobody else uses the link until the transaction ends."""
    return _link(await tx.fetchrow(LOCK, kind, list(hashes)))


async def use(tx: Connection, kind: str, hashes: Sequence[bytes], now: datetime) -> None:
    """The link is used up."""
    await tx.execute(USE, kind, list(hashes), now)


async def void(tx: Connection, kind: str, account_id: str) -> None:
    """Forget the links of an account that are not used yet."""
    await tx.execute(VOID, kind, account_id)


async def forget(tx: Connection, now: datetime) -> None:
    """Delete the links that have said long enough what they were."""
    await tx.execute(FORGET, now - KEPT)


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
