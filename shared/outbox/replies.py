"""Answers kept by idempotency key, so that asking twice is asking once.

The row is claimed before the work and holds the answer when the transaction commits; a second
asker waits at the claim until then. A rolled back transaction leaves nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shared.contracts.base import Request
from shared.database import Connection

_CLAIM = """
INSERT INTO replies (type, idempotency_key, content_hash, expires_at)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
ON CONFLICT (type, idempotency_key) DO UPDATE
    SET content_hash = excluded.content_hash, answer = NULL, expires_at = excluded.expires_at
    WHERE replies.expires_at < now()
"""
_SAVE = "UPDATE replies SET answer = $3 WHERE type = $1 AND idempotency_key = $2"
_FIND = """
SELECT content_hash, answer FROM replies
WHERE type = $1 AND idempotency_key = $2 AND expires_at >= now()
"""
_DELETE_MATCHING = "DELETE FROM replies WHERE answer::jsonb -> 'reply' ->> $1 = ANY($2)"


@dataclass(frozen=True)
class StoredReply:
    """A kept answer and the fingerprint of the request it answered."""

    content_hash: bytes
    answer: bytes


async def claim(tx: Connection, request: Request, key: str, content_hash: bytes) -> bool:
    """Whether this transaction is the one to carry the request out. Waits for another's end."""
    done = await tx.execute(_CLAIM, request.TYPE, key, content_hash, float(request.REPLY_SECONDS))
    return done.endswith("1")


async def save(tx: Connection, request_type: str, key: str, answer: bytes) -> None:
    """Keep the answer of the request that `tx` carries out."""
    await tx.execute(_SAVE, request_type, key, answer.decode())


async def find(tx: Connection, request_type: str, key: str) -> StoredReply | None:
    """The answer given before, or None."""
    row = await tx.fetchrow(_FIND, request_type, key)
    return None if row is None else StoredReply(row["content_hash"], row["answer"].encode())


async def delete_matching(tx: Connection, field: str, values: Collection[str]) -> int:
    """Forget the kept replies whose `field` is one of `values`; returns how many.

    For somebody of whom nothing is to be kept any more. The same key may then be carried out again.
    """
    if not values:
        return 0
    return int((await tx.execute(_DELETE_MATCHING, field, list(values))).rpartition(" ")[2])
