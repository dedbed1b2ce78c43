"""Parameters of lists, normalized search text, pages and cursors (G-42, IN-04)."""

import base64
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.dossiers.list_query import (
    MAX_SEARCH_LENGTH,
    Cursor,
    InvalidParameter,
    ListQuery,
    StatusCounts,
    cursor_after,
    page_of,
    parse_cursor,
    parse_query,
    status_order,
)
from services.dossiers.search_text import normalize
from services.dossiers.store import SORT_KEYS
from shared.contracts.dossiers import SORTS, TABS, DossierRow, ListDossiers, ReadDossiers

ACCOUNT_ID = str(uuid4())


def listing(**changes: Any) -> ListDossiers:
    return ListDossiers(**{"account_id": ACCOUNT_ID, "tab": TABS[0]} | changes)


def reading(**changes: Any) -> ReadDossiers:
    return ReadDossiers(**{"account_id": ACCOUNT_ID} | changes)


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("Éléphant  BLANC", "elephant blanc"),
        ("Cœur d’Été", "coeur d'ete"),
        ("E\u0301te", "ete"),
        ("Straße", "strasse"),
        ("100\u00a0µg", "100 μg"),
        ("İstanbul", "istanbul"),
        ("", ""),
    ],
)
def test_search_text_is_normalized(text: str, normalized: str) -> None:
    assert normalize(text) == normalized
    assert normalize(normalize(text)) == normalize(text)


def test_the_words_of_a_search_are_normalized_without_repetition() -> None:
    assert parse_query(listing(search="  Pharmacie  DU Marché du ")).words == (
        "pharmacie",
        "du",
        "marche",
    )
    assert parse_query(listing(search="100% _x")).words == ("100%", "_x")
    assert len(parse_query(listing(search=" ".join(map(str, range(60))))).words) == 10


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tab": ""}, "tab"),
        ({"tab": "mine"}, "tab"),
        ({"sort": "account_id"}, "sort"),
        ({"sort": "filed_on; DROP TABLE dossiers"}, "sort"),
        ({"sort": ""}, "sort"),
        ({"kind": "AIP"}, "kind"),
        ({"size": 0}, "size"),
        ({"size": 101}, "size"),
        ({"page": 0}, "page"),
        ({"page": -1}, "page"),
        ({"search": "x" * (MAX_SEARCH_LENGTH + 1)}, "search"),
        ({"search": "a\0"}, "search"),
        ({"status": "\0"}, "status"),
    ],
)
def test_in_04_an_invalid_parameter_names_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        parse_query(listing(**wrong))
    assert refused.value.field == field


def test_in_04_every_sort_of_the_contract_has_a_sort_key() -> None:
    assert set(SORT_KEYS) == set(SORTS)
    for sort in SORTS:
        assert parse_query(listing(sort=sort)).sort == sort


def test_a_download_may_cover_all_tabs() -> None:
    assert parse_query(reading()).tab is None
    assert parse_query(reading(tab=TABS[3])).tab == 3
    with pytest.raises(InvalidParameter):
        parse_query(reading(tab="mine"))


@pytest.mark.parametrize(
    ("asked", "total", "shown"),
    [(1, 0, (1, 1)), (9, 0, (1, 1)), (1, 20, (1, 1)), (2, 21, (2, 2)), (3, 21, (2, 2))],
)
def test_a_page_beyond_the_end_is_the_last_one(
    asked: int, total: int, shown: tuple[int, int]
) -> None:
    assert page_of(asked, 20, total) == shown


def test_counts_statuses_and_totals() -> None:
    rows = [
        (0, "DEI", "filed", 3),
        (0, "DEC", "draft", 1),
        (0, "DEC", "Bloqué", 1),
        (2, "AI", "filed", 5),
        (3, "AI", "granted", 7),
    ]
    counts = StatusCounts(rows)
    assert counts.by_tab == (5, 0, 5, 7)
    assert counts.statuses(parse_query(listing())) == ("draft", "filed", "Bloqué")
    assert counts.matching(parse_query(listing())) == 5
    assert counts.matching(parse_query(listing(kind="DEC"))) == 2
    assert counts.matching(parse_query(listing(kind="DEC", status="draft"))) == 1
    assert counts.matching(parse_query(listing(status="granted"))) == 0
    assert counts.matching(parse_query(listing(search="x"))) is None
    assert StatusCounts([]).by_tab == (0, 0, 0, 0)


def test_statuses_are_sorted_by_life_cycle() -> None:
    shuffled = ("withdrawn", "Autre", "granted", "filed", "draft", "under_review")
    assert sorted(shuffled, key=status_order) == [
        "draft",
        "filed",
        "under_review",
        "granted",
        "withdrawn",
        "Autre",
    ]


ROW = DossierRow(
    dossier_id="d~1", kind="AI", number="", status="filed", establishment="É", medicine="",
    dosage="", pharmaceutical_form="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "value", "cursor"),
    [
        ("filed_on", date(2026, 1, 15), Cursor("2026-01-15", "d~1")),
        ("filed_on", date.max, Cursor("9999-12-31", "d~1")),
        ("establishment", "É ; --", Cursor("É ; --", "d~1")),
    ],
)
def test_a_cursor_is_read_back(sort: str, value: Any, cursor: Cursor) -> None:
    query = parse_query(reading(sort=sort))
    assert parse_cursor(cursor_after((ROW, value)), query) == cursor
    assert parse_cursor("", query) is None


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["x", "é", encoded("{}"), encoded('["a"]'), encoded('["no day", "d"]'), encoded('["", 3]'),
     encoded('["2026-01-15", "\\u0000"]'), encoded('["2026-01-15", "d"] ') + "!"],
)  # fmt: skip
def test_in_04_a_cursor_that_no_reply_had_is_refused(cursor: str) -> None:
    query: ListQuery = parse_query(reading())
    with pytest.raises(InvalidParameter) as refused:
        parse_cursor(cursor, query)
    assert refused.value.field == "after"
