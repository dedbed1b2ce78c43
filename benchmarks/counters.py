"""What work takes besides time: SQL statements, transactions, messages, bytes of logs.

PostgreSQL and RabbitMQ count for themselves. Statements are those of one database, BEGIN and COMMIT
among them, since each is a round trip; a transaction is written where it was given a number, which
only one that changes something is. What services do of themselves meanwhile is counted too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import asyncpg

from benchmarks.environment import Environment
from operations.provision.provisioning import DATABASE

#: The broker adds up its figures every five seconds.
BROKER_SECONDS = 6
STATEMENTS = """
select coalesce(sum(calls), 0)::bigint as statements,
    coalesce(sum(calls) filter (where query ~* '^\\s*(begin|start transaction)'), 0)::bigint
        as begun,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as written
from pg_stat_statements join pg_database on pg_database.oid = dbid
where datname = $1
"""
#: What is counted, as the table names it.
STATEMENTS_SENT, BEGUN, WRITTEN = "SQL statements", "transactions begun", "transactions written"
MESSAGES, LOGGED = "messages published", "bytes of logs"
#: The statements of the baseline's transaction: BEGIN, two rows, COMMIT.
OF_TRANSACTION = 4


async def database_counts(environment: Environment, database: str) -> dict[str, int]:
    """The database's counts until now."""
    connection = await asyncpg.connect(environment.postgres.url())
    try:
        await connection.execute("create extension if not exists pg_stat_statements")
        row = await connection.fetchrow(STATEMENTS, database)
        assert row is not None
        return {STATEMENTS_SENT: row[0], BEGUN: row[1], WRITTEN: row[2]}
    finally:
        await connection.close()


def bare_parts(counts: Mapping[str, float]) -> dict[str, int]:
    """The baselines that send as many statements: those transactions that write, the others as rows
    read."""
    written = round(counts[WRITTEN])
    read = round(counts[STATEMENTS_SENT]) - OF_TRANSACTION * written
    return {"asking": written, "reading": max(0, read)}


async def count(
    environment: Environment, work: Callable[[], Awaitable[object]], pieces: int
) -> dict[str, float]:
    """What each of `pieces` of our work takes."""
    await environment.settle()
    await asyncio.sleep(BROKER_SECONDS)
    before = await _now(environment)
    await work()
    await environment.settle()
    database = await database_counts(environment, DATABASE)
    await asyncio.sleep(BROKER_SECONDS)
    after = {**await _now(environment), **database}
    return {name: (after[name] - before[name]) / pieces for name in after}


async def _now(environment: Environment) -> dict[str, int]:
    logs = [environment.folder / f"{name}.log" for name in environment.children]
    return {
        **await database_counts(environment, DATABASE),
        MESSAGES: await asyncio.to_thread(_published, environment),
        LOGGED: sum(log.stat().st_size for log in logs),
    }


def _published(environment: Environment) -> int:
    with environment.admin() as admin:
        return int(admin.call("GET", "overview")["message_stats"]["publish"])
