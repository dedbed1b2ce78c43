"""The desk's search by the number of a dossier, and an account's latest dossiers (B-05)."""

from typing import Any

from services.dossiers import account_search_store
from shared.contracts.account_search import FoundAccountsView
from shared.contracts.dossiers_desk import DescribeLatestDossiers, SearchAccounts
from tests.support.harness.dossier_events import ACCOUNT, OTHER_ACCOUNT, filed, saved
from tests.support.harness.dossiers import DossiersHarness
from tests.support.plans import CountingConnection
from tests.support.search_table import NUMBERS


async def test_b_05_numbers_are_found_whatever_parts_their_groups(
    harness: DossiersHarness,
) -> None:
    await harness.deliver(filed("d-77", number="AI-2026-000123"))
    await harness.deliver(filed("d-78", number="DEI-2026-000124"), OTHER_ACCOUNT)
    for number, typed, expected in NUMBERS:
        view: FoundAccountsView = await harness.ask(SearchAccounts(number=typed))
        found = [one.account_id for one in view.found]
        assert found == ([ACCOUNT] if expected else []), (number, typed)


async def test_b_05_an_account_is_found_once_and_exact_ones_first(harness: DossiersHarness) -> None:
    for number in range(3):
        await harness.deliver(filed(f"a{number}", number=f"26-10{number}"))
    await harness.deliver(filed("b", number="26-10"), OTHER_ACCOUNT)
    view: FoundAccountsView = await harness.ask(SearchAccounts(number="26-10"))
    assert [(one.account_id, one.exact) for one in view.found] == [
        (OTHER_ACCOUNT, True),
        (ACCOUNT, False),
    ]


async def test_the_latest_dossiers_of_one_account_with_their_number(
    harness: DossiersHarness,
) -> None:
    await harness.fill(ACCOUNT, 12)
    await harness.deliver(saved("draft"))
    await harness.deliver(filed("theirs"), OTHER_ACCOUNT)
    view = await harness.ask(DescribeLatestDossiers(account_id=ACCOUNT))
    assert (len(view.rows), view.total) == (10, 13)
    assert view.rows[0].dossier_id == "draft", "what is not filed yet comes first"
    days: list[Any] = [row.filed_on for row in view.rows[1:]]
    assert days == sorted(days, reverse=True)
    assert (await harness.ask(DescribeLatestDossiers(account_id="no id"))).total == 0
    assert await harness.outcome(DescribeLatestDossiers(account_id=ACCOUNT, limit=0)) == (
        "unknown_choice"
    )


async def test_no_search_reads_every_dossier(harness: DossiersHarness) -> None:
    await harness.fill(ACCOUNT, 20_000)
    async with harness.pool.acquire() as connection:
        counting = CountingConnection(connection)
        for typed in ("nulle", "1234", "199"):
            await account_search_store.find_by_number(counting, typed, typed)  # type: ignore[arg-type]
    assert counting.read
    for sql, rows in counting.read:
        assert rows <= 3 * account_search_store.MAX_DOSSIERS, (sql, rows)
