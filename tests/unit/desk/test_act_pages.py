"""The pages of acts and calls: who receives, why there is no form, which number is offered."""

import re

import pytest
from bs4 import BeautifulSoup

from services.gateway.desk import act_words
from services.support.act_details import FIELDS
from services.support.permissions import ACTS, reasons_of
from shared.i18n.catalogue import translate
from tests.support.pages.desk_states import ACCOUNT, RECEIVER, STATES, render

BY_NAME = {state.name: state for state in STATES}
#: Pages of an account with a story and mails.
ACCOUNTS = ["desk-look"]


def soup(name: str) -> BeautifulSoup:
    return BeautifulSoup(render(BY_NAME[name], "fr"), "lxml")


def test_b_05_who_receives_a_transfer_is_masked_with_a_link_to_the_account() -> None:
    for name in ("desk-approval-transfer", "desk-act-transfer-typed"):
        (link,) = soup(name).find_all("a", string=re.compile(re.escape(RECEIVER)))
        assert str(link["href"]).endswith(f"/assistance/comptes/{ACCOUNT}"), name


def test_b_05_an_act_without_an_effect_shows_why_and_has_no_form() -> None:
    for name, why in (("no-effect", "le compte est bloqué"), ("undo-none", "Aucun transfert")):
        page = soup(f"desk-act-{name}")
        assert page.select("form#saisie") == []
        assert why in page.select_one("#sans-effet").text


def test_g_26_the_second_call_offers_the_number_of_the_first_only() -> None:
    offered = {
        name: [str(one["value"]) for one in soup(f"desk-call-{name}").select("input[name=line]")]
        for name in ("number", "second", "second_switchboard", "second_away")
    }
    assert offered == {
        "number": ["file", "switchboard"],
        "second": ["file"],
        "second_switchboard": ["switchboard"],
        "second_away": [],
    }
    assert soup("desk-call-second").select("#telephone") == []
    assert soup("desk-call-second_away").select("#saisie") == []
    assert translate("Commencer l'appel", "fr") not in soup("desk-call-second_away").text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", ["desk-journal", "desk-approvals", *ACCOUNTS])
def test_a_list_shows_once_that_hours_are_those_of_paris(name: str, language: str) -> None:
    page = BeautifulSoup(render(BY_NAME[name], language), "lxml")
    note = {"fr": "Toutes les heures sont celles de Paris.", "en": "All times are Paris time."}
    for part in page.select(".desk-story, .desk-mails, .desk-table") or [page]:
        hours = re.findall(r"\d\d:\d\d( \([^)]*\))?", part.get_text(" "))
        assert hours
        assert not any(hours), part.get_text(" ")
    assert note[language] in page.text


@pytest.mark.parametrize("name", ["desk-journal", "desk-approvals"])
def test_on_a_phone_what_is_secondary_is_folded_and_nothing_is_lost(name: str) -> None:
    for row in soup(name).select("tbody tr"):
        secondary = {
            (str(one["data-label"]), one.text.strip())
            for one in row.select("td.desk-more")
            if one.text.strip() not in ("", "-")
        }
        folded = {(one.dt.text, one.dd.text) for one in row.select(".desk-folded details dl div")}
        shown = row.select_one(".desk-narrow")
        left = {one for one in secondary - folded if shown is None or one[1] not in shown.text}
        assert left == set()
        assert row.select_one("th").text.strip()


def test_ot_15_the_second_person_reads_every_act_field_and_reason_in_words() -> None:
    decided = [act.name for act in ACTS.values() if act.approvers]
    assert {reason for act in decided for reason in reasons_of(act)} <= set(act_words.ALL_REASONS)
    assert set(decided) <= set(act_words.ACTS)
    assert {field for act in decided for field in FIELDS.get(act, ())} <= set(act_words.FIELDS)


def test_az_04_the_second_person_reads_which_agent_an_act_is_about() -> None:
    page = soup("desk-approval-own").select_one("main")
    assert "Nina Neuve, nina.neuve@agency.example.fr" in page.text
    assert "Changement de fonctions" in page.text
    assert "Supervision" in page.text


def test_ot_15_an_act_that_has_ended_shows_no_date_of_expiry() -> None:
    (row,) = (row for row in soup("desk-approvals").select("tbody tr") if "ACT-11" in row.text)
    cells = {str(cell["data-label"]): cell.text for cell in row.select("td[data-label]")}
    assert (cells["Expire ou prévu"], cells["État"]) == ("-", "fait")
