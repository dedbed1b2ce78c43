"""The page of the journal: what its parameters ask, and what the language switch keeps."""

from datetime import date

import pytest

from services.gateway.desk.features.journal.journal_page import (
    PARAMETERS,
    keep_query,
    parse_query,
    wrong_days,
)

TODAY = date(2026, 6, 15)


def given(**values: str) -> dict[str, str]:
    return dict.fromkeys(PARAMETERS, "") | values


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
