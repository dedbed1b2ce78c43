"""No statement of a service reads a large table from end to end.

Every statement that stands in the code is planned in a database filled as a large one, by a
generator's modest amounts; what functions put together is in `composed_statements.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio

from benchmarks.installation import Installation, Sizes, fill_installation
from operations import service_registry
from shared.database import Connection
from tests.integration.plans.composed_statements import FRAGMENTS, composed
from tests.support.large_tables import LargeTables
from tests.support.servers.services import services
from tests.support.servers.shared_servers import Database, TestServers
from tests.support.statements import Statement, statements_of

SIZES = Sizes(accounts=2_000, mails=10_000, dossiers=20_000, events=20_000)
DESK = "services.gateway.desk."
#: Tables that are filled for others' sake and stay small.
SMALL = ("support.agents", "push.receivers")
#: What every schema has.
SHARED = ("shared.outbox", "shared.messaging")
#: Statements that read all of a table, and why they may.
READS_ALL = {
    "services.gateway.sessions.sessions.DELETE_EXPIRED": "the open sessions, once a minute",
    "services.gateway.sessions.sessions.DELETE_ALL_REVOKED": "ends the sessions of everybody",
    "services.registration.account_store.NEWEST": "the try-out's demonstration only",
    "services.registration.dormancy_store.FIND_UNWARNED": "once an hour, where it is switched on",
    "services.registration.dormancy_store.LIST": "accounts warned within a year, for the desk",
    "services.registration.dormancy_store.COUNT": "accounts warned within a year, for the desk",
    "services.registration.handlers.data_export.CATEGORIES#11": "a week of used links",
    "services.registration.handlers.data_export.LIMITS": "a day's counters, for one's own export",
    "services.support.lost_phone_store.TOLD_BY_AGENT": "when an agent is suspended or removed",
    "services.support.proposal_store.PARTS_OF_AGENTS": "the desk's acts, for the page of the team",
}


@pytest.fixture(scope="module")
def filled(test_servers: TestServers) -> Iterator[Database]:
    """A database of all services, filled, with statistics."""
    database = test_servers.migrated(services())
    asyncio.run(fill_installation(database.admin_url, SIZES))
    yield database
    test_servers.drop(database)


@pytest_asyncio.fixture
async def connection(filled: Database) -> AsyncIterator[Connection]:
    """A session of the administrator, who sees every schema."""
    made = await asyncpg.connect(filled.admin_url)
    yield made
    await made.close()


async def large_tables(connection: Connection) -> LargeTables:
    names = {table.name for table in Installation(SIZES, datetime.now(UTC)).tables()}
    return await LargeTables.of(connection, names - set(SMALL))


def statements(service: str) -> Iterator[Statement]:
    """Those of a service's own code, and those of the tables that every schema has."""
    package = service_registry.package(service)
    for one in statements_of(package):
        # The desk lies in the gateway's folder.
        if service == "desk" or not one.name.startswith(DESK):
            yield one
    for shared in SHARED:
        yield from statements_of(shared)


async def readers(connection: Connection, service: str) -> dict[str, str]:
    """By name of the statement: the tables that it reads from end to end."""
    large = await large_tables(connection)
    await connection.execute(f"SET search_path = {service}, public")
    found = {}
    for one in [*statements(service), *await composed(service)]:
        if one.name in FRAGMENTS or one.name in READS_ALL:
            continue
        assert one.text is not None, f"{one.name} is put together: add it to composed_statements.py"
        try:
            tables = await large.read_by(connection, one.text)
        except asyncpg.PostgresError as error:
            pytest.fail(f"{one.name} is no whole statement ({error}): see composed_statements.py")
        if tables:
            found[one.name] = ", ".join(sorted(tables))
    return found


@pytest.mark.parametrize("service", service_registry.service_names())
async def test_no_statement_reads_a_large_table_from_end_to_end(
    connection: Connection, service: str
) -> None:
    assert await readers(connection, service) == {}


@pytest.mark.parametrize(
    ("service", "index", "statement"),
    [
        ("gateway", "sessions_account_id", "services.gateway.sessions.sessions.DELETE_SURPLUS"),
        ("mailer", "deliveries_unaccepted", "services.mailer.operator_mails._COUNTED"),
        (
            "registration",
            "requests_account_id",
            "services.registration.account_request_store.DELETE_OF_ACCOUNT",
        ),
        ("support", "journal_entries_account", "services.support.journal_query_store.TIMELINE"),
    ],
)
async def test_without_its_index_a_statement_is_named(
    connection: Connection, service: str, index: str, statement: str
) -> None:
    """The check itself: a lost index is found, with the statement that needs it."""
    async with connection.transaction():
        await connection.execute(f"DROP INDEX {service}.{index}")
        found = await readers(connection, service)
        await connection.execute("ROLLBACK")
    assert statement in found


async def test_every_exception_is_a_statement(connection: Connection) -> None:
    known = {one.name for name in service_registry.service_names() for one in statements(name)}
    assert {*READS_ALL, *FRAGMENTS} <= known


#: By references: what is deleted leads to the rows that refer to it, one by one.
NOT_INDEXED = """
SELECT format('%s (%s)', conrelid::regclass, conname) AS name
FROM pg_constraint AS reference
WHERE contype = 'f' AND confrelid::regclass::text <> ALL($1) AND NOT EXISTS (
    SELECT FROM pg_index
    WHERE indrelid = conrelid AND indpred IS NULL AND indkey[0] = conkey[1])
"""
NEVER_DELETED = ("registration.accounts", "support.agents")


async def test_what_refers_to_a_deleted_row_is_found_by_an_index(connection: Connection) -> None:
    assert await connection.fetch(NOT_INDEXED, NEVER_DELETED) == []
