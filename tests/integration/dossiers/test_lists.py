"""Lists: tabs, search, filters, order, pages, downloads (G-42)."""

from datetime import timedelta
from typing import Any

import pytest

from services.dossiers.list_query import DATE_COLUMNS
from shared.contracts.dossiers import (
    MAX_ROWS,
    SORTS,
    TABS,
    DossierRow,
    ListDossiers,
    ReadDossiers,
)
from tests.support.harness.dossier_events import (
    ACCOUNT,
    OTHER_ACCOUNT,
    START,
    changed,
    decided,
    filed,
    saved,
    withdrawn,
)
from tests.support.harness.dossiers import DossiersHarness


def ids(rows: tuple[DossierRow, ...]) -> list[str]:
    return [row.dossier_id for row in rows]


async def download(harness: DossiersHarness, **changes: Any) -> list[str]:
    """All rows, one reply after the other, as for the CSV file."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        view = await harness.ask(ReadDossiers(**{"account_id": ACCOUNT} | changes, after=after))
        found += ids(view.rows)
        after = view.after
    return found


async def test_g_41_four_tabs_with_their_counts(harness: DossiersHarness) -> None:
    for number, kind in enumerate(("AI", "DEI", "DEC")):
        await harness.deliver(saved(f"{kind}-draft", kind=kind))
        await harness.deliver(filed(f"{kind}-filed", kind=kind))
        for index in range(number + 1):
            await harness.deliver(decided(f"{kind}-decided-{index}", kind=kind))
        await harness.deliver(withdrawn(f"{kind}-withdrawn", kind=kind))
    view = await harness.list(TABS[0])
    assert view.counts == (4, 7, 2, 2)
    assert view.statuses == ("draft", "filed")
    assert (view.total, view.page, view.pages) == (4, 1, 1)
    assert {row.kind for row in view.rows} == {"DEI", "DEC"}
    assert sorted(ids((await harness.list(TABS[3])).rows)) == ["AI-decided-0", "AI-withdrawn"]


async def test_an_account_without_dossiers_has_empty_tabs(harness: DossiersHarness) -> None:
    for tab in TABS:
        view = await harness.list(tab, page=7)
        assert (view.rows, view.page, view.pages, view.total) == ((), 1, 1, 0)
        assert (view.counts, view.statuses) == ((0, 0, 0, 0), ())
    assert await download(harness) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("PARACETAMOL", ["a"]),
        ("paracétamol", ["a"]),
        ("para marche", ["a"]),
        ("coeur", ["b"]),
        ("cœur d'été", ["b"]),
        ("injectable", ["b"]),
        ("26-b", ["b"]),
        ("500 MG", ["a"]),
        ("%", ["c"]),
        ("_", ["c"]),
        ("\\", ["c"]),
        ("'--", ["c"]),
        ("'; DROP TABLE dossiers; --", []),
        ("marche para 26-b", []),
        ("granted", []),
        ("du\nmarché", ["a"]),
        ("  ", ["a", "b", "c"]),
    ],
)
async def test_search_is_without_case_accents_and_wildcards(
    harness: DossiersHarness, search: str, found: list[str]
) -> None:
    """IN-04: words are searched literally; each one must occur in some column."""
    await harness.deliver(filed("a", medicine="Paracétamol"))
    changes = {"establishment": "Clinique du Cœur d’Été", "medicine": "Œstril", "dosage": "2 mg/mL"}
    await harness.deliver(filed("b", pharmaceutical_form="solution injectable", **changes))
    await harness.deliver(
        filed("c", number="100%", medicine="A_B\\C'--", establishment="x", dosage="")
    )
    await harness.deliver(filed("d", medicine="Paracétamol % _ \\"), OTHER_ACCOUNT)
    view = await harness.list(search=search, sort="number", descending=False)
    assert sorted(ids(view.rows)) == found
    assert (view.total, view.counts[2]) == (len(found), 3)
    assert sorted(await download(harness, search=search)) == found


async def test_filters_by_kind_and_status(harness: DossiersHarness) -> None:
    await harness.deliver(filed("a", kind="DEI"))
    await harness.deliver(filed("b", kind="DEC"))
    await harness.deliver(changed("c", kind="DEC", status="Chez l'expert"))
    first = TABS[0]
    assert ids((await harness.list(first, kind="DEI")).rows) == ["a"]
    assert ids((await harness.list(first, kind="DEC", status="filed")).rows) == ["b"]
    view = await harness.list(first, status="Chez l'expert")
    assert (ids(view.rows), view.total) == (["c"], 1)
    assert view.statuses == ("filed", "Chez l'expert"), "all statuses of the tab"
    assert (await harness.list(first, status="' OR 1=1 --")).total == 0
    assert await download(harness, kind="DEC", sort="status", descending=False) == ["b", "c"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("number", ["a", "c", "b", "d"]),
        ("filed_on", ["b", "c", "d", "a"]),
        ("status", ["a", "c", "d", "b"]),
        ("establishment", ["b", "a", "c", "d"]),
        ("medicine", ["d", "c", "b", "a"]),
        ("dosage", ["c", "b", "a", "d"]),
        ("pharmaceutical_form", ["a", "b", "c", "d"]),
        ("kind", ["d", "a", "b", "c"]),
        ("decided_on", ["a", "b", "c", "d"]),
    ],
)
async def test_rows_are_sorted_naturally(
    harness: DossiersHarness, sort: str, order: list[str]
) -> None:
    """Numbers by value, accents and case last, statuses by life cycle; ties by id."""
    day = START + timedelta(days=1)
    rows = {
        "a": {"number": "9", "establishment": "École", "medicine": "Zen", "dosage": "1000 mg"},
        "b": {"number": "100", "establishment": "eau", "medicine": "yak", "dosage": "500 mg"},
        "c": {"number": "10", "establishment": "ecole B", "medicine": "Été", "dosage": "5 mg"},
        "d": {"number": "B", "establishment": "Élan", "medicine": "etc", "dosage": "x"},
    }
    rows["d"] |= {"establishment": "zoo"}
    for dossier_id, changes in rows.items():
        kind = "DEC" if dossier_id == "d" else "DEI"
        if dossier_id == "a":
            await harness.deliver(saved("a", kind=kind, **changes))
        else:
            moment = START if dossier_id == "b" else day
            await harness.deliver(filed(dossier_id, kind=kind, filed_at=moment, **changes))
    await harness.deliver(changed("b", kind="DEI", number="100"))
    view = await harness.list(TABS[0], sort=sort, descending=False)
    assert ids(view.rows) == order
    view = await harness.list(TABS[0], sort=sort, descending=True)
    assert ids(view.rows) == order[::-1]
    assert await download(harness, sort=sort, descending=False) == order
    assert await download(harness, sort=sort) == order[::-1]


async def test_drafts_come_first_in_the_default_order(harness: DossiersHarness) -> None:
    await harness.deliver(filed("old", filed_at=START - timedelta(days=9)))
    await harness.deliver(filed("new"))
    await harness.deliver(saved("draft"))
    assert ids((await harness.list()).rows) == ["draft", "new", "old"]


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_have_every_row_once(harness: DossiersHarness, sort: str) -> None:
    """Also rows with the same sort key."""
    for number in range(23):
        await harness.deliver(filed(f"d{number:02}", number="", dosage=str(number % 3)))
    for descending in (False, True):
        query = {"sort": sort, "descending": descending, "size": 10}
        pages = [await harness.list(page=page, **query) for page in (1, 2, 3)]
        shown = [dossier for view in pages for dossier in ids(view.rows)]
        assert sorted(shown) == [f"d{number:02}" for number in range(23)]
        assert [(view.page, view.pages, view.total) for view in pages] == [
            (1, 3, 23), (2, 3, 23), (3, 3, 23),
        ]  # fmt: skip
        beyond = await harness.list(page=10**9, **query)
        assert (beyond.page, ids(beyond.rows)) == (3, ids(pages[2].rows))
        assert await download(harness, sort=sort, descending=descending) == shown


async def test_a_download_continues_after_the_cursor(harness: DossiersHarness) -> None:
    """More rows than one reply has; deletions in between affect no other row."""
    rows = MAX_ROWS + 20
    await harness.fill(ACCOUNT, rows)
    await harness.fill(OTHER_ACCOUNT, 30)
    assert len(set(await download(harness))) == rows
    first = await harness.ask(ReadDossiers(account_id=ACCOUNT, tab="", sort="number"))
    assert len(first.rows) == MAX_ROWS
    await harness.fetch("DELETE FROM dossiers WHERE dossier_id = $1", first.rows[-1].dossier_id)
    await harness.fetch("DELETE FROM dossiers WHERE dossier_id = $1", first.rows[0].dossier_id)
    rest = await harness.ask(ReadDossiers(account_id=ACCOUNT, sort="number", after=first.after))
    assert rest.after is None
    assert len({*ids(first.rows), *ids(rest.rows)}) == rows
    assert len(rest.rows) == 20


async def test_in_04_invalid_parameters_are_refused(harness: DossiersHarness) -> None:
    for request, field in (
        (ListDossiers(account_id=ACCOUNT, tab="mine"), "tab"),
        (ListDossiers(account_id=ACCOUNT, tab=TABS[0], sort="1; DROP TABLE dossiers"), "sort"),
        (ReadDossiers(account_id=ACCOUNT, after="nonsense"), "after"),
    ):
        refusal = await harness.refusal(request)
        assert (refusal.slug, refusal.params) == ("unknown_choice", {"field": field})


@pytest.mark.parametrize("descending", [False, True])
async def test_a_download_continues_among_rows_without_a_date(
    harness: DossiersHarness, descending: bool
) -> None:
    rows = MAX_ROWS + 20
    await harness.fill(ACCOUNT, rows)
    for sort in DATE_COLUMNS:
        await harness.fetch(f"UPDATE dossiers SET {sort} = 'infinity'")
        shown: list[str] = []
        after: str | None = ""
        while after is not None and len(shown) <= rows:
            view = await harness.ask(
                ReadDossiers(account_id=ACCOUNT, sort=sort, descending=descending, after=after)
            )
            shown += ids(view.rows)
            after = view.after
        assert len(shown) == len(set(shown)) == rows
