"""Copies the addresses that events are posted to from the partners' files to the push service."""

import asyncpg

from operations.provision.database_admin import run_blocking
from operations.provision.partners import declared
from services.push import store
from shared.database.pool import connecting

#: The service that pushes, and its schema.
PUSH = "push"


def record_receivers(owner_url: str) -> None:
    """Post the events of those partners whose files say where, and of no others, from now on.

    Nothing is done before the first migration, after which `impex migrate` does it. DependencyDown
    where the database is unavailable.
    """
    urls = {one.name: one.push for one in declared() if one.push}

    async def write() -> None:
        with connecting():
            connection = await asyncpg.connect(
                owner_url, timeout=5, server_settings={"search_path": PUSH}
            )
        try:
            async with connection.transaction():
                if await connection.fetchval("SELECT to_regclass('receivers') IS NOT NULL"):
                    await store.set_receivers(connection, urls)
        finally:
            await connection.close()

    run_blocking(write())
