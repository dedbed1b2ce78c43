"""Query plans among the dossiers of many accounts: the index leads to one account."""

import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest_asyncio

from services.dossiers import store
from services.dossiers.list_query import Cursor, ListQuery, parse_query
from shared.contracts.dossiers import SORTS, TABS, ListDossiers
from shared.database import transaction
from tests.support.harness.dossier_events import ACCOUNT, OTHER_ACCOUNT
from tests.support.harness.dossiers import DossiersHarness
from tests.support.servers.shared_servers import Database

ACCOUNTS, EACH = 30, 1_000
#: Copies the rows of one account to ours and to many others, in random order.
OTHER_ACCOUNTS_ROWS = """
INSERT INTO dossiers (
    dossier_id, version, account_id, kind, status, processed, number_version, number, number_folded,
    contents_version, establishment, medicine, dosage, pharmaceutical_form, contents_folded,
    filed_on, decision_version, decided_on)
SELECT dossier_id || '-' || account, version, account, kind, status, processed,
    number_version, number, number_folded, contents_version, establishment, medicine, dosage,
    pharmaceutical_form, contents_folded, filed_on, decision_version, decided_on
FROM dossiers, (
    SELECT $1::text::uuid AS account
    UNION ALL SELECT gen_random_uuid() FROM generate_series(1, $2::int)) AS accounts
ORDER BY random()
"""


class ExplainingConnection:
    """Explains each statement instead of executing it."""

    def __init__(self, tx: Any) -> None:
        self._tx = tx
        self.plans: list[dict[str, Any]] = []

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        found = await self._tx.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values)
        self.plans.append(json.loads(found)[0]["Plan"])
        return []

    async def fetchval(self, sql: str, *values: Any) -> int:
        await self.fetch(sql, *values)
        return 0


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """A plan node and all nodes below."""
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


def query_of(**changes: Any) -> ListQuery:
    return parse_query(ListDossiers(**{"account_id": ACCOUNT, "tab": TABS[2]} | changes))


Query = Callable[[Any], Any]
QUERIES: dict[str, Query] = {
    "counts": lambda tx: store.count_by_status(tx, ACCOUNT),
    "search": lambda tx: store.count(tx, ACCOUNT, query_of(search="par%")),
    "filters": lambda tx: store.read_rows(
        tx, ACCOUNT, query_of(kind="AI", status="filed"), limit=20
    ),
    "first page": lambda tx: store.read_rows(tx, ACCOUNT, query_of(), limit=20),
    "last page": lambda tx: store.read_rows(tx, ACCOUNT, query_of(), limit=20, offset=EACH - 20),
    "after a cursor": lambda tx: store.read_rows(
        tx, ACCOUNT, query_of(), limit=500, after=Cursor("2026-01-15", "d50")
    ),
    **{
        f"by {sort}": lambda tx, sort=sort: store.read_rows(
            tx, ACCOUNT, query_of(sort=sort), limit=20
        )
        for sort in SORTS
    },
}


@pytest_asyncio.fixture(loop_scope="package")
async def many_accounts(harness: DossiersHarness, tables: Database) -> DossiersHarness:
    """Dossiers of many accounts, ours among them, with fresh statistics."""
    await harness.fill(OTHER_ACCOUNT, EACH)
    await harness.fetch(OTHER_ACCOUNTS_ROWS, ACCOUNT, ACCOUNTS)
    owner = await asyncpg.connect(tables.owner_url)
    await owner.execute("ANALYZE dossiers.dossiers")
    await owner.close()
    return harness


async def test_no_query_reads_the_dossiers_of_others(many_accounts: DossiersHarness) -> None:
    """Every node that reads the table uses the index with a condition on the account."""
    async with transaction(many_accounts.pool) as tx:
        for name, query in QUERIES.items():
            explaining = ExplainingConnection(tx)
            await query(explaining)
            (plan,) = explaining.plans
            reading = [node for node in nodes(plan) if "Scan" in node["Node Type"]]
            assert reading, name
            for node in reading:
                assert node["Node Type"] != "Seq Scan", (name, node)
                by = f"{node.get('Index Cond', '')}{node.get('Recheck Cond', '')}"
                assert "account_id" in by, (name, node)
            kinds = {node["Node Type"] for node in nodes(plan)}
            if name == "first page":
                assert "Sort" not in kinds, (name, "the default order is that of the index")
