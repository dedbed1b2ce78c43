"""Pre-sessions as the views use them: found by cookie, bound to a request, forgotten.

A new token is made whenever a browser becomes bound to a request, and the former row goes; a token
that nobody gave out is never adopted (SE-01).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from services.gateway.sessions import presession_store
from services.gateway.sessions.tokens import token_hash
from shared.database import Pool, transaction
from shared.database.pool import acquire
from shared.security.sealing import new_token


class Presessions:
    """The table of pre-sessions, by token."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def find(self, token: str) -> presession_store.Presession | None:
        """The pre-session of a cookie, or None where it is unknown or has run out."""
        async with acquire(self._pool) as connection:
            return await presession_store.find_presession(
                connection, token_hash(token), self._clock()
            )

    async def bind(self, former: str | None, request_id: str, expires_at: datetime) -> str:
        """Bind a new token to a request in place of the former one; returns the token."""
        token, now = new_token(), self._clock()
        # A request that is already over still gets a moment, so that its page can say so.
        expires_at = max(expires_at, now + timedelta(minutes=10))
        async with transaction(self._pool) as tx:
            if former is not None:
                await presession_store.delete_presession(tx, token_hash(former))
            await presession_store.insert_presession(
                tx, token_hash(token), request_id, now, expires_at
            )
        return token

    async def prolong(self, token: str, expires_at: datetime) -> None:
        """Keep a pre-session as long as its renewed request."""
        async with transaction(self._pool) as tx:
            await presession_store.prolong_presession(tx, token_hash(token), expires_at)

    async def note_accepting(self, token: str) -> None:
        """The terms were accepted and no answer came yet."""
        async with transaction(self._pool) as tx:
            await presession_store.note_accepting(tx, token_hash(token), self._clock())

    async def forget(self, token: str) -> None:
        """Delete one pre-session."""
        async with transaction(self._pool) as tx:
            await presession_store.delete_presession(tx, token_hash(token))

    async def purge(self) -> int:
        """Delete what has run out; returns how many went."""
        async with transaction(self._pool) as tx:
            return await presession_store.delete_expired(tx, self._clock())
