"""The page of the journal: what its parameters ask, and what the language switch keeps."""

from datetime import date
from typing import get_args

import pytest
from bs4 import BeautifulSoup

from services.gateway.desk.act_texts import ACTS
from services.gateway.desk.features.journal.journal_page import (
    PARAMETERS,
    keep_query,
    parse_query,
    wrong_days,
)
from services.gateway.desk.features.journal.verification_texts import FINDINGS, first_finding_text
from services.support.journal_verification import Kind
from services.support.orders import ORDERS
from shared.contracts.support.journal import VerificationView
from tests.support.pages.desk_states import STATES, render
from tests.support.pages.page_basis import NOW

TODAY = date(2026, 6, 15)


def given(**values: str) -> dict[str, str]:
    return dict.fromkeys(PARAMETERS, "") | values


def test_b_05_every_act_that_the_journal_can_name_has_words() -> None:
    assert set(ORDERS) <= set(ACTS)


def test_without_parameters_the_last_month_of_agents_is_asked() -> None:
    asked = parse_query(given(), "a1", TODAY)
    assert (asked.first_day, asked.last_day) == (date(2026, 5, 16), TODAY)
    assert (asked.show, asked.account_id, asked.by_agent, asked.after) == ("agents", "", "", "")


@pytest.mark.parametrize(
    ("chosen", "show"),
    [("tout", ""), ("mails", "mails"), ("security", "security"), ("", "agents"), ("x", "agents")],
)
def test_a_filter_that_does_not_exist_is_the_first_one(chosen: str, show: str) -> None:
    assert parse_query(given(voir=chosen), "a1", TODAY).show == show


@pytest.mark.parametrize("text", ["", "15/06/2026", "2026-06-31", "x" * 90])
def test_a_day_that_is_none_is_left_out(text: str) -> None:
    assert parse_query(given(au=text), "a1", TODAY).last_day == TODAY


def test_a_day_that_is_none_is_named() -> None:
    assert set(wrong_days(given(du="2026-02-31", au="9999-12-31"))) == {"du", "au"}
    assert wrong_days(given(du="", au="15/06/2026")) == {}


def test_the_days_account_agent_and_page_are_passed_on() -> None:
    asked = parse_query(
        given(du="2026-06-01", au="2026-06-02", compte=" c1 ", agent="a2", apres="x"), "a1", TODAY
    )
    assert (asked.first_day, asked.last_day) == (date(2026, 6, 1), date(2026, 6, 2))
    assert (asked.account_id, asked.by_agent, asked.after) == ("c1", "a2", "x")


def test_the_language_switch_keeps_our_parameters_only() -> None:
    assert keep_query("du=2026-06-01&voir=tout&x=1") == "du=2026-06-01&voir=tout"
    assert keep_query(f"apres={'x' * 101}") == ""


def test_lg_05_every_finding_has_a_sentence_in_both_languages() -> None:
    assert set(FINDINGS) == set(get_args(Kind))
    found = VerificationView(at=NOW, links=9, findings=1, first_kind="changed", first_link=4)
    assert first_finding_text(found, "fr") == (
        "Première anomalie, maillon 4\u00a0: l'entrée a été modifiée."
    )
    assert first_finding_text(found, "en") == "First finding, link 4: the entry was changed."
    cut = VerificationView(
        at=NOW, links=9, findings=1, first_kind="cut", first_link=4, first_until=6
    )
    assert "maillons 4 à 6" in first_finding_text(cut, "fr")
    added = VerificationView(at=NOW, links=9, findings=1, first_kind="added", first_entry=7)
    assert "entrée 7" in first_finding_text(added, "fr")
    before = VerificationView(at=NOW, links=9, findings=1)
    assert first_finding_text(before, "fr") == ""


def test_lg_05_the_banner_is_in_the_language_of_the_page() -> None:
    (state,) = [one for one in STATES if one.name == "desk-journal-broken"]
    for language, sentence in (("fr", "l'entrée a été modifiée"), ("en", "the entry was changed")):
        banner = BeautifulSoup(render(state, language), "lxml").select_one(".fr-alert--error")
        assert banner is not None
        assert sentence in banner.text
