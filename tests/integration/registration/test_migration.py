"""Upgrading the tables of the former release preserves counters and frozen accounts."""

import asyncio
import shutil
from pathlib import Path

import asyncpg

from services.registration.service import SERVICE
from shared.database import migrate
from shared.outbox import MIGRATIONS as COMMON_MIGRATIONS
from tests.support.servers.shared_servers import TestServers

FORMER = ("0001_initial.sql", "0002_counters_name_nobody.sql")


def test_au_02_an_upgrade_preserves_counted_passwords(
    test_servers: TestServers, tmp_path: Path
) -> None:
    former = tmp_path / SERVICE.name / "migrations"
    former.mkdir(parents=True)
    for name in FORMER:
        shutil.copy(SERVICE.migrations / name, former)
    database = test_servers.database()
    role = "impex_registration"

    async def upgrade() -> tuple[list[str], str]:
        await migrate(database.owner_url, "registration", role, (COMMON_MIGRATIONS, former))
        connection = await asyncpg.connect(
            database.owner_url, server_settings={"search_path": "registration"}
        )
        try:
            await connection.execute(
                "INSERT INTO counters VALUES ('sign_in', 'x', ARRAY[now()], now())"
            )
            await connection.execute(
                "INSERT INTO accounts VALUES"
                " (gen_random_uuid(), 'a@b.fr', 'a@b.fr', 'A', 'B', 'fr', 'frozen', now(), now())"
            )
            await migrate(database.owner_url, "registration", role, SERVICE.migration_dirs)
            kinds = await connection.fetch("SELECT kind FROM counters")
            states = await connection.fetchval(
                "SELECT state FROM accounts WHERE frozen_at <= now()"
            )
            return [row["kind"] for row in kinds], states
        finally:
            await connection.close()

    assert asyncio.run(upgrade()) == (["sign_in_address"], "frozen")
    test_servers.drop(database)
