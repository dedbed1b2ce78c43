"""The gateway's SQL: pre-sessions. Each function takes a connection."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database import Connection, row_count


@dataclass(frozen=True)
class Presession:
    """A browser and the request it is bound to."""

    request_id: str
    expires_at: datetime
    accepting_at: datetime | None


async def insert_presession(
    tx: Connection, token_hash: bytes, request_id: str, now: datetime, expires_at: datetime
) -> None:
    """Bind a new token to a request."""
    await tx.execute(
        "insert into presessions (token_hash, request_id, created_at, expires_at)"
        " values ($1, $2, $3, $4)",
        token_hash,
        UUID(request_id),
        now,
        expires_at,
    )


async def find_presession(
    connection: Connection, token_hash: bytes, now: datetime
) -> Presession | None:
    """The pre-session of a token, unless it has expired."""
    row = await connection.fetchrow(
        "select request_id, expires_at, accepting_at from presessions"
        " where token_hash = $1 and expires_at > $2",
        token_hash,
        now,
    )
    if row is None:
        return None
    return Presession(str(row["request_id"]), row["expires_at"], row["accepting_at"])


async def extend_presession(tx: Connection, token_hash: bytes, expires_at: datetime) -> None:
    """Extend a pre-session to the life of its renewed request."""
    await tx.execute(
        "update presessions set expires_at = greatest(expires_at, $2) where token_hash = $1",
        token_hash,
        expires_at,
    )


async def set_accepting_at(tx: Connection, token_hash: bytes, at: datetime) -> None:
    """Record that the terms were accepted and the answer is still to come."""
    await tx.execute(
        "update presessions set accepting_at = $2 where token_hash = $1", token_hash, at
    )


async def delete_presession(tx: Connection, token_hash: bytes) -> None:
    """Delete one pre-session."""
    await tx.execute("delete from presessions where token_hash = $1", token_hash)


async def delete_expired(tx: Connection, now: datetime, limit: int = 1_000) -> int:
    """Delete expired rows; returns how many."""
    status = await tx.execute(
        "delete from presessions where token_hash in"
        " (select token_hash from presessions where expires_at <= $1 limit $2)",
        now,
        limit,
    )
    return row_count(status)
