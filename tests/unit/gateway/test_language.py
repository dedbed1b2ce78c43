"""The choice of the language, and the other language of a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.app import PAGES
from services.gateway.http.routes import Routes
from services.gateway.i18n import language_choice
from shared.i18n.catalogue import LANGUAGES

TOKEN = "?jeton=" + "A" * 43


@pytest.mark.parametrize(
    ("cookie", "header", "expected"),
    [
        (None, "", "fr"),
        ("en", "fr", "en"),
        ("xx", "en", "en"),
        (None, "en-US,en;q=0.9,fr;q=0.8", "en"),
        (None, "fr-CA,en;q=0.9", "fr"),
        (None, "de", "fr"),
        (None, "en;q=0", "fr"),
        (None, "en;q=0.2,fr;q=0.3", "fr"),
        (None, "en;q=2", "fr"),
        (None, "*;q=0.5,en;q=0.1", "fr"),
    ],
)
def test_the_best_language(cookie: str | None, header: str, expected: str) -> None:
    assert language_choice.choose_language(cookie, header) == expected


@given(st.none() | st.text(), st.text(max_size=500))
def test_any_header_gives_a_language(cookie: str | None, header: str) -> None:
    assert language_choice.choose_language(cookie, header) in LANGUAGES


def test_in_07_a_long_header_is_read_quickly() -> None:
    assert language_choice.choose_language(None, "en;q=0." + "0" * 100_000) == "fr"
    assert language_choice.choose_language(None, "a," * 50_000) == "fr"


def test_the_other_language_shows_the_same_page() -> None:
    """Every page with its own URL; those of mailed links need their token."""
    routes = Routes(PAGES)
    data = {"appel", "etat", "suivi", "dossiers.csv", "mes-donnees.json", "mes-donnees.html"}
    shown = {page.path for page in routes.pages if page.show is not None}
    for path in shown:
        there = {routes.language_target(path), routes.language_target(path + TOKEN)}
        if path == "/" or path.rpartition("/")[2] in data:
            assert there == {"/"}
        else:
            assert there & {path, path + TOKEN}, path


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/aide", "/aide"),
        ("/aide?x=1", "/"),
        ("/langue", "/"),
        ("/compte/sessions/fermer", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/aide", "/"),
        ("/mot-de-passe", "/"),
        (f"/mot-de-passe{TOKEN}", f"/mot-de-passe{TOKEN}"),
        (f"/mot-de-passe{TOKEN}&x=1", "/"),
        (f"/aide{TOKEN}", "/"),
        ("/accueil?page=3&x=1", "/accueil?page=3"),
        ("/accueil?", "/accueil"),
    ],
)
def test_au_15_the_language_switch_leads_to_local_pages_only(target: str, expected: str) -> None:
    assert Routes(PAGES).language_target(target) == expected
