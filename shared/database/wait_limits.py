"""How long the database may keep a person waiting: less than work in the background.

`limit_waits` is for the context of one request of a person. Nothing there waits longer, and a
database that was silent is not asked again for a moment: a page asks it several times.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

import asyncpg

#: Seconds in which the server shows that it answers at all, by a ping or by undoing a transaction:
#: no work of its own.
PING_TIMEOUT_SECONDS = 1
#: Seconds for which a database that was silent is not asked again in the same context.
SILENT_SECONDS = 5.0

T = TypeVar("T")


class WaitLimit:
    """Seconds that one statement, or one wait for a connection, may take."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._silent_until = 0.0

    @property
    def is_used_up(self) -> bool:
        """Whether the database was silent a moment ago."""
        return time.monotonic() < self._silent_until

    def use_up(self) -> None:
        """The database was silent."""
        self._silent_until = time.monotonic() + SILENT_SECONDS


_limit: ContextVar[WaitLimit | None] = ContextVar("database_wait_limit", default=None)


def limit_waits(seconds: float) -> None:
    """From now on in this context, no statement and no wait for a connection takes longer."""
    _limit.set(WaitLimit(seconds))


def wait_limit() -> WaitLimit | None:
    """The limit of this context; None where work may wait as long as the pool allows."""
    return _limit.get()


def _limited(method: Callable[..., T]) -> Any:
    @wraps(method)
    def execute(
        self: asyncpg.Connection, sql: str, *args: object, timeout: float | None = None, **more: Any
    ) -> T:
        limit = _limit.get()
        if timeout is None and limit is not None:
            # Undoing follows a statement that has perhaps taken the whole time.
            most = PING_TIMEOUT_SECONDS if sql.startswith("ROLLBACK") else limit.seconds
            timeout = min(most, limit.seconds)
        return method(self, sql, *args, timeout=timeout, **more)

    return execute


class LimitedConnection(asyncpg.Connection):
    """Its statements, those of transactions too, take no longer than the context allows."""

    execute = _limited(asyncpg.Connection.execute)
    executemany = _limited(asyncpg.Connection.executemany)
    fetch = _limited(asyncpg.Connection.fetch)
    fetchmany = _limited(asyncpg.Connection.fetchmany)
    fetchrow = _limited(asyncpg.Connection.fetchrow)
    fetchval = _limited(asyncpg.Connection.fetchval)
