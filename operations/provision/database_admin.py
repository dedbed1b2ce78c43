"""What an administrator does to PostgreSQL: roles, databases, schemas.

Synchronous to the caller, whatever loop runs there. Idempotent: what exists stays. Tables are not
made here but by each service's migrations, under the owner's role. A server that is away raises
DependencyDown, one that refuses an ImpexError with its words.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from operations.provision.permissions import Principal, database_sql, roles_sql
from shared.database import Connection
from shared.database.pool import connecting
from shared.errors import ImpexError

T = TypeVar("T")


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own, also where another loop is running."""
    results: list[T] = []
    errors: list[BaseException] = []

    def main() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=main, name="run_blocking")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def with_url_parts(url: str, *, user: str = "", password: str = "", database: str = "") -> str:
    """`url` with another user, password or database."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = parts.netloc.rpartition("@")[0]
    if user:
        login = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
    path = "/" + database if database else parts.path
    return urlunsplit(parts._replace(netloc=f"{login}@{place}" if login else place, path=path))


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[Connection]:
    try:
        with connecting():
            connection = await asyncpg.connect(url, timeout=15)
        try:
            yield connection
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.ClientConfigurationError) as error:
        raise ImpexError(f"the database refused: {error}") from error


async def _execute(url: str, statements: Sequence[str]) -> None:
    async with _session(url) as connection:
        for statement in statements:
            await connection.execute(statement)


async def _create(admin_url: str, database: str, template: str) -> None:
    async with _session(admin_url) as connection:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if not known:
            source = f' TEMPLATE "{template}"' if template else ""
            await connection.execute(f'CREATE DATABASE "{database}"{source}')


def execute(url: str, *statements: str) -> None:
    """Run statements one after the other, each on its own."""
    run_blocking(_execute(url, statements))


def create_roles(
    admin_url: str, principals: Iterable[Principal], passwords: Mapping[str, str]
) -> None:
    """Make the owner's role and one per service; `passwords` is by role."""
    execute(admin_url, *roles_sql(principals, passwords))


def create_database(
    admin_url: str, database: str, principals: Iterable[Principal], template: str = ""
) -> None:
    """Make `database` (a copy of `template` if given) with one schema per service."""
    statements = database_sql(database, principals)

    async def make() -> None:
        await _create(admin_url, database, template)
        await _execute(with_url_parts(admin_url, database=database), statements)

    run_blocking(make())


def drop_database(admin_url: str, database: str) -> None:
    """Forget a database, cutting whoever is connected to it."""
    execute(admin_url, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
