"""« Mon activité » and « Qui a consulté mon compte »: entries in words for the account's holder."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.gateway.features.activity.activity import NEEDS_ACCESS, days, keep_page
from services.gateway.features.activity.looks import in_words
from services.support.journal_rules import person_types
from shared.contracts.support.journal import EntryView, LookRow
from tests.support.each_row import each_row

#: Half past midnight in Paris, half past eleven the evening before by UTC.
NIGHT = datetime(2026, 1, 14, 23, 30, tzinfo=UTC)


def entry(kind: str, at: datetime = NIGHT, **facts: Any) -> EntryView:
    return EntryView(entry_id="e", at=at, type=kind, section="security", facts=facts)


def test_entries_are_listed_by_their_day_of_paris_in_their_order() -> None:
    story = (
        entry("gateway.SessionOpened.v1"),
        entry("registration.PasswordAccepted.v1", NIGHT.replace(hour=22)),
        entry("registration.PasswordRefused.v1", NIGHT.replace(hour=21)),
    )
    values = {"e": {"device": "Firefox, Linux"}}
    first, second = days(story, values, "fr")
    assert (str(first.date), str(second.date)) == ("2026-01-15", "2026-01-14")
    assert [line.what for line in (*first.lines, *second.lines)] == [
        "Connexion",
        "Mot de passe exact",
        "Mot de passe refusé",
    ]
    assert first.lines[0].details == (("Appareil", "Firefox, Linux"),)


@each_row(
    ("kind", "facts", "expected"),
    [
        ("gateway.SessionOpened.v1", {}, True),
        ("registration.PasswordChanged.v1", {"by": "reset"}, True),
        ("registration.AddressChanged.v1", {"by": "desk"}, False),
        ("registration.PasswordRefused.v1", {}, False),
        ("registration.PasswordResetRequested.v1", {}, False),
        ("mailer.MailAccepted.v1", {"template": "new_device"}, False),
    ],
)
def test_s_17_not_me_is_linked_where_somebody_else_would_have_had_access(
    kind: str, facts: dict[str, Any], expected: bool
) -> None:
    ((line,),) = (day.lines for day in days((entry(kind, **facts),), {}, "fr"))
    assert line.may_be_somebody_else == expected


def test_s_17_what_may_be_somebody_else_is_shown_to_the_holder() -> None:
    assert set(person_types()) >= NEEDS_ACCESS


def test_who_did_it_is_shown_where_the_holder_learns_something() -> None:
    story = (
        entry("registration.AccountDeactivated.v1"),
        entry("registration.PasswordChanged.v1", by="reset"),
        entry("mfa.RecoveryCodesReplaced.v1"),
    )
    ((desk, link, own),) = (day.lines for day in days(story, {}, "en"))
    assert "upport desk" in desk.who
    assert "Forgotten password" in link.who
    assert own.who == ""


def test_a_mail_bears_its_name_and_why_it_was_not_delivered() -> None:
    refused = entry("mailer.MailRefused.v1", template="new_device", reason="mailbox_full")
    ((line,),) = (day.lines for day in days((refused,), {}, "fr"))
    assert line.what.endswith("nouvelle connexion")
    assert line.why == "boîte pleine"


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("apres=WyIyMDI2LTAx", "apres=WyIyMDI2LTAx"),
        ("apres=WyIyMDI2LTAx%3D%3D", "apres=WyIyMDI2LTAx%3D%3D"),
        ("apres=<b>", None),
        ("apres=WyIyMDI2LTAx&apres=WyIyMDI2LTAx", None),
        ("autre=1", None),
    ],
)
def test_the_language_switch_keeps_the_page(query: str, kept: str | None) -> None:
    assert keep_page(query) == kept


def test_s_18_a_look_has_role_and_reason_and_a_deferred_one_neither() -> None:
    look = in_words(LookRow(at=NIGHT, role="supervisor", reason="lost_phone"), "fr")
    assert (look.role, look.reason, look.deferred) == ("Supervision", "téléphone perdu", False)
    later = in_words(LookRow(at=NIGHT, role="", reason="", deferred=True), "fr")
    assert (later.role, later.reason, later.deferred) == ("", "", True)
