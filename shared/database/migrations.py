"""Migrations: numbered SQL files, forward only, each applied once in a transaction of its own.

The ledger `<schema>.migrations` holds what was applied and its checksum, so an edited file, a gap
or a database newer than the program is found and named. Runners that start together take turns.
Rights of the application's role are renewed at the end of every run.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.database.pool import (
    CONNECT_SECONDS,
    CONNECTION_ERRORS,
    DATABASE,
    SCHEMA_NAME,
    Connection,
    Pool,
    acquire,
    connecting,
    database_errors,
)
from shared.errors import DependencyDown, SchemaMismatch
from shared.runtime.telemetry import get_logger

FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
#: Upper half of the advisory lock's key; the lower half is the schema's name.
LOCK_CLASS = 0x494D5058
#: How long a runner waits for its turn, and a statement for the locks of people at work.
LOCK_WAIT_SECONDS = 120
LOCK_SECONDS = 30
#: A table whose comment starts so may be added to and read by the application, never changed.
APPEND_ONLY = "append-only"

log = get_logger("migrations")


@dataclass(frozen=True)
class Migration:
    """One file. `source` is the service or library it belongs to, which numbers its own."""

    source: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, whatever the line ends."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def label(self) -> str:
        """How people name it."""
        return f"{self.source}/{self.number:04d}_{self.name}"


def read_migrations(dirs: Iterable[Path]) -> tuple[Migration, ...]:
    """The files of each directory in order; SchemaMismatch names a wrong file name or number.

    A directory's source is the name of the folder that holds it.
    """
    found: list[Migration] = []
    for directory in dirs:
        number = 0
        for path in sorted(directory.glob("*.sql")):
            parts = FILE_NAME.fullmatch(path.name)
            if parts is None:
                raise SchemaMismatch(f"{path.name} must be named 0001_what_it_does.sql")
            number += 1
            if int(parts[1]) != number:
                raise SchemaMismatch(f"{path.name} breaks the numbering: {number:04d} is due")
            sql = path.read_text(encoding="utf-8").replace("\r\n", "\n")
            found.append(Migration(directory.parent.name, number, parts[2], sql))
        if number == 0:
            raise SchemaMismatch(f"the folder of migrations of {directory.parent.name} is empty")
    return tuple(found)


async def migrate(
    owner_url: str,
    schema: str,
    role: str,
    dirs: Sequence[Path],
    tell: Callable[[str], None] = lambda _label: None,
) -> list[str]:
    """Bring `schema` up to the files in `dirs` as its owner and renew the rights of `role`.

    Returns what was applied now; `tell` is given each as soon as it is. SchemaMismatch where the
    database and the files disagree; nothing is then changed. DependencyDown where there is no
    server.
    """
    if not SCHEMA_NAME.fullmatch(schema) or not SCHEMA_NAME.fullmatch(role):
        raise ValueError("the names of schema and role must be plain lower-case names")
    expected = read_migrations(dirs)
    async with _owner(owner_url, schema) as connection:
        await connection.execute(f"SET lock_timeout = '{LOCK_WAIT_SECONDS}s'")
        await connection.execute("SELECT pg_advisory_lock($1, hashtext($2))", LOCK_CLASS, schema)
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        await _prepare(connection, schema, role)
        ledger = await _applied(connection)
        _compare(expected, ledger)
        if unknown := _unknown(expected, ledger):
            raise SchemaMismatch(
                f"the schema {schema} holds {unknown[0]}, which this program does not know: "
                "the database is newer than the program"
            )
        applied = []
        for one in expected:
            if (one.source, one.number) not in ledger:
                applied.append(await _apply(connection, one))
                tell(one.label)
        await _grant(connection, schema, role)
    return applied


async def check_schema(pool: Pool, expected: Sequence[Migration]) -> None:
    """Raise SchemaMismatch unless every expected migration is applied as it is written here.

    A newer database is accepted with a warning: during a rollout the former program runs on it.
    DependencyDown where the server does not say in time which ones are applied.
    """
    try:
        async with acquire(pool) as connection:
            ledger = await _applied(connection)
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        raise SchemaMismatch("the schema is not there yet: apply the migrations first") from None
    except (TimeoutError, asyncpg.QueryCanceledError) as error:
        reason = "it accepts connections, but the table of migrations was not read in time"
        raise DependencyDown(DATABASE, reason) from error
    _compare(expected, ledger)
    missing = [one.label for one in expected if (one.source, one.number) not in ledger]
    if missing:
        raise SchemaMismatch(f"{missing[0]} is not applied yet: apply the migrations first")
    if unknown := _unknown(expected, ledger):
        log.warning(
            "The database is newer than this program.", action="schema_newer", unknown=unknown
        )


AppliedMigrations = dict[tuple[str, int], tuple[str, str]]


@asynccontextmanager
async def _owner(url: str, schema: str) -> AsyncIterator[Connection]:
    with connecting():
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            server_settings={
                "application_name": f"{schema}.migrate",
                "search_path": schema,
                "timezone": "UTC",
            },
        )
    try:
        with database_errors():
            yield connection
    finally:
        # Closing the session also gives the advisory lock back.
        await connection.close(timeout=CONNECT_SECONDS)


async def _prepare(connection: Connection, schema: str, role: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        raise SchemaMismatch(f"the role {role} does not exist: provision the database first")
    # CREATE SCHEMA IF NOT EXISTS asks for a right on the database even where the schema exists.
    if not await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema):
        await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.execute(
        """
        CREATE TABLE IF NOT EXISTS migrations (
            source text NOT NULL,
            number integer NOT NULL,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (source, number)
        )
        """
    )


async def _applied(connection: Connection) -> AppliedMigrations:
    rows = await connection.fetch("SELECT source, number, name, checksum FROM migrations")
    return {(row["source"], row["number"]): (row["name"], row["checksum"]) for row in rows}


def _compare(expected: Sequence[Migration], ledger: AppliedMigrations) -> None:
    highest: dict[str, int] = {}
    for source, number in ledger:
        highest[source] = max(number, highest.get(source, 0))
    for one in expected:
        entry = ledger.get((one.source, one.number))
        if entry is not None and entry[1] != one.checksum:
            raise SchemaMismatch(
                f"{one.label} was changed after it was applied: undo the change and write a new one"
            )
        if entry is None and one.number < highest.get(one.source, 0):
            raise SchemaMismatch(
                f"{one.label} was never applied, but later ones were: the ledger has a gap"
            )


def _unknown(expected: Sequence[Migration], ledger: AppliedMigrations) -> list[str]:
    known = {(one.source, one.number) for one in expected}
    return sorted(f"{key[0]}/{key[1]:04d}_{ledger[key][0]}" for key in ledger if key not in known)


async def _apply(connection: Connection, one: Migration) -> str:
    try:
        async with connection.transaction():
            await connection.execute(one.sql)
            await connection.execute(
                "INSERT INTO migrations (source, number, name, checksum) VALUES ($1, $2, $3, $4)",
                one.source,
                one.number,
                one.name,
                one.checksum,
            )
    except CONNECTION_ERRORS:
        raise
    except asyncpg.PostgresError as error:
        raise SchemaMismatch(f"{one.label} failed and was undone: {error}") from error
    log.info("A migration was applied.", action="migration_applied", migration=one.label)
    return one.label


async def _grant(connection: Connection, schema: str, role: str) -> None:
    """Rows of its own schema and nothing else (DB-01); the ledger is read only (DB-02)."""
    statements = [
        f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE CREATE ON SCHEMA {schema} FROM {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON migrations FROM {role}",
    ]
    append_only = await connection.fetch(
        """
        SELECT format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
          AND obj_description(c.oid, 'pg_class') LIKE $2 || '%'
        """,
        schema,
        APPEND_ONLY,
    )
    statements += [f"REVOKE UPDATE, DELETE ON {row['name']} FROM {role}" for row in append_only]
    async with connection.transaction():
        await connection.execute(";\n".join(statements))
