"""What an administrator does to PostgreSQL: roles, databases, schemas.

Synchronous, also where the caller runs a loop. Idempotent: what exists stays. Each service's
migrations create its tables, under the owner's role. An unavailable server raises DependencyDown,
one that refuses a DatabaseRefused with its message.
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
from shared.database.pool import connecting
from shared.errors import DependencyDown, ImpexError

T = TypeVar("T")

#: Answers to a login that waiting does not change.
LOGIN_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)


class DatabaseRefused(ImpexError):
    """PostgreSQL refused a login or a statement."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"the database refused: {str(error).splitlines()[0]}")


@contextmanager
def refused_logins() -> Iterator[None]:
    """Turn the DependencyDown of a login that was refused into DatabaseRefused."""
    try:
        yield
    except DependencyDown as down:
        if isinstance(down.__cause__, LOGIN_REFUSED):
            raise DatabaseRefused(down.__cause__) from down
        raise


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on its own loop, also where another loop is running."""
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
async def _session(url: str) -> AsyncIterator[Connection]:
    try:
        with refused_logins(), connecting():
            connection = await asyncpg.connect(url, timeout=15)
        try:
            yield connection
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.ClientConfigurationError) as error:
        raise DatabaseRefused(error) from error


async def _execute(url: str, statements: Sequence[str]) -> None:
    async with _session(url) as connection:
        for statement in statements:
            await connection.execute(statement)


async def _create(admin_url: str, database: str) -> None:
    async with _session(admin_url) as connection:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if not known:
            await connection.execute(f'CREATE DATABASE "{database}"')


async def _fetch(url: str, query: str, values: Sequence[object]) -> list[asyncpg.Record]:
    async with _session(url) as connection:
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
