"""Statements made from a row's columns: inserted once, replaced by key, updated by key."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.database import Connection
from shared.database.rows import insert, update, upsert
from tests.support.servers.shared_servers import Database


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[Connection]:
    """A connection with a table of its own, whose key is two columns."""
    connection = await asyncpg.connect(
        database.owner_url, server_settings={"search_path": "mailer"}
    )
    await connection.execute("CREATE TABLE t (a int, b int, c text, d text, PRIMARY KEY (a, b))")
    yield connection
    await connection.close()


async def rows(tx: Connection) -> list[tuple[int, int, str]]:
    return [tuple(row) for row in await tx.fetch("SELECT a, b, c FROM t ORDER BY a, b")]


async def test_a_conflict_that_does_nothing_is_reported(tx: Connection) -> None:
    nothing = "ON CONFLICT (a, b) DO NOTHING"
    assert await insert(tx, "t", {"a": 1, "b": 1, "c": "x"}, nothing)
    assert not await insert(tx, "t", {"a": 1, "b": 1, "c": "y"}, nothing)
    with pytest.raises(asyncpg.UniqueViolationError):
        await insert(tx, "t", {"c": "z", "b": 1, "a": 1})
    assert await rows(tx) == [(1, 1, "x")]


async def test_a_row_is_replaced_by_its_whole_key(tx: Connection) -> None:
    for b, c in ((1, "x"), (2, "y"), (1, "z")):
        await upsert(tx, "t", {"c": c, "a": 1, "b": b}, "a, b")
    assert await rows(tx) == [(1, 1, "z"), (1, 2, "y")]


async def test_columns_that_are_kept_are_those_of_the_first_row(tx: Connection) -> None:
    for c, d in (("x", "first"), ("y", "second")):
        await upsert(tx, "t", {"a": 1, "b": 1, "c": c, "d": d}, "a, b", kept="d")
    assert await rows(tx) == [(1, 1, "y")]
    assert await tx.fetchval("SELECT d FROM t") == "first"


async def test_an_update_sets_the_named_columns_of_one_row(tx: Connection) -> None:
    for a in (1, 2):
        await insert(tx, "t", {"a": a, "b": a, "c": "x"})
    assert await update(tx, "t", {"c": "'; DROP TABLE t", "a": 2, "b": 5}, "a")
    assert not await update(tx, "t", {"a": 3, "c": "y"}, "a")
    assert await rows(tx) == [(1, 1, "x"), (2, 5, "'; DROP TABLE t")]
