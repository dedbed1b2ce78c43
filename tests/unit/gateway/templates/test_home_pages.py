"""The home page in each of its states: tabs, table, search, pages, and missing parts (G-41)."""

from urllib.parse import urlsplit

import pytest
from bs4 import Tag

from services.gateway.features.dossiers.dossier_query import DossierQuery, parse_query
from tests.support.pages.dossier_states import HOSTILE
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import Page
from tests.unit.gateway.templates.parsed_pages import one, state
from tests.unit.gateway.templates.parsed_pages import soup as read

TITLES = [
    "Mes déclarations déposées",
    "Mes déclarations traitées",
    "Mes autorisations d'importation déposées",
    "Mes autorisations d'importation traitées",
]
COLUMNS = [
    "Type",
    "N° de fiche",
    "Date de dépôt à l'ANSM",
    "Statut",
    "Nom de l'établissement",
    "Nom du médicament",
    "Dosage",
    "Forme pharmaceutique",
    "Date de décision ANSM",
]
AT_HOME = [each.name for each in STATES if each.template == "home.html"]
WITH_ROWS = [name for name in AT_HOME if read(state(name)).select("main table")]


def text(element: Tag) -> str:
    """The visible text, with normalized spaces."""
    return " ".join(element.get_text().split())


def english(name: str) -> Page:
    return Page(state(name).state, "en")


@pytest.mark.parametrize("name", AT_HOME)
def test_g_41_four_tabs_with_the_guides_titles_are_links(name: str) -> None:
    """AX-08: a navigation of four pages, with the current one marked."""
    nav = one(state(name), "nav#onglets")
    links = nav.select("a")
    assert nav["aria-label"]
    assert [text(link)[: len(title)] for link, title in zip(links, TITLES, strict=True)] == TITLES
    assert len(nav.select("a[aria-current=page]")) == 1
    current = nav.select_one("a[aria-current=page]")
    assert current is not None
    heading = one(state(name), "section[aria-labelledby=onglet] h2#onglet")
    assert text(current).startswith(text(heading))
    assert one(state(name), "head > title").get_text().startswith(text(heading))
    for link in links:
        assert parse_query(urlsplit(str(link["href"])).query).tab


def test_g_41_tabs_show_their_counts_or_none() -> None:
    titles = [text(link) for link in read(state("home-pages")).select("#onglets a")]
    counts = ("12 345 dossiers", "1 874 dossiers", "3 dossiers", "0 dossier")
    assert titles == [f"{title} {count}" for title, count in zip(TITLES, counts, strict=True)]
    unavailable = [text(link) for link in read(state("home-unavailable")).select("#onglets a")]
    assert unavailable == TITLES
    in_english = read(english("home-pages")).select("#onglets a")
    assert text(in_english[0]) == "My declarations filed 12,345 items"


@pytest.mark.parametrize("name", WITH_ROWS)
def test_g_42_ax_08_a_table_of_nine_columns_each_cell_with_its_titles(name: str) -> None:
    page = state(name)
    assert text(one(page, "main table caption")) == text(one(page, "#onglet"))
    heads = read(page).select("main thead th")
    assert [text(head).partition(" (")[0] for head in heads] == COLUMNS
    assert {head["scope"] for head in heads} == {"col"}
    for row in read(page).select("main tbody tr"):
        cells = row.find_all(["th", "td"], recursive=False)
        assert [cell["data-label"] for cell in cells] == COLUMNS
        assert [cell.name for cell in cells] == ["td", "th", *["td"] * 7]
        assert row.select_one("th")["scope"] == "row"  # type: ignore[index]
        assert all(text(cell) for cell in cells)


@pytest.mark.parametrize("name", WITH_ROWS)
def test_g_42_ax_08_each_title_sorts_and_one_shows_the_order(name: str) -> None:
    page = state(name)
    query = page.state.variables["query"]
    heads = read(page).select("main thead th")
    (by,) = (head for head in heads if "aria-sort" in head.attrs)
    assert by["aria-sort"] == ("descending" if query.descending else "ascending")
    for head in heads:
        link = head.select_one("a")
        assert link is not None
        there = parse_query(urlsplit(str(link["href"])).query)
        assert (there.tab, there.search, there.page) == (query.tab, query.search, 1)
        assert (there.sort == query.sort) == (head is by)
    assert one(page, "#tri option[selected]").get_text() == text(by).partition(" (")[0]


def test_g_42_the_total_search_filters_and_file_keep_what_was_chosen() -> None:
    page = state("home-no_match")
    form = one(page, "main form")
    assert (form["method"], form["action"], form["role"]) == ("get", "/accueil", "search")
    assert one(page, "#recherche")["value"] == "doliprane 1000"
    assert one(page, "#statut option[selected]")["value"] == "filed"
    assert "Aucun dossier ne correspond à cette recherche. Modifiez-la ou effacez-la." in text(
        one(page, "main")
    )
    (clear,) = (a for a in form.select("a") if text(a) == "Effacer la recherche")
    assert clear["href"] == "/accueil"
    page = state("home-pages")
    assert text(one(page, "#total")) == "Total 12 345"
    assert text(one(english("home-pages"), "#total")) == "Total 12,345"
    link = one(page, "main a.fr-link--download")
    assert link["href"] == "/accueil/dossiers.csv?tri=medicament&taille=10"
    assert not form.select("[name=account_id], [name=page]")


def test_g_42_pages_are_links_and_the_shown_one_is_named() -> None:
    page = state("home-pages")
    links = one(page, "nav#pages").select("a")
    titles = [text(link) for link in links]
    assert titles == [
        "Page précédente",
        *(f"Page {number}" for number in (1, 2, 3, 4, 5, 6, 7)),
        "Page 1 235",
        "Page suivante",
    ]
    (here,) = (link for link in links if link.get("aria-current") == "page")
    assert text(here) == "Page 5"
    assert "href" not in here.attrs
    numbers = [parse_query(urlsplit(str(a["href"])).query) for a in links if a is not here]
    assert [there.page for there in numbers] == [4, 1, 2, 3, 4, 6, 7, 1235, 6]
    assert {there.with_page(1) for there in numbers} == {page.state.variables["query"].with_page(1)}
    assert "page 5" in one(page, "head > title").get_text()
    assert not read(state("home-rows")).select("#pages")


def test_g_43_drafts_are_marked_and_linked() -> None:
    page = state("home-rows")
    filed, draft = read(page).select("main tbody tr")
    assert text(filed.select("td")[2]) == "En cours d'examen"
    assert text(draft.select("td")[2]) == "En brouillon"
    link = draft.select_one("th a")
    assert link is not None
    assert text(link) == "Ouvrir Paracétamol Exemple"
    assert str(link["href"]).startswith("https://office.example/dossiers/")
    assert text(draft.select("td")[1]) == "–pas encore"
    assert text(draft.select("td")[5]) == "–non renseigné"
    hidden = draft.select("td")[1].select_one("[aria-hidden=true]")
    assert hidden is not None
    assert hidden.get_text() == "–"


def test_g_43_without_settings_no_link_leads_out() -> None:
    page = state("home-no_links")
    assert not read(page).select("main tbody a")
    assert "Déposer une demande" not in text(one(page, "main"))
    for name in ("home-filing", "home-rows", "home-unavailable"):
        (file,) = (a for a in read(state(name)).select("a") if text(a) == "Déposer une demande")
        assert file["href"] == "https://office.example/depot?de=impexweb"
        assert "target" not in file.attrs


def test_p_16_filing_is_offered_once_the_information_is_validated() -> None:
    due = one(state("home-to_validate"), "main")
    assert "Il vous reste à valider vos informations." in text(due)
    assert "Déposer une demande" not in text(due)
    assert "déposer" not in text(due)
    file = next(a for a in read(state("home-filing")).select("a") if "Déposer" in text(a))
    assert "fr-btn--secondary" not in file["class"], "the page's main action"


def test_p_16_without_a_filing_application_the_page_has_contacts() -> None:
    main = one(state("home-no_links"), "main")
    assert "Les demandes ne se déposent pas sur ce portail." in text(main)
    contacts = [str(a["href"]) for a in main.select("a[href^='mailto:']")]
    assert contacts == [
        "mailto:importation-medicaments@ansm.sante.fr",
        "mailto:exportation-medicaments@ansm.sante.fr",
    ]


@pytest.mark.parametrize(
    ("name", "words", "form"),
    [
        ("home", "Vos brouillons, demandes et déclarations apparaîtront ici.", False),
        ("home-empty_tab", "Aucun dossier dans cet onglet pour l'instant.", False),
        (
            "home-no_match",
            "Aucun dossier ne correspond à cette recherche. Modifiez-la ou effacez-la.",
            True,
        ),
        ("home-unavailable", "La liste de vos dossiers ne répond pas pour l'instant.", False),
    ],
)
def test_g_41_an_empty_list_is_explained_with_a_next_step(
    name: str, words: str, form: bool
) -> None:
    page = state(name)
    assert words in text(one(page, "main"))
    assert not read(page).select("main table")
    assert bool(read(page).select("main form")) == form


def test_g_41_an_unavailable_list_can_be_reloaded() -> None:
    page = state("home-unavailable")
    assert one(page, "main .fr-alert--error")["role"] == "alert"
    (again,) = (a for a in read(page).select("main a") if text(a) == "Réessayer")
    assert again["href"] == "/accueil"
    assert read(page).select("main a[href='/compte'], main a[href='/aide']")


def test_g_33_the_banner_shows_what_is_left_to_do() -> None:
    page = state("home-to_validate")
    banner = one(page, "main .fr-alert--warning")
    assert "Il vous reste à valider vos informations." in text(banner)
    link = banner.select_one("a")
    assert link is not None
    assert (text(link), link["href"]) == ("Compléter", "/informations")
    assert not read(state("home-rows")).select("main .fr-alert--warning")
    assert "Complete" in text(one(english("home-to_validate"), "main .fr-alert--warning"))


def test_in_03_fields_of_events_are_text() -> None:
    """Mark-up has no effect; right-to-left text stays in its cell."""
    page = state("home-hostile")
    main = one(page, "main")
    assert not main.select("script, img, [onerror]")
    shown = [text(one) for one in main.select("tbody bdi")]
    for titles in (HOSTILE.number, HOSTILE.status, HOSTILE.establishment, HOSTILE.medicine):
        assert " ".join(titles.split()) in shown
    assert one(page, "#recherche")["value"] == page.state.variables["query"].search
    link = main.select_one("tbody th a")
    assert link is not None
    assert link["href"] == "https://office.example/dossiers/..%2F..%2Fa%3Fb%3Dc%26d%23e"


def test_g_42_english_is_complete() -> None:
    page = english("home-rows")
    main = text(one(page, "main"))
    for words in (
        "Reference number",
        "Date filed with ANSM",
        "Draft",
        "Under review",
        "2 Nov 2026",
    ):
        assert words in main
    assert [text(o) for o in one(page, "#statut").select("option")] == [
        "All",
        "Under review",
        "Draft",
    ]
    assert "initial export declaration" in text(one(page, "#type"))


def test_g_42_a_filter_that_no_row_has_any_more_is_still_shown() -> None:
    assert DossierQuery(status="filed").narrowed
    options = read(state("home-no_match")).select("#statut option")
    assert [option["value"] for option in options] == ["", "filed"]
