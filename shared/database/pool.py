"""The pool of one service and its transactions.

Every wait has an end: connecting, a command, a forgotten transaction. Loss of the server is the
only error that becomes `DependencyDown`; the pool reconnects by itself on the next use.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias, cast

import asyncpg

from shared.database.traced_connection import traced_connection
from shared.database.wait_limits import PING_TIMEOUT_SECONDS, LimitedConnection, wait_limit
from shared.errors import DependencyDown, plain_reason
from shared.runtime import tracing
from shared.runtime.retrying import OutageLog, retry_while_down

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[Any]"

#: The name of this dependency in `DependencyDown`.
DATABASE = "database"
CONNECT_SECONDS = 5
COMMAND_SECONDS = 10
#: Longer than a handler may take (60 s), so that only a forgotten transaction is ended.
IDLE_TRANSACTION_SECONDS = 65
#: How long a caller waits for a free connection before the pool counts as stuck.
ACQUIRE_SECONDS = 10
#: Connections unused for so long are closed.
IDLE_SECONDS = 120

SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

#: Errors of the server or the socket for which no statement could be executed.
CONNECTION_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # The server ended an idle session and the socket's end is still to be noticed: asyncpg is then
    # consuming an error when the next statement comes ("cannot switch to state 12").
    asyncpg.InternalClientError,
    ConnectionError,
    # It is there and can do nothing for anybody: disk or memory full, a broken file, a standby.
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)
#: What a task that runs for ever lives through, and tries again later.
TRANSIENT_ERRORS = (DependencyDown, TimeoutError, asyncpg.PostgresError)

#: One for the process: its services have the same server.
_outage = OutageLog("database_away", "database_back")


@contextmanager
def connecting() -> Iterator[None]:
    """Turn every failure to open a session into DependencyDown."""
    try:
        yield
    except asyncpg.ClientConfigurationError:
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise DependencyDown(DATABASE, plain_reason(error)) from error


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the loss of the server into DependencyDown; other errors pass as they are."""
    try:
        yield
    except CONNECTION_ERRORS as error:
        raise DependencyDown(DATABASE, plain_reason(error)) from error
    except asyncpg.InterfaceError as error:
        if "closed" in str(error) or "closing" in str(error):
            raise DependencyDown(DATABASE, plain_reason(error)) from error
        raise


async def open_pool(
    url: str, schema: str, application_name: str, size: int, *, wait: float = 0
) -> Pool:
    """A pool on one schema, with one session open as proof.

    While the server is unavailable, connecting is retried for `wait` seconds; then DependencyDown.
    `application_name` shows in the server's list of sessions.
    """
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"{schema!r} cannot be the name of a schema")

    # A connection of asyncpg's own has no line of code for traces.
    connection_class = traced_connection(schema) if tracing.is_on() else LimitedConnection

    async def attempt() -> Pool:
        with connecting():
            return await asyncpg.create_pool(
                url,
                init_size=1,
                min_size=0,
                max_size=size,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                max_inactive_connection_lifetime=IDLE_SECONDS,
                reset=_skip_reset,
                connection_class=connection_class,
                server_settings={
                    "application_name": application_name,
                    "search_path": schema,
                    "timezone": "UTC",
                    "idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS}s",
                    # The server cancels the statement with us; nobody waits for its result.
                    "statement_timeout": f"{COMMAND_SECONDS + 1}s",
                },
            )

    return await retry_while_down(attempt, wait)


async def _skip_reset(_connection: object) -> None:
    """Spare the round trip that undoes session state at each release: no service makes any.

    Locks are the transaction's own, and nothing is set or listened to. An open transaction is still
    rolled back.
    """


@asynccontextmanager
async def acquire(pool: Pool) -> AsyncIterator[Connection]:
    """A connection without a transaction. DependencyDown if the server is unavailable, or was
    silent for a person a moment ago."""
    limit = wait_limit()
    if limit is not None and limit.is_used_up:
        raise DependencyDown(DATABASE, plain_reason(TimeoutError()))
    try:
        with connecting():
            connection = await pool.acquire(timeout=limit.seconds if limit else ACQUIRE_SECONDS)
        with database_errors():
            try:
                yield cast(Connection, connection)
            except TimeoutError as error:
                if await _is_silent(cast(Connection, connection)):
                    raise DependencyDown(DATABASE, plain_reason(TimeoutError())) from error
                raise
            finally:
                await pool.release(connection, timeout=CONNECT_SECONDS)
    except DependencyDown as down:
        if down.name == DATABASE:
            _outage.started(down.reason)
            if limit is not None and isinstance(down.__cause__, TimeoutError):
                limit.use_up()
        raise
    else:
        _outage.ended()


async def _is_silent(connection: Connection) -> bool:
    """After a statement that took too long: whether the server answers nothing at all any more."""
    try:
        await connection.execute("SELECT 1", timeout=PING_TIMEOUT_SECONDS)
    except (TimeoutError, asyncpg.InterfaceError, OSError):
        return True  # or the driver has given the session up already
    except asyncpg.PostgresError:
        return False  # such as "current transaction is aborted"
    return False


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A connection in a transaction: leaving commits, an exception undoes everything.

    DependencyDown if the server is or becomes unavailable; then it is unknown whether a commit took
    place.
    """
    async with acquire(pool) as connection, connection.transaction():
        yield connection


def row_count(status: str) -> int:
    """How many rows a command touched, from its status, such as `DELETE 3`."""
    return int(status.rpartition(" ")[2])


async def ping(pool: Pool) -> None:
    """Prove that the database answers, or raise DependencyDown."""
    try:
        async with acquire(pool) as connection:
            await connection.execute("SELECT 1", timeout=CONNECT_SECONDS)
    except (TimeoutError, asyncpg.PostgresError) as error:
        raise DependencyDown(DATABASE, plain_reason(error)) from error
