"""Migrations on a real PostgreSQL: applied once, never drifting, with the least rights left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from shared.database import (
    Connection,
    Pool,
    check_schema,
    migrate,
    open_pool,
    read_migrations,
    transaction,
)
from shared.database import pool as pool_module
from shared.errors import DependencyDown, SchemaMismatch
from tests.support.schema_fingerprint import schema_fingerprint
from tests.support.servers.shared_servers import Database

FIRST = """
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE things (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    colour colour NOT NULL DEFAULT 'red'
);
CREATE TABLE audit (
    what text NOT NULL
);
COMMENT ON TABLE audit IS 'append-only: what was done';
"""
SECOND = "ALTER TABLE things ADD COLUMN size integer CHECK (size > 0);"

Migrate = Callable[[], Awaitable[list[str]]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    directory = tmp_path / "demo" / "migrations"
    directory.mkdir(parents=True)
    (directory / "0001_first.sql").write_text(FIRST)
    (directory / "0002_size.sql").write_text(SECOND)
    return directory


@pytest.fixture
def run(database: Database, files: Path) -> Migrate:
    return lambda: migrate(database.owner_url, "mailer", "impex_mailer", [files])


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.url("mailer"), "mailer", "test", 4)
    yield opened
    await opened.close()


@asynccontextmanager
async def admin(database: Database) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_an_empty_schema_gets_everything_once(run: Migrate, pool: Pool, files: Path) -> None:
    assert await run() == ["demo/0001_first", "demo/0002_size"]
    assert await run() == []
    await check_schema(pool, read_migrations([files]))


async def test_five_runners_together_apply_each_file_once(run: Migrate, pool: Pool) -> None:
    applied = await asyncio.gather(*(run() for _ in range(5)))
    assert sorted(len(names) for names in applied) == [0, 0, 0, 0, 2]
    async with transaction(pool) as tx:
        assert await tx.fetchval("SELECT count(*) FROM migrations") == 2


async def test_a_file_changed_after_it_was_applied_stops_everything(
    run: Migrate, pool: Pool, files: Path
) -> None:
    await run()
    (files / "0001_first.sql").write_text(FIRST + "-- a remark\n")
    (files / "0003_more.sql").write_text("CREATE TABLE more (a int);")
    with pytest.raises(SchemaMismatch, match=r"demo/0001_first was changed after it was applied"):
        await run()
    with pytest.raises(SchemaMismatch, match="was changed after it was applied"):
        await check_schema(pool, read_migrations([files]))
    async with transaction(pool) as tx:
        assert await tx.fetchval("SELECT to_regclass('more')") is None


async def test_an_older_program_neither_migrates_a_newer_database_nor_refuses_to_run_on_it(
    run: Migrate, pool: Pool, files: Path
) -> None:
    await run()
    (files / "0002_size.sql").unlink()
    with pytest.raises(SchemaMismatch, match="demo/0002_size, which this program does not know"):
        await run()
    with capture_logs() as lines:
        await check_schema(pool, read_migrations([files]))
    assert [line["action"] for line in lines] == ["schema_newer"]


async def test_a_gap_in_the_ledger_is_named(run: Migrate, database: Database) -> None:
    await run()
    async with admin(database) as connection:
        await connection.execute("DELETE FROM mailer.migrations WHERE number = 1")
    with pytest.raises(SchemaMismatch, match="demo/0001_first was never applied"):
        await run()


async def test_a_schema_without_tables_or_behind_the_files_is_refused_at_start(
    run: Migrate, pool: Pool, files: Path
) -> None:
    expected = read_migrations([files])
    with pytest.raises(SchemaMismatch, match="apply the migrations first"):
        await check_schema(pool, expected)
    await run()
    (files / "0003_more.sql").write_text("CREATE TABLE more (a int);")
    with pytest.raises(SchemaMismatch, match="demo/0003_more is not applied yet"):
        await check_schema(pool, read_migrations([files]))


async def test_a_ledger_that_is_not_read_in_time_is_an_unavailable_database(
    run: Migrate, database: Database, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a start in one line, and no traceback: a migration may hold the table's lock."""
    await run()
    monkeypatch.setattr(pool_module, "COMMAND_SECONDS", 0.2)
    impatient = await open_pool(database.url("mailer"), "mailer", "test", 1)
    async with admin(database) as connection, connection.transaction():
        await connection.execute("LOCK TABLE mailer.migrations")
        with pytest.raises(DependencyDown, match="database is unavailable: it accepts connections"):
            await check_schema(impatient, read_migrations([files]))
    await impatient.close()


async def test_a_migration_that_fails_leaves_nothing_of_itself(
    run: Migrate, pool: Pool, files: Path
) -> None:
    broken = files / "0003_broken.sql"
    broken.write_text("CREATE TABLE half (a int);\nSELECT 1/0;\n")
    with pytest.raises(SchemaMismatch, match="demo/0003_broken failed and was undone"):
        await run()
    async with transaction(pool) as tx:
        assert await tx.fetchval("SELECT to_regclass('half')") is None
    broken.write_text("CREATE TABLE whole (a int);\n")
    assert await run() == ["demo/0003_broken"]


async def test_a_role_that_is_not_there_is_named_before_anything_is_made(
    database: Database, files: Path
) -> None:
    with pytest.raises(SchemaMismatch, match="the role impex_nobody does not exist"):
        await migrate(database.owner_url, "mailer", "impex_nobody", [files])
    async with admin(database) as connection:
        assert await connection.fetchval("SELECT to_regclass('mailer.migrations')") is None


async def test_names_that_are_not_plain_are_refused(database: Database, files: Path) -> None:
    for schema, role in (('x"; DROP', "impex_mailer"), ("mailer", "A b"), ("", "impex_mailer")):
        with pytest.raises(ValueError, match="plain lower-case"):
            await migrate(database.owner_url, schema, role, [files])


async def test_an_unavailable_database_is_reported(files: Path) -> None:
    with pytest.raises(DependencyDown):
        await migrate("postgresql://x@127.0.0.1:1/x", "mailer", "impex_mailer", [files])


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (a int)",
        "CREATE TABLE public.more (a int)",
        "CREATE SCHEMA more",
        "DROP TABLE things",
        "DROP SCHEMA mailer CASCADE",
        "ALTER TABLE things ADD COLUMN more int",
        "TRUNCATE things",
        "CREATE INDEX ON things (size)",
        "UPDATE audit SET what = 'nothing'",
        "DELETE FROM audit",
        "DELETE FROM migrations",
        "UPDATE migrations SET checksum = ''",
        "SELECT * FROM registration.secret",
        "INSERT INTO registration.secret VALUES (1)",
        "CREATE TABLE registration.more (a int)",
        "SET ROLE impex_owner",
        "CREATE ROLE more",
        "COPY things TO PROGRAM 'true'",
        "SELECT * FROM pg_authid",
    ],
)
async def test_db_01_cr_06_the_application_role_may_only_touch_rows_of_its_own(
    run: Migrate, pool: Pool, database: Database, statement: str
) -> None:
    await run()
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("CREATE TABLE registration.secret (a int)")
    await owner.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(pool) as tx:
            await tx.execute(statement)


async def test_db_01_the_application_role_reads_and_writes_its_rows(
    run: Migrate, pool: Pool
) -> None:
    await run()
    async with transaction(pool) as tx:
        await tx.execute("INSERT INTO things (name) VALUES ('a'), ('b')")
        await tx.execute("UPDATE things SET size = 1 WHERE name = 'a'")
        await tx.execute("DELETE FROM things WHERE name = 'b'")
        await tx.execute("INSERT INTO audit VALUES ('once')")
        assert await tx.fetchval("SELECT size FROM things") == 1
        assert await tx.fetchval("SELECT what FROM audit") == "once"


async def test_db_02_rights_are_renewed_by_every_run(
    run: Migrate, pool: Pool, database: Database
) -> None:
    await run()
    async with admin(database) as connection:
        await connection.execute(
            "GRANT ALL ON mailer.audit, mailer.migrations TO impex_mailer;"
            "REVOKE ALL ON mailer.things FROM impex_mailer"
        )
    await run()
    async with transaction(pool) as tx:
        await tx.execute("INSERT INTO things (name) VALUES ('a')")
    for statement in ("DELETE FROM audit", "DELETE FROM migrations", "TRUNCATE audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction(pool) as tx:
                await tx.execute(statement)


async def test_fingerprints_of_equal_schemas_are_equal_and_others_differ(
    run: Migrate, database_factory: Callable[[], Database], database: Database, files: Path
) -> None:
    await run()
    other = database_factory()
    await migrate(other.owner_url, "mailer", "impex_mailer", [files])
    async with admin(database) as one, admin(other) as two:
        prints = [await schema_fingerprint(each, "mailer") for each in (one, two)]
        assert prints[0] == prints[1]
        for expected in (
            "table things column name text not null",
            "table things column colour colour not null default 'red'::colour",
            "table things constraint things_size_check CHECK ((size > 0))",
            "CREATE UNIQUE INDEX things_name_key",
            "type colour red,green",
        ):
            assert expected.replace("colour colour", "colour mailer.colour") in prints[0].replace(
                "::mailer.colour", "::colour"
            )
        await two.execute("ALTER TABLE mailer.things ALTER COLUMN name DROP NOT NULL")
        assert await schema_fingerprint(two, "mailer") != prints[0]
