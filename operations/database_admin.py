"""What an administrator does to PostgreSQL: roles, databases, schemas.

Synchronous to the caller, whatever loop runs there. Idempotent: what exists stays. Tables are not
made here but by each service's migrations, under the owner's role.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from operations.rights import Party, database_sql, roles_sql

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


def address(url: str, *, user: str = "", password: str = "", database: str = "") -> str:
    """`url` with another user, password or database."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = parts.netloc.rpartition("@")[0]
    if user:
        login = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
    path = "/" + database if database else parts.path
    return urlunsplit(parts._replace(netloc=f"{login}@{place}" if login else place, path=path))


async def _execute(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(url, timeout=15)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _create(admin_url: str, database: str, template: str) -> None:
    connection = await asyncpg.connect(admin_url, timeout=15)
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if not known:
            source = f' TEMPLATE "{template}"' if template else ""
            await connection.execute(f'CREATE DATABASE "{database}"{source}')
    finally:
        await connection.close()


def execute(url: str, *statements: str) -> None:
    """Run statements one after the other, each on its own."""
    run_blocking(_execute(url, statements))


def create_roles(admin_url: str, parties: Iterable[Party], passwords: Mapping[str, str]) -> None:
    """Make the owner's role and one per service; `passwords` is by role."""
    execute(admin_url, *roles_sql(parties, passwords))


def create_database(
    admin_url: str, database: str, parties: Iterable[Party], template: str = ""
) -> None:
    """Make `database` (a copy of `template` if given) with one schema per service."""
    statements = database_sql(database, parties)

    async def make() -> None:
        await _create(admin_url, database, template)
        await _execute(address(admin_url, database=database), statements)

    run_blocking(make())


def drop_database(admin_url: str, database: str) -> None:
    """Forget a database, cutting whoever is connected to it."""
    execute(admin_url, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
