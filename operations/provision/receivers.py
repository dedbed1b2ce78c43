"""Copies the addresses that events are posted to from the partners' files to the push service."""

from operations.provision.database_admin import DatabaseRefused, run_blocking, session
from operations.provision.partners import declared
from services.push import store
from shared.database.pool import COMMAND_SECONDS

#: The service that pushes, and its schema.
PUSH = "push"


def record_receivers(owner_url: str) -> None:
    """Post the events of those partners whose files say where, and of no others, from now on.

    Nothing is done before the first migration, after which `impex migrate` does it. DependencyDown
    where the database is unavailable, DatabaseRefused where it refuses or is another one.
    """
    urls = {one.name: one.push for one in declared() if one.push}

    async def write() -> None:
        async with session(owner_url, schema=PUSH, seconds=COMMAND_SECONDS) as connection:
            if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", PUSH):
                sentence = f"has no schema {PUSH}: it is not the one that is provisioned"
                raise DatabaseRefused(f"the database {sentence}")
            async with connection.transaction():
                if await connection.fetchval("SELECT to_regclass('receivers') IS NOT NULL"):
                    await store.set_receivers(connection, urls)

    run_blocking(write())
