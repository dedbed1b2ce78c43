"""The page of settings: a setting once for each value, units in words, effects that exist."""

import re

from bs4 import BeautifulSoup

from operations import service_registry
from services.gateway.desk.features.settings.effects import EFFECTS, UNITS
from services.gateway.desk.features.settings.settings_page import shown_settings
from services.gateway.desk.features.settings.technical_effects import (
    TECHNICAL_EFFECTS,
    default_text,
    technical_effect,
)
from services.gateway.desk.service import SERVICE as DESK
from shared.contracts.settings import SettingRow
from shared.contracts.support.settings import ServiceSettingRows
from shared.settings import specs
from tests.support.pages.desk_states import STATES, render


def _row(name: str, value: str, default: str = "1", unit: str = "days") -> SettingRow:
    return SettingRow(
        name=name,
        value=value,
        default=default,
        unit=unit,
        meaning="Days.",
        secret=False,
        is_set=True,
        changed=value != "1",
    )


def test_a_setting_of_several_services_is_one_line_for_each_value() -> None:
    services = [
        ServiceSettingRows(service="support", rows=(_row("IMPEX_X", "1"),)),
        ServiceSettingRows(service="mailer", rows=(_row("IMPEX_X", "1"),)),
        ServiceSettingRows(service="mfa", rows=(_row("IMPEX_X", "2"),)),
        ServiceSettingRows(service="registration", rows=(_row("IMPEX_DORMANT_MONTHS", "24"),)),
    ]
    shown = [(one.row.name, one.row.value, one.services) for one in shown_settings(services, "fr")]
    assert shown == [
        ("IMPEX_DORMANT_MONTHS", "24", ["registration"]),
        ("IMPEX_X", "1", ["support", "mailer"]),
        ("IMPEX_X", "2", ["mfa"]),
    ]


def test_a_value_has_its_unit_in_the_form_that_goes_with_the_number() -> None:
    rows = (_row("IMPEX_A", "1", "3", "working days"), _row("IMPEX_B", "0.5", "none", "seconds"))
    services = [ServiceSettingRows(service="support", rows=rows)]
    french, english = (
        [(one.value, one.default) for one in shown_settings(services, language)]
        for language in ("fr", "en")
    )
    assert french == [("1 jour ouvré", "3 jours ouvrés"), ("0.5 secondes", "aucun")]
    assert english == [("1 working day", "3 working days"), ("0.5 seconds", "none")]


def test_an_effect_of_an_unknown_setting_is_marked_and_folded() -> None:
    """In French the page's own words come first; the English ones are marked for readers aloud."""
    (state,) = [one for one in STATES if one.name == "desk-settings"]
    french = BeautifulSoup(render(state, "fr"), "lxml")
    english = BeautifulSoup(render(state, "en"), "lxml")
    folded = french.select("main details.desk-english")
    assert folded
    assert all(one.select("span[lang=en]") for one in folded)
    in_details = french.select("main details.desk-english td, main td > span[lang=en]:only-child")
    assert [one.text for one in in_details if "Effet" in str(one.parent)] == []
    assert english.select("main details.desk-english") == []
    for cell in french.select("td[data-label=Effet]"):
        assert cell.select("details.desk-english") or not cell.select("[lang=en]")


def test_defaults_that_are_words_are_in_the_language_of_the_page() -> None:
    known = [
        spec.default_doc
        for service in (*service_registry.services(), DESK)
        for _, spec in specs(service.settings)
        if spec.default_doc
    ]
    english = re.compile(r"elsewhere|try-out|\b(?:the|only|never|all|instead|no)\b")
    assert [one for one in known if english.search(default_text(one, "fr"))] == []
    assert all(default_text(one, "en") for one in known)


def test_every_setting_has_an_effect_and_every_unit_a_word() -> None:
    known = [
        spec
        for service in (*service_registry.services(), DESK)
        for _, spec in specs(service.settings)
    ]
    names = {spec.name for spec in known}
    assert {*EFFECTS, *TECHNICAL_EFFECTS} <= names
    assert [
        name for name in sorted(names) if name not in EFFECTS and not technical_effect(name)
    ] == []
    assert {spec.unit for spec in known if spec.unit} <= set(UNITS)
