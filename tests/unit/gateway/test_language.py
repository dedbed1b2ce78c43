"""The choice of the language, and the other language of a page."""

from __future__ import annotations

import re

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.features.language import language
from services.gateway.i18n import language_choice
from services.gateway.routes import setup_routes
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
def test_whatever_is_sent_gives_a_language(cookie: str | None, header: str) -> None:
    assert language_choice.choose_language(cookie, header) in LANGUAGES


def test_in_07_a_long_header_is_read_quickly() -> None:
    assert language_choice.choose_language(None, "en;q=0." + "0" * 100_000) == "fr"
    assert language_choice.choose_language(None, "a," * 50_000) == "fr"


def test_the_other_language_shows_the_same_page() -> None:
    """Every page that is shown at its own address; those that mails lead to need their token."""
    app = web.Application()
    setup_routes(app)
    shown = {
        route.resource.canonical
        for route in app.router.routes()
        if route.method == "GET" and route.resource is not None
    }
    pages = {one for one in shown if not re.search(r"[{.]|/(etat|suivi)$", one)}
    missing = {one for one in pages - language.PAGES if not language.LINK.fullmatch(one + TOKEN)}
    assert missing == set()
