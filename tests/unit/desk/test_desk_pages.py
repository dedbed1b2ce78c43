"""What every page of the desk has, in every state, read from its HTML."""

import re
from collections import Counter
from functools import cache

import pytest
from bs4 import BeautifulSoup

from services.gateway.desk.navigation import ENTRIES, home_of
from services.gateway.desk.texts import OWN_ALERTS, ROLES
from services.gateway.http.routes import Routes
from shared.i18n.catalogue import translate
from tests.support.pages.desk_states import PAGES, ROUTES, STATES, render, templates
from tests.support.pages.page_basis import State

LANGUAGES = ("fr", "en")
#: Idempotent by themselves.
WITHOUT_IDEMPOTENCY_KEY = (
    "/langue",
    "/deconnexion",
    "/moi/raccourcis",
    "/recherche",
    "/assistance/recherche",
    "/exploitation/messages/recherche",
)

each_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)


@cache
def soup(state: State, language: str = "fr") -> BeautifulSoup:
    """The page as a tree."""
    return BeautifulSoup(render(state, language), "lxml")


def test_every_template_of_the_desks_own_features_has_a_state() -> None:
    shown = {state.template for state in STATES}
    own = {name for name in templates("dsfr").compile_all() if "/" not in name}
    assert own - shown == {"base.html", "frame.html", "retry.html"}


@each_state
def test_ax_01_language_title_heading_landmarks_and_skip_links(state: State) -> None:
    for language in LANGUAGES:
        page = soup(state, language)
        assert page.html is not None
        assert page.html["lang"] == language
        assert page.select_one("head > title")
        assert len(page.select("h1")) == 1
        for landmark in ("header[role=banner]", "main[role=main]", "footer[role=contentinfo]"):
            assert len(page.select(landmark)) == 1
        for link in page.select(".fr-skiplinks a"):
            assert page.select(str(link["href"])), link


@each_state
def test_ids_are_unique_and_references_lead_somewhere(state: State) -> None:
    page = soup(state)
    ids = [str(element["id"]) for element in page.select("[id]")]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
        for element in page.select(f"[{name}]"):
            for expected in str(element[name]).split():
                assert expected in ids, f"{name}={expected}"


@each_state
def test_forms_carry_token_and_key_and_post_to_pages_of_the_desk(state: State) -> None:
    for form in soup(state).select("form[method=post]"):
        action = str(form["action"]).partition("?")[0]
        page = ROUTES.at(action)
        assert action == "/recherche" or (page is not None and page.submit), action
        assert form.select_one("input[name=csrf]")
        if action not in WITHOUT_IDEMPOTENCY_KEY:
            assert form.select_one("input[name=key]"), action


@each_state
def test_links_lead_to_pages_of_the_desk(state: State) -> None:
    entries = {f"/{entry.page}" for entry in ENTRIES}
    for link in soup(state).select("a[href^='/']"):
        path = str(link["href"]).partition("?")[0].partition("#")[0]
        assert path in entries or ROUTES.at(path) is not None, link


@each_state
def test_wf_02_nothing_is_inline_but_data(state: State) -> None:
    page = soup(state)
    assert page.select("style, [style]") == []
    for script in page.select("script:not([type='application/json'])"):
        assert script["nonce"]
        assert not script.get_text(strip=True)


@each_state
def test_no_access_keys_and_no_autofocus(state: State) -> None:
    """They would take keys from the browser and from screen readers."""
    assert soup(state).select("[accesskey], [autofocus]") == []


def test_a_wrong_form_is_announced_first_in_its_title() -> None:
    wrong = [state for state in STATES if state.name.endswith(("-refused", "-locked"))]
    assert len(wrong) >= 5
    for state in wrong:
        title = soup(state).select_one("head > title")
        assert title is not None
        assert title.get_text().startswith("Erreur")


def test_agents_have_no_way_for_a_lost_phone_and_no_recovery_codes() -> None:
    for state in STATES:
        assert "telephone-perdu" not in render(state)
        assert not re.search(r"code de secours saisi|mot-de-passe-oublie", render(state))


def test_each_role_begins_where_it_may_work() -> None:
    class All(Routes):
        def has(self, name: str) -> bool:
            return True

    every = All(PAGES)
    begins = {role: home_of(every, role) for role in ROLES}
    assert begins == {
        "agent": "requests",
        "supervisor": "requests",
        "operator": "operations",
        "auditor": "requests",
    }
    assert home_of(ROUTES, "nobody") == "account"


@pytest.mark.parametrize("slug", OWN_ALERTS)
def test_refusals_have_a_sentence_in_both_languages(slug: str) -> None:
    french, english = OWN_ALERTS[slug], translate(OWN_ALERTS[slug], "en")
    assert french != english
    assert re.findall(r"{\w+}", french) == re.findall(r"{\w+}", english)
