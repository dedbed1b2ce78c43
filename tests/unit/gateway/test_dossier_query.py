"""The query in the address of the home page (IN-04, AZ-02), and the addresses of its links."""

from urllib.parse import urlencode, urlsplit

import pytest

from services.gateway.features.dossiers.dossier_list import page_numbers
from services.gateway.features.dossiers.dossier_query import (
    SORT_NAMES,
    TAB_NAMES,
    DossierQuery,
    parse_query,
)
from services.gateway.portal.dossier_texts import COLUMNS, TAB_TITLES
from shared.contracts.backoffice import KINDS
from shared.contracts.dossiers import SORTS, TABS
from tests.support.each_row import each_row
from tests.support.pages.dossier_states import STATUSES

FULL = DossierQuery(
    tab=TABS[1],
    search='Amoxicilline 500 mg & acide "clavulanique" 100 % + <b>\'é',
    kind="DEC",
    status="En attente d'avis; a=b",
    sort="decided_on",
    descending=False,
    page=12,
    size=50,
)


def test_g_41_g_42_every_tab_and_column_of_the_contract_has_a_name_and_a_title() -> None:
    for mapping, words in (
        (TAB_NAMES, TABS),
        (TAB_TITLES, TABS),
        (SORT_NAMES, SORTS),
        (COLUMNS, SORTS),
    ):
        assert tuple(mapping) == words
        assert len(set(mapping.values())) == len(words)


@each_row("status", STATUSES)
@each_row("sort", SORTS)
@each_row("descending", [True, False])
def test_g_42_an_address_holds_the_whole_query(status: str, sort: str, descending: bool) -> None:
    query = DossierQuery(
        tab=TABS[3], status=status, sort=sort, descending=descending, page=3, size=10
    )
    assert parse_query(urlsplit(query.url("/accueil")).query) == query


def test_g_42_defaults_are_left_out_and_the_rest_is_quoted() -> None:
    assert DossierQuery().url("/accueil") == "/accueil"
    assert parse_query("") == DossierQuery()
    address = FULL.url("/accueil/dossiers.csv")
    assert address.startswith("/accueil/dossiers.csv?onglet=declarations-traitees&recherche=Amoxi")
    assert parse_query(urlsplit(address).query) == FULL
    assert not set(address) & set("\"'<> ")


@pytest.mark.parametrize(
    "query",
    [
        "onglet=tous&tri=account_id&sens=up&page=0&taille=7&type=AI",
        "onglet=declarations_filed&page=-1&taille=1000000",
        "page=%D9%A1&taille=%C2%B2&type=XX",  # Arabic one, superscript two
        "page=99999999999999999999&page=2",
        "tri=filed_on;drop+table&sens=1",
        "account_id=7b0c9a52-6f1d-4a55-9a94-3f2c64d0a001&compte=x&dossier=1",
        "recherche=%00&statut=%00",
        "recherche=%20%09%0a%20",
        "statut=" + "x" * 201,
        "&".join(f"a{n}={n}" for n in range(60)) + "&page=3",
        "=&&&==%",
        "page=%ED%A0%80",
    ],
)
def test_in_04_invalid_parameters_are_dropped(query: str) -> None:
    assert parse_query(query) == DossierQuery()


def test_in_04_the_first_of_two_counts_and_a_search_is_one_short_line() -> None:
    assert parse_query("onglet=declarations-traitees&onglet=autorisations-traitees").tab == TABS[1]
    hostile = urlencode({"recherche": "  a\x00b\r\nc\u202e d " + "x" * 200})
    search = parse_query(hostile).search
    assert search.startswith("a b c d xxx")
    assert len(search) == 100
    assert parse_query("recherche=%FF%FEa").search.endswith("a")


def test_g_43_only_declarations_have_a_kind_to_choose() -> None:
    for tab in TABS:
        kinds = [kind for kind in KINDS if parse_query(f"onglet={TAB_NAMES[tab]}&type={kind}").kind]
        assert kinds == (["DEI", "DEC"] if tab.startswith("declarations") else [])


def test_g_42_a_column_has_a_default_order_then_reverses() -> None:
    query = DossierQuery(page=4)
    by_name = query.sorted_by("medicine")
    assert (by_name.sort, by_name.descending, by_name.page) == ("medicine", False, 1)
    assert by_name.sorted_by("medicine").descending
    assert query.sorted_by("decided_on").descending
    assert not query.sorted_by("filed_on").descending


def test_g_41_another_tab_shows_all_of_its_rows() -> None:
    assert FULL.narrowed
    assert FULL.reset_filters(TABS[2]) == DossierQuery(tab=TABS[2], size=50)
    assert not FULL.reset_filters().narrowed
    assert FULL.reset_filters().tab == FULL.tab


@pytest.mark.parametrize(
    ("page", "pages", "named"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 10, [1, 2, 3, 0, 10]),
        (4, 10, [1, 2, 3, 4, 5, 6, 0, 10]),
        (5, 10, [1, 2, 3, 4, 5, 6, 7, 0, 10]),
        (6, 12, [1, 0, 4, 5, 6, 7, 8, 0, 12]),
        (10, 10, [1, 0, 8, 9, 10]),
    ],
)
def test_g_42_the_pages_that_are_named(page: int, pages: int, named: list[int]) -> None:
    assert page_numbers(page, pages) == named
