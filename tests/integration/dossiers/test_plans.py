"""How the database answers a list among many accounts' dossiers: by the index, row by row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from services.dossiers import store
from services.dossiers.lists import Choice, Place, choose
from shared.contracts.dossiers import SORTS, TABS, ListDossiers
from shared.database import transaction
from tests.support.harness.dossier_events import MINE, THEIRS
from tests.support.harness.dossiers import DossiersHarness
from tests.support.servers.shared_servers import Database

ACCOUNTS, EACH = 30, 1_000
#: The rows of one account once more for ours and for many others, all mixed.
CROWD = """
INSERT INTO dossiers (
    dossier_id, version, account_id, kind, status, processed, number_version, number, number_folded,
    contents_version, establishment, medicine, dosage, pharmaceutical_form, contents_folded,
    filed_on, decision_version, decided_on)
SELECT dossier_id || '-' || whose, version, whose, kind, status, processed,
    number_version, number, number_folded, contents_version, establishment, medicine, dosage,
    pharmaceutical_form, contents_folded, filed_on, decision_version, decided_on
FROM dossiers, (
    SELECT $1::text::uuid AS whose
    UNION ALL SELECT gen_random_uuid() FROM generate_series(1, $2::int)) AS everybody
ORDER BY random()
"""


class Explaining:
    """A transaction that explains each statement instead of carrying it out."""

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
    """A plan and all that is under it."""
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


def chosen(**more: Any) -> Choice:
    return choose(ListDossiers(**{"account_id": MINE, "tab": TABS[2]} | more))


Question = Callable[[Any], Any]
QUESTIONS: dict[str, Question] = {
    "counts": lambda tx: store.tally(tx, MINE),
    "search": lambda tx: store.count(tx, MINE, chosen(search="par%")),
    "filters": lambda tx: store.rows(tx, MINE, chosen(kind="AI", status="filed"), limit=20),
    "first page": lambda tx: store.rows(tx, MINE, chosen(), limit=20),
    "last page": lambda tx: store.rows(tx, MINE, chosen(), limit=20, skipped=EACH - 20),
    "going on": lambda tx: store.rows(
        tx, MINE, chosen(), limit=500, after=Place("2026-01-15", "d50")
    ),
    **{
        f"by {sort}": lambda tx, sort=sort: store.rows(tx, MINE, chosen(sort=sort), limit=20)
        for sort in SORTS
    },
}


@pytest.fixture
async def crowded(harness: DossiersHarness, tables: Database) -> DossiersHarness:
    """Dossiers of many accounts, and of ours among them; the database knows how many."""
    await harness.fill(THEIRS, EACH)
    await harness.fetch(CROWD, MINE, ACCOUNTS)
    owner = await asyncpg.connect(tables.owner_url)
    await owner.execute("ANALYZE dossiers.dossiers")
    await owner.close()
    return harness


async def test_no_question_reads_the_dossiers_of_others(crowded: DossiersHarness) -> None:
    """Every node that reads the table does so by the account's part of the index."""
    async with transaction(crowded.pool) as tx:
        for name, question in QUESTIONS.items():
            explaining = Explaining(tx)
            await question(explaining)
            (plan,) = explaining.plans
            reading = [node for node in nodes(plan) if "Scan" in node["Node Type"]]
            assert reading, name
            for node in reading:
                assert node["Node Type"] != "Seq Scan", (name, node)
                by = f"{node.get('Index Cond', '')}{node.get('Recheck Cond', '')}"
                assert "account_id" in by, (name, node)
            kinds = {node["Node Type"] for node in nodes(plan)}
            if name == "first page":
                assert "Sort" not in kinds, (name, "the usual order is that of the index")
