"""What an administrator does to PostgreSQL: roles, databases, schemas.

Synchronous, also where the caller runs a loop. Idempotent: what exists stays. Each service's
migrations create its tables, under the owner's role. An unavailable server raises DependencyDown,
one that refuses a DatabaseRefused with its message, here and in every session of an operator.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from operations.provision.permissions import Principal, database_sql
from shared.database import Connection
from shared.database.pool import (
    CONNECT_SECONDS,
    CONNECTION_ERRORS,
    DATABASE,
    connecting,
    database_errors,
)
from shared.errors import DependencyDown, ImpexError, plain_reason

T = TypeVar("T")

#: For a statement of an administrator: a database is copied, dropped or renamed in it.
STATEMENT_SECONDS = 300


class DatabaseRefused(ImpexError):
    """PostgreSQL refused a login or a statement, which waiting does not change."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what PostgreSQL refuses into DatabaseRefused, and its loss into DependencyDown."""
    try:
        with database_errors():
            yield
    except DependencyDown as down:
        cause = down.__cause__
        if isinstance(cause, CONNECTION_ERRORS) or not isinstance(
            cause, (asyncpg.PostgresError, asyncpg.InterfaceError)
        ):
            raise
        if isinstance(cause, asyncpg.InterfaceError) and "clos" in str(cause):
            raise
        raise DatabaseRefused(f"the database refused: {plain_reason(cause)}") from down
    except TimeoutError as error:
        raise DependencyDown(DATABASE, plain_reason(error)) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseRefused(f"the database refused: {plain_reason(error)}") from error


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on its own loop, also where another loop is running."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)  # which Ctrl-C ends
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def with_url_parts(url: str, *, user: str = "", password: str = "", database: str = "") -> str:
    """`url` with another user, password or database."""
    parts = urlsplit(url)
    login, _, place = parts.netloc.rpartition("@")
    if user:
        login = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
    path = "/" + database if database else parts.path
    return urlunsplit(parts._replace(netloc=f"{login}@{place}" if login else place, path=path))


@asynccontextmanager
async def session(
    url: str, *, schema: str = "", seconds: float = STATEMENT_SECONDS
) -> AsyncIterator[Connection]:
    """A session of an operator, on one schema if it is given; a statement ends after `seconds`.

    DatabaseRefused with what PostgreSQL refuses, DependencyDown where it is or becomes unavailable.
    """
    with refusals():
        with connecting():
            connection = await asyncpg.connect(
                url,
                timeout=CONNECT_SECONDS,
                command_timeout=seconds,
                server_settings={"search_path": schema} if schema else None,
            )
        try:
            yield connection
        finally:
            await connection.close(timeout=CONNECT_SECONDS)


async def _execute(url: str, statements: Sequence[str]) -> None:
    async with session(url) as connection:
        for statement in statements:
            await connection.execute(statement)


async def _create(admin_url: str, database: str) -> None:
    async with session(admin_url) as connection:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if not known:
            await connection.execute(f'CREATE DATABASE "{database}"')


async def _fetch(url: str, query: str, values: Sequence[object]) -> list[asyncpg.Record]:
    async with session(url) as connection:
        return list(await connection.fetch(query, *values))


def fetch(url: str, query: str, *values: object) -> list[asyncpg.Record]:
    """The rows of a query."""
    return run_blocking(_fetch(url, query, values))


def execute(url: str, *statements: str) -> None:
    """Run statements one after the other, each on its own."""
    run_blocking(_execute(url, statements))


def create_database(admin_url: str, database: str, principals: Sequence[Principal]) -> None:
    """Make `database` with one schema per service."""
    run_blocking(_create(admin_url, database))
    execute(with_url_parts(admin_url, database=database), *database_sql(database, principals))
