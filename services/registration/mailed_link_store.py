"""SQL on mailed links: for a new password, for a lost phone, to lift limits, « ce n'est pas moi ».

One of the first three is found by its kind and by the hashes of its token, one per key of the ring:
a link for a lost phone sets no password. Of the last only the use is stored.
"""

from collections.abc import Sequence
from datetime import datetime

from services.registration.accounts import MailedLink
from shared.database import Connection
from shared.database.rows import insert

REPLACE = """
UPDATE mailed_links SET replaced = true
WHERE kind = $1 AND address_hash = ANY($2) AND NOT replaced AND used_at IS NULL
"""
SELECT = """
SELECT kind, account_id::text, stolen, requested_at, expires_at, replaced, used_at
FROM mailed_links
"""
FIND = SELECT + "WHERE kind = $1 AND link_hash = ANY($2)"
FIND_LIVING = (
    SELECT
    + """
WHERE kind = $1 AND address_hash = ANY($2) AND NOT replaced AND used_at IS NULL AND expires_at > $3
LIMIT 1
"""
)
# Without `quota_hash` it was never mailed.
IS_OFFERED = """
SELECT 1 FROM mailed_links
WHERE kind = $1 AND address_hash = ANY($2) AND NOT replaced AND used_at IS NULL AND expires_at > $3
    AND (quota_hash IS NOT NULL OR NOT $4)
LIMIT 1
"""
READ_COUNTED = """
SELECT address_hash, quota_hash FROM mailed_links WHERE kind = $1 AND link_hash = ANY($2)
"""
LOCK = FIND + " FOR UPDATE"
SET_USED = """
UPDATE mailed_links SET used_at = $3, stolen = $4 WHERE kind = $1 AND link_hash = ANY($2)
"""
RECORD_DISAVOWAL = """
INSERT INTO disavowals (mail_id, account_id, used_at, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (mail_id) DO NOTHING
"""
IS_DISAVOWED = "SELECT 1 FROM disavowals WHERE mail_id = $1"
DELETE_UNUSED = "DELETE FROM mailed_links WHERE kind = $1 AND account_id = $2 AND used_at IS NULL"


async def add(
    tx: Connection,
    link: MailedLink,
    link_hash: bytes,
    address_hashes: Sequence[str],
    quota_hash: str | None = None,
) -> None:
    """Store a link; the former ones of its kind and address are void (RE-02).

    `address_hashes` are one per key of the ring; the first is stored. `quota_hash` is what the
    mailbox of a link that lifts limits is counted under, None where the link is not mailed.
    """
    await tx.execute(REPLACE, link.kind, list(address_hashes))
    hashes = {
        "link_hash": link_hash,
        "address_hash": address_hashes[0],
        "quota_hash": quota_hash,
    }
    await insert(tx, "mailed_links", {**hashes, **vars(link)})


async def find(tx: Connection, kind: str, hashes: Sequence[bytes]) -> MailedLink | None:
    """The link with one of these hashes."""
    row = await tx.fetchrow(FIND, kind, list(hashes))
    return None if row is None else MailedLink(**row)


async def find_living(
    tx: Connection, kind: str, address_hashes: Sequence[str], now: datetime
) -> MailedLink | None:
    """The link of an address that can be used."""
    row = await tx.fetchrow(FIND_LIVING, kind, list(address_hashes), now)
    return None if row is None else MailedLink(**row)


async def is_offered(
    tx: Connection, kind: str, address_hashes: Sequence[str], now: datetime, *, mailed: bool
) -> bool:
    """Whether an address has a link that can be used; with `mailed`, one that was mailed."""
    return await tx.fetchval(IS_OFFERED, kind, list(address_hashes), now, mailed) is not None


async def read_counted(tx: Connection, kind: str, hashes: Sequence[bytes]) -> tuple[str, str]:
    """The keys that the address of a link, and its mailbox, are counted under."""
    (row,) = await tx.fetch(READ_COUNTED, kind, list(hashes))
    return row["address_hash"], row["quota_hash"]


async def lock(tx: Connection, kind: str, hashes: Sequence[bytes]) -> MailedLink | None:
    """As `find`, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, kind, list(hashes))
    return None if row is None else MailedLink(**row)


async def set_used(
    tx: Connection, kind: str, hashes: Sequence[bytes], now: datetime, *, stolen: bool = False
) -> None:
    """Record that the link was used, and for a stolen phone."""
    await tx.execute(SET_USED, kind, list(hashes), now, stolen)


async def delete_unused(tx: Connection, kind: str, account_id: str) -> None:
    """Delete the unused links of an account."""
    await tx.execute(DELETE_UNUSED, kind, account_id)


async def record_disavowal(
    tx: Connection, mail_id: str, account_id: str, now: datetime, expires_at: datetime
) -> None:
    """Record that the « ce n'est pas moi » link of this mail was used; once more is no error."""
    await tx.execute(RECORD_DISAVOWAL, mail_id, account_id, now, expires_at)


async def is_disavowed(tx: Connection, mail_id: str) -> bool:
    """Whether the « ce n'est pas moi » link of this mail was used."""
    return await tx.fetchval(IS_DISAVOWED, mail_id) is not None
