"""Pre-sessions: found by cookie, bound to a request, deleted.

Binding a browser to a request makes a new token and deletes the former row; a token that we did not
issue is never adopted (SE-01).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from services.gateway.sessions.tokens import token_hash
from shared.database import Pool, acquire, row_count, transaction
from shared.security.sealing import new_token

FIND = """
select request_id::text, expires_at, accepting_at from presessions
where token_hash = $1 and expires_at > $2
"""
INSERT = """
insert into presessions (token_hash, request_id, created_at, expires_at) values ($1, $2, $3, $4)
"""
DELETE = "delete from presessions where token_hash = $1"
DELETE_EXPIRED = """
delete from presessions where token_hash in
    (select token_hash from presessions where expires_at <= $1 limit 1000)
"""


@dataclass(frozen=True)
class Presession:
    """A browser and the request it is bound to."""

    request_id: str
    expires_at: datetime
    accepting_at: datetime | None


class Presessions:
    """The table of pre-sessions, by token."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def find(self, token: str) -> Presession | None:
        """The pre-session of a cookie, or None where it is unknown or has expired."""
        async with acquire(self._pool) as connection:
            row = await connection.fetchrow(FIND, token_hash(token), self._clock())
        return None if row is None else Presession(**row)

    async def bind(self, former: str | None, request_id: str, expires_at: datetime) -> str:
        """Bind a new token to a request in place of the former one; returns the token."""
        token, now = new_token(), self._clock()
        # A request that has ended gets a few minutes more, so that its page can say so.
        expires_at = max(expires_at, now + timedelta(minutes=10))
        async with transaction(self._pool) as tx:
            if former is not None:
                await tx.execute(DELETE, token_hash(former))
            await tx.execute(INSERT, token_hash(token), request_id, now, expires_at)
        return token

    async def extend(self, token: str, expires_at: datetime) -> None:
        """Extend a pre-session to the life of its renewed request."""
        await self._execute(
            "update presessions set expires_at = greatest(expires_at, $2) where token_hash = $1",
            token_hash(token),
            expires_at,
        )

    async def record_accepting(self, token: str) -> None:
        """The terms were accepted and no answer came yet."""
        sql = "update presessions set accepting_at = $2 where token_hash = $1"
        await self._execute(sql, token_hash(token), self._clock())

    async def delete(self, token: str) -> None:
        """Delete one pre-session."""
        await self._execute(DELETE, token_hash(token))

    async def purge(self) -> int:
        """Delete expired rows, at most a thousand; returns how many."""
        return await self._execute(DELETE_EXPIRED, self._clock())

    async def _execute(self, sql: str, *values: object) -> int:
        async with acquire(self._pool) as connection:
            return row_count(await connection.execute(sql, *values))


PRESESSIONS = web.AppKey("presessions", Presessions)
