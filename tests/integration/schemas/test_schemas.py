"""Migrations make the schema written here, and no service reads another's.

After a change of migrations: `IMPEX_WRITE_SCHEMAS=1 pytest tests/integration/schemas`, and the
difference is part of the review.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from operations.service_registry import service_names
from shared.database import Connection
from tests.support.schema_fingerprint import schema_fingerprint
from tests.support.servers.system import System

FOLDER = Path(__file__).parent
WRITE = bool(os.environ.get("IMPEX_WRITE_SCHEMAS"))


@pytest.fixture
async def admin(system: System) -> AsyncIterator[Connection]:
    """The administrator's session in a database where every service has migrated."""
    connection = await asyncpg.connect(system.database.admin_url)
    yield connection
    await connection.close()


def test_every_service_has_its_schema_written_down() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(service_names())


@pytest.mark.parametrize("name", service_names())
async def test_migrations_from_empty_make_the_schema_that_is_written_down(
    admin: Connection, name: str
) -> None:
    made = await schema_fingerprint(admin, name)
    path = FOLDER / f"{name}.txt"
    if WRITE:
        path.write_text(made)
    expected = path.read_text()
    assert made.splitlines() == expected.splitlines(), "see the first lines of this file"


@pytest.mark.parametrize("name", service_names())
async def test_db_01_a_role_has_rights_on_its_own_schema_only_and_makes_nothing(
    admin: Connection, name: str
) -> None:
    role = f"impex_{name}"
    for other in service_names():
        rights = {
            right: await admin.fetchval(
                "SELECT has_schema_privilege($1, $2, $3)", role, other, right
            )
            for right in ("USAGE", "CREATE")
        }
        assert rights == {"USAGE": other == name, "CREATE": False}, other
    foreign = await admin.fetch(
        """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY($2) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND (n.nspname <> $1 AND has_table_privilege($3, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
               OR has_table_privilege($3, c.oid, 'TRUNCATE, REFERENCES, TRIGGER'))
        """,
        name,
        service_names(),
        role,
    )
    assert foreign == []
    assert not await admin.fetchval(
        "SELECT has_database_privilege($1, current_database(), 'CREATE')", role
    )
    assert not await admin.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", role)
    flags = await admin.fetchrow(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication"
        " FROM pg_roles WHERE rolname = $1",
        role,
    )
    assert not any(flags.values())
