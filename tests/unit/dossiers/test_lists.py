"""What a list may be asked for, how it is searched, and where one goes on in it (G-42, IN-04)."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.dossiers.folding import fold
from services.dossiers.lists import (
    LONGEST_SEARCH,
    Choice,
    NoSuchChoice,
    Place,
    Tally,
    choose,
    cursor_after,
    page_of,
    read_cursor,
    status_order,
)
from services.dossiers.store import COMPARED
from shared.contracts.dossiers import SORTS, TABS, DossierRow, ListDossiers, ReadDossiers

WHO = str(uuid4())


def listing(**more: Any) -> ListDossiers:
    return ListDossiers(**{"account_id": WHO, "tab": TABS[0]} | more)


def reading(**more: Any) -> ReadDossiers:
    return ReadDossiers(**{"account_id": WHO} | more)


@pytest.mark.parametrize(
    ("text", "folded"),
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
def test_text_is_folded_as_it_is_searched(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(fold(text)) == fold(text)


def test_the_words_of_a_search_are_folded_each_once() -> None:
    assert choose(listing(search="  Pharmacie  DU Marché du ")).words == (
        "pharmacie",
        "du",
        "marche",
    )
    assert choose(listing(search="100% _x")).words == ("100%", "_x")
    assert len(choose(listing(search=" ".join(map(str, range(60))))).words) == 10


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
        ({"search": "x" * (LONGEST_SEARCH + 1)}, "search"),
        ({"search": "a\0"}, "search"),
        ({"status": "\0"}, "status"),
    ],
)
def test_in_04_what_cannot_be_chosen_names_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(NoSuchChoice) as refused:
        choose(listing(**wrong))
    assert refused.value.field == field


def test_in_04_every_sort_of_the_contract_is_one_of_the_list() -> None:
    assert set(COMPARED) == set(SORTS)
    for sort in SORTS:
        assert choose(listing(sort=sort)).sort == sort


def test_a_download_may_be_of_every_tab() -> None:
    assert choose(reading()).tab is None
    assert choose(reading(tab=TABS[3])).tab == 3
    with pytest.raises(NoSuchChoice):
        choose(reading(tab="mine"))


@pytest.mark.parametrize(
    ("asked", "total", "shown"),
    [(1, 0, (1, 1)), (9, 0, (1, 1)), (1, 20, (1, 1)), (2, 21, (2, 2)), (3, 21, (2, 2))],
)
def test_a_page_too_far_is_the_last_one(asked: int, total: int, shown: tuple[int, int]) -> None:
    assert page_of(asked, 20, total) == shown


def test_counts_statuses_and_totals_come_from_one_tally() -> None:
    found = [
        (0, "DEI", "filed", 3),
        (0, "DEC", "draft", 1),
        (0, "DEC", "Bloqué", 1),
        (2, "AI", "filed", 5),
        (3, "AI", "granted", 7),
    ]
    tally = Tally(found)
    assert tally.counts == (5, 0, 5, 7)
    assert tally.statuses(choose(listing())) == ("draft", "filed", "Bloqué")
    assert tally.matching(choose(listing())) == 5
    assert tally.matching(choose(listing(kind="DEC"))) == 2
    assert tally.matching(choose(listing(kind="DEC", status="draft"))) == 1
    assert tally.matching(choose(listing(status="granted"))) == 0
    assert tally.matching(choose(listing(search="x"))) is None
    assert Tally([]).counts == (0, 0, 0, 0)


def test_statuses_follow_a_dossiers_life() -> None:
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
    ("sort", "value", "place"),
    [
        ("filed_on", date(2026, 1, 15), Place("2026-01-15", "d~1")),
        ("filed_on", date.max, Place("9999-12-31", "d~1")),
        ("establishment", "É ; --", Place("É ; --", "d~1")),
    ],
)
def test_one_goes_on_where_the_answer_before_ended(sort: str, value: Any, place: Place) -> None:
    choice = choose(reading(sort=sort))
    assert read_cursor(cursor_after((ROW, value)), choice) == place
    assert read_cursor("", choice) is None


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "said",
    ["x", "é", encoded("{}"), encoded('["a"]'), encoded('["no day", "d"]'), encoded('["", 3]'),
     encoded('["2026-01-15", "\\u0000"]'), encoded('["2026-01-15", "d"] ') + "!"],
)  # fmt: skip
def test_in_04_what_no_answer_has_said_is_refused(said: str) -> None:
    choice: Choice = choose(reading())
    with pytest.raises(NoSuchChoice) as refused:
        read_cursor(said, choice)
    assert refused.value.field == "after"
