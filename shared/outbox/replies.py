"""Replies stored by idempotency key, so that a repeated request is carried out once.

The row is claimed before the work and contains the reply when the transaction commits; a repeated
request waits at the claim until then. A rolled back transaction leaves nothing. The row's `subject`
is the id of the account, or of the account request, that the reply is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.base import Reply, Request
from shared.database import Connection, row_count
from shared.outbox.outbox import INSERT_RESERVED, OutboxRow, reserved_columns

_CLAIM = """
INSERT INTO replies (type, idempotency_key, content_hash, expires_at)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
ON CONFLICT (type, idempotency_key) DO UPDATE
    SET content_hash = excluded.content_hash, answer = NULL, subject = NULL,
        expires_at = excluded.expires_at
    WHERE replies.expires_at < now()
"""
_SAVE = "UPDATE replies SET answer = $3, subject = $4 WHERE type = $1 AND idempotency_key = $2"
_EMIT = INSERT_RESERVED.format(ids="$5", types="$6", bodies="$7")
_SAVE_AND_EMIT = f"WITH emitted AS ({_EMIT}) {_SAVE}"
_RELEASE = "DELETE FROM replies WHERE type = $1 AND idempotency_key = $2"
_FIND = """
SELECT content_hash, answer FROM replies
WHERE type = $1 AND idempotency_key = $2 AND expires_at >= now()
"""
# An expired row may be claimed again by a transaction that is waiting for a lock of this one.
_DELETE_BY_SUBJECT = "DELETE FROM replies WHERE subject = ANY($1) AND expires_at >= now()"


@dataclass(frozen=True)
class StoredReply:
    """A stored reply and the hash of its request."""

    content_hash: bytes
    answer: bytes


async def claim(tx: Connection, request: Request, key: str, content_hash: bytes) -> bool:
    """Whether this transaction is the one to carry the request out. Waits for another's end."""
    done = await tx.execute(_CLAIM, request.TYPE, key, content_hash, float(request.REPLY_SECONDS))
    return row_count(done) == 1


async def save(
    tx: Connection,
    request_type: str,
    key: str,
    answer: bytes,
    subject: str | None,
    events: Sequence[OutboxRow] = (),
) -> None:
    """Store the reply to the request that `tx` executes, and its events (`insert_reserved`)."""
    row = request_type, key, answer.decode(), subject
    if events:
        await tx.execute(_SAVE_AND_EMIT, *row, *reserved_columns(events))
    else:
        await tx.execute(_SAVE, *row)


async def release(tx: Connection, request_type: str, key: str) -> None:
    """Give up a claim of `tx`: nothing is stored, and the same request is carried out again."""
    await tx.execute(_RELEASE, request_type, key)


async def find(tx: Connection, request_type: str, key: str) -> StoredReply | None:
    """The answer given before, or None."""
    row = await tx.fetchrow(_FIND, request_type, key)
    return None if row is None else StoredReply(row["content_hash"], row["answer"].encode())


async def delete_by_subject(tx: Connection, *subjects: str) -> int:
    """Delete the stored replies about these accounts or account requests; returns how many.

    For a person of whom nothing may remain, and for an account whose credentials or state have
    changed: a repeated request is then carried out anew. The reply that `tx` itself is about to
    store remains.
    """
    if not subjects:
        return 0
    return row_count(await tx.execute(_DELETE_BY_SUBJECT, subjects))


def subject_of(request: Request, reply: Reply) -> str | None:
    """The account or account request that a reply is about, from the reply or else the request."""
    for message in (reply, request):
        for field in ("account_id", "request_id"):
            found: str | None = getattr(message, field, None)
            if found is not None:
                return found
    return None
