"""The gateway's SQL on support requests. Each function takes the transaction."""

from dataclasses import astuple, dataclass
from datetime import datetime

from shared.database import Connection

LOCK = "select pg_advisory_xact_lock(hashtextextended('desk/' || $1::text || '/' || $2::text, 0))"
FIND = "select number from support_requests where form_hash = $1"
MOMENTS = """
select submitted_at from support_requests where kind = $1 and rate_limit_key = $2 and submitted_at >
$3 order by submitted_at
"""
INSERT = """
insert into support_requests (form_hash, kind, number, account_id, rate_limit_key, submitted_at,
expires_at) values ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True)
class SupportRequest:
    """A request: a `correction` or a `departure`; fields in the order of the columns."""

    form_hash: bytes
    kind: str
    number: str
    account_id: str | None
    rate_limit_key: str
    submitted_at: datetime
    expires_at: datetime


async def lock(tx: Connection, kind: str, rate_limit_key: str) -> None:
    """Serialize requests of one kind and rate limit key until the transaction ends."""
    await tx.execute(LOCK, kind, rate_limit_key)


async def find(tx: Connection, form_hash: bytes) -> str | None:
    """The number of the request that this form has made already."""
    number: str | None = await tx.fetchval(FIND, form_hash)
    return number


async def moments(
    tx: Connection, kind: str, rate_limit_key: str, since: datetime
) -> list[datetime]:
    """When such requests were submitted, the oldest first."""
    return [row["submitted_at"] for row in await tx.fetch(MOMENTS, kind, rate_limit_key, since)]


async def insert(tx: Connection, support_request: SupportRequest) -> None:
    """Store the request."""
    await tx.execute(INSERT, *astuple(support_request))


async def delete_expired(tx: Connection, now: datetime) -> None:
    """Delete expired rows."""
    await tx.execute("delete from support_requests where expires_at <= $1", now)
