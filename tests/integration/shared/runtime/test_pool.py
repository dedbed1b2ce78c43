"""The pool and transactions: bounded waits, detection of outages, and recovery."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import asyncpg
import pytest

from operations.local.postgres import Postgres
from services.gateway.http.middleware import STATEMENT_SECONDS
from shared.database import (
    Pool,
    acquire,
    database_errors,
    limit_waits,
    open_pool,
    ping,
    transaction,
)
from shared.database.wait_limits import PING_TIMEOUT_SECONDS
from shared.errors import DependencyDown
from tests.support.servers.frozen import frozen
from tests.support.servers.shared_servers import Database, ServerUrls
from tests.support.waiting import eventually


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.url("mailer"), "mailer", "mailer@test", 2)
    yield opened
    await opened.close()


async def test_a_session_is_bounded_named_and_in_its_schema(pool: Pool) -> None:
    async with transaction(pool) as tx:
        shown = {
            name: await tx.fetchval(f"SHOW {name}")
            for name in (
                "application_name",
                "search_path",
                "timezone",
                "idle_in_transaction_session_timeout",
                "statement_timeout",
            )
        }
    assert shown == {
        "application_name": "mailer@test",
        "search_path": "mailer",
        "timezone": "UTC",
        "idle_in_transaction_session_timeout": "65s",
        "statement_timeout": "11s",
    }


async def test_leaving_commits_and_an_exception_undoes_everything(
    pool: Pool, database: Database
) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("CREATE TABLE mailer.t (a int); GRANT ALL ON mailer.t TO impex_mailer")
    await owner.close()
    async with transaction(pool) as tx:
        await tx.execute("INSERT INTO t VALUES (1)")

    async def changes_its_mind() -> None:
        async with transaction(pool) as tx:
            await tx.execute("INSERT INTO t VALUES (2)")
            raise LookupError

    with pytest.raises(LookupError):
        await changes_its_mind()
    async with transaction(pool) as tx:
        assert await tx.fetchval("SELECT array_agg(a) FROM t") == [1]


async def test_errors_of_statements_pass_as_they_are(pool: Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with transaction(pool) as tx:
            await tx.execute("SELECT * FROM nothing")
    with pytest.raises(asyncpg.InterfaceError), database_errors():
        raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")


@pytest.mark.parametrize("error", ["disk_full", "out_of_memory", "io_error", "25006"])
async def test_a_server_that_cannot_serve_anybody_is_unavailable(pool: Pool, error: str) -> None:
    """A full disk, a broken file, a standby (25006): an outage, not a handler's bug."""
    with pytest.raises(DependencyDown, match="no more"):
        async with transaction(pool) as tx:
            await tx.execute(
                f"DO $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = '{error}'; END $$"
            )


async def test_a_session_cut_in_a_transaction_is_a_dependency_down(
    pool: Pool, database: Database
) -> None:
    administrator = await asyncpg.connect(database.admin_url)

    async def is_cut() -> None:
        async with transaction(pool) as tx:
            process = await tx.fetchval("SELECT pg_backend_pid()")
            await administrator.execute("SELECT pg_terminate_backend($1)", process)
            await tx.execute("SELECT 1")

    with pytest.raises(DependencyDown) as caught:
        await is_cut()
    await administrator.close()
    assert caught.value.name == "database"
    await ping(pool)


async def test_a_pool_without_a_free_connection_times_out(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.pool.ACQUIRE_SECONDS", 0.2)
    async with transaction(pool), transaction(pool):
        with pytest.raises(DependencyDown, match="no answer in time"):
            await ping(pool)
    await ping(pool)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://x:hidden@127.0.0.1:1/impex",
        "postgresql://x:hidden@nowhere.invalid/impex",
    ],
)
async def test_a_server_that_is_not_there_is_tried_for_the_given_time(url: str) -> None:
    start = time.monotonic()
    with pytest.raises(DependencyDown) as caught:
        await open_pool(url, "mailer", "test", 2, wait=1)
    assert 1 <= time.monotonic() - start < 30
    assert "hidden" not in str(caught.value)


async def test_a_wrong_password_is_reported_without_the_password(database: Database) -> None:
    url = database.url("mailer").replace("impex_mailer:", "impex_mailer:hidden")
    with pytest.raises(DependencyDown, match="password authentication failed") as caught:
        await open_pool(url, "mailer", "test", 2)
    assert "hidden" not in str(caught.value)


@pytest.mark.faults
async def test_a_silent_server_is_unavailable_and_a_slow_statement_is_an_error(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.pool.COMMAND_SECONDS", 0.5)
    monkeypatch.setattr("shared.database.pool.CONNECT_SECONDS", 1)
    pool = await open_pool(database.url("mailer"), "mailer", "test", 2)

    async def slow() -> None:
        async with transaction(pool) as tx:
            await tx.execute("SELECT pg_sleep(5)")

    async def silent() -> None:
        async with transaction(pool) as tx:
            frozen.append(await tx.fetchval("SELECT pg_backend_pid()"))
            os.kill(frozen[0], signal.SIGSTOP)
            await tx.execute("SELECT 1")

    frozen: list[int] = []
    with pytest.raises(TimeoutError):
        await slow()
    try:
        with pytest.raises(DependencyDown):
            await silent()
    finally:
        for process in frozen:
            os.kill(process, signal.SIGCONT)
    await ping(pool)
    await pool.close()


@pytest.fixture
def private(servers: ServerUrls) -> Iterator[Postgres]:
    """A dedicated PostgreSQL, because it is stopped."""
    # Not below pytest's own folder: every run closes that one to the database's user.
    folder = servers.folder / f"private-{secrets.token_hex(4)}"
    server = Postgres(folder, secrets.token_hex(8), durable=False)
    server.start()
    server.wait()
    yield server
    server.stop()


@pytest.mark.faults
async def test_the_pool_recovers_by_itself_after_a_restart_of_the_server(
    private: Postgres,
) -> None:
    pool = await open_pool(private.url(), "public", "test", 4)

    async def use() -> None:
        async with transaction(pool) as tx:
            await tx.execute("SELECT pg_sleep(0.05)")

    async def works() -> bool:
        try:
            await asyncio.gather(*(use() for _ in range(4)))
        except DependencyDown:
            return False
        return True

    assert await works()
    for end in (private.stop, private.kill):
        end()
        with pytest.raises(DependencyDown):
            await use()
        with pytest.raises(DependencyDown):
            await ping(pool)
        private.start()
        private.wait()
        await eventually(works, why="the pool to find the server again")
    await pool.close()


@pytest.mark.faults
async def test_a_server_that_starts_late_is_waited_for(private: Postgres) -> None:
    private.stop()
    opening = asyncio.create_task(open_pool(private.url(), "public", "test", 2, wait=30))
    private.start()
    pool = await opening
    await ping(pool)
    await pool.close()


@pytest.mark.faults
@pytest.mark.parametrize("connected", [True, False], ids=["connected", "connecting"])
async def test_b_08_a_person_waits_for_a_silent_server_once_and_not_long(
    private: Postgres, connected: bool
) -> None:
    """Work in the background waits as long as before, and succeeds once the server answers."""
    pool = await open_pool(private.url(), "public", "test", 4)
    async with acquire(pool), acquire(pool):
        pass  # two sessions: one for the person, one for the background
    if not connected:
        await pool.expire_connections()

    async def look_twice() -> tuple[float, float]:
        limit_waits(0.5)
        began = time.monotonic()
        for look in (_read, _write):
            with pytest.raises(DependencyDown, match="no answer in time"):
                await look(pool)
            if look is _read:
                first = time.monotonic()
        return first - began, time.monotonic() - first

    with frozen(private.child):
        waiting = asyncio.create_task(_write(pool))
        # A task of its own, as the context of a request.
        first, again = await asyncio.create_task(look_twice())
    assert 0.4 < first < 0.5 + PING_TIMEOUT_SECONDS + 1
    assert again < 0.2
    await waiting
    await pool.close()


@pytest.mark.faults
async def test_b_08_a_server_that_falls_silent_within_a_transaction_is_waited_for_once(
    private: Postgres,
) -> None:
    """Undoing it is not waited for as long again; another session is opened afterwards."""
    pool = await open_pool(private.url(), "public", "test", 1)

    frozen_since = 0.0

    async def write() -> None:
        nonlocal frozen_since
        limit_waits(STATEMENT_SECONDS)
        async with transaction(pool) as tx:
            await tx.execute("CREATE TABLE halves (a int)")
            until_told.enter_context(frozen(private.child))
            frozen_since = time.monotonic()
            await tx.execute("INSERT INTO halves VALUES (1)")

    with ExitStack() as until_told:
        with pytest.raises(DependencyDown, match="no answer in time"):
            await asyncio.create_task(write())
        took = time.monotonic() - frozen_since
    assert took < STATEMENT_SECONDS + PING_TIMEOUT_SECONDS + 0.5
    async with acquire(pool) as connection:
        assert await connection.fetchval("SELECT to_regclass('halves')") is None
    await pool.close()


async def test_a_slow_statement_of_a_person_is_an_error_of_its_own(pool: Pool) -> None:
    """The server answers: the next statement is asked for."""

    async def ask() -> None:
        limit_waits(0.2)
        with pytest.raises(TimeoutError):
            await _read(pool, "SELECT pg_sleep(5)")
        await _read(pool)

    await asyncio.create_task(ask())
    await _read(pool, "SELECT pg_sleep(0.4)")


async def _read(pool: Pool, sql: str = "SELECT 1") -> None:
    async with acquire(pool) as connection:
        await connection.fetchrow(sql)


async def _write(pool: Pool) -> None:
    async with transaction(pool) as tx:
        await tx.execute("SELECT 1")
