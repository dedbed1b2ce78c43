"""Pre-sessions: found by cookie, bound to a request, deleted.

Binding a browser to a request makes a new token and deletes the former row; a token that we did not
issue is never adopted (SE-01).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from services.gateway.sessions import presession_store
from services.gateway.sessions.tokens import token_hash
from shared.database import Pool, acquire, transaction
from shared.security.sealing import new_token


class Presessions:
    """The table of pre-sessions, by token."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def find(self, token: str) -> presession_store.Presession | None:
        """The pre-session of a cookie, or None where it is unknown or has expired."""
        async with acquire(self._pool) as connection:
            return await presession_store.find_presession(
                connection, token_hash(token), self._clock()
            )

    async def bind(self, former: str | None, request_id: str, expires_at: datetime) -> str:
        """Bind a new token to a request in place of the former one; returns the token."""
        token, now = new_token(), self._clock()
        # A request that has ended gets a few minutes more, so that its page can say so.
        expires_at = max(expires_at, now + timedelta(minutes=10))
        async with transaction(self._pool) as tx:
            if former is not None:
                await presession_store.delete_presession(tx, token_hash(former))
            await presession_store.insert_presession(
                tx, token_hash(token), request_id, now, expires_at
            )
        return token

    async def extend(self, token: str, expires_at: datetime) -> None:
        """Extend a pre-session to the life of its renewed request."""
        async with transaction(self._pool) as tx:
            await presession_store.extend_presession(tx, token_hash(token), expires_at)

    async def record_accepting(self, token: str) -> None:
        """The terms were accepted and no answer came yet."""
        async with transaction(self._pool) as tx:
            await presession_store.set_accepting_at(tx, token_hash(token), self._clock())

    async def delete(self, token: str) -> None:
        """Delete one pre-session."""
        async with transaction(self._pool) as tx:
            await presession_store.delete_presession(tx, token_hash(token))

    async def purge(self) -> int:
        """Delete expired rows; returns how many."""
        async with transaction(self._pool) as tx:
            return await presession_store.delete_expired(tx, self._clock())


PRESESSIONS = web.AppKey("presessions", Presessions)
