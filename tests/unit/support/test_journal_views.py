"""What is shown of the journal: filters, cursors, days, and nothing that a reader may not know."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.support.journal_rules import PERSONAL, SECTIONS, VALUE_PARTS, person_types
from services.support.journal_views import (
    NEWEST,
    Look,
    NamedAgent,
    StoredEntry,
    UnknownChoice,
    acts_only_before,
    day_range,
    entry_view,
    look_row,
    read_cursor,
    sections_of,
    shown_values,
    verification_view,
    write_cursor,
)
from services.support.permissions import FIELDS, open_fields

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def stored(**changes: Any) -> StoredEntry:
    values: dict[str, Any] = {
        "number": 7, "id": "e7", "account_id": "a1", "agent_id": None,
        "type": "gateway.SessionOpened.v1", "section": "security", "at": NOW,
        "public": '{"session_id":"s","failures":0}',
        "values": '{"device":"Firefox","network":"192.0.2.0/24"}',
    }  # fmt: skip
    return StoredEntry(**values | changes)


def test_a_filter_keeps_its_section_and_no_filter_keeps_all() -> None:
    assert sections_of("") == SECTIONS
    assert sections_of("mails") == ("mails",)
    with pytest.raises(UnknownChoice, match="show"):
        sections_of("dossiers")


def test_a_page_begins_where_the_last_one_ended() -> None:
    assert read_cursor("") == NEWEST
    assert read_cursor(write_cursor(stored())) == (NOW, 7)


@pytest.mark.parametrize(
    "text", ["x", "é", "W10=", "WyIyMDI2LTA2LTE1VDEyOjAwOjAwIiw3XQ==", "bnVsbA==", "A" * 400]
)
def test_a_cursor_that_no_page_of_ours_has_is_refused(text: str) -> None:
    with pytest.raises(UnknownChoice, match="after"):
        read_cursor(text)


def test_days_are_those_of_paris_and_a_month_at_most() -> None:
    begin, end = day_range(date(2026, 6, 1), date(2026, 7, 1))
    assert begin == datetime(2026, 5, 31, 22, tzinfo=UTC)
    assert end == datetime(2026, 7, 1, 22, tzinfo=UTC)
    with pytest.raises(UnknownChoice, match="first_day"):
        day_range(date(2026, 6, 1), date(2026, 7, 2))
    with pytest.raises(UnknownChoice, match="last_day"):
        day_range(date(2026, 6, 2), date(2026, 6, 1))
    for extreme in (date.min, date.max):
        with pytest.raises(UnknownChoice, match="first_day"):
            day_range(extreme, extreme)
    assert acts_only_before(NOW) == date(2025, 6, 15)


def test_every_value_belongs_to_a_part_of_the_account() -> None:
    assert set(VALUE_PARTS) == PERSONAL
    assert set(VALUE_PARTS.values()) <= set(FIELDS)


def test_only_the_values_that_a_reason_opens_are_shown() -> None:
    opened = stored()
    moved = stored(id="e8", values='{"address":"a@b.fr","former_address":"c@b.fr"}')
    entries = [opened, moved, stored(id="e9", values=None)]
    security = open_fields("agent", frozenset(("account_security",)))
    assert json.loads(shown_values(entries, security)) == {
        "e7": {"device": "Firefox", "network": "192.0.2.0/24"}
    }
    assert json.loads(shown_values(entries, open_fields("agent", frozenset(("question",))))) == {}
    assert set(json.loads(shown_values(entries, None))) == {"e7", "e8"}


def test_the_role_of_an_agent_is_shown_and_the_name_where_it_may_be_known() -> None:
    look = stored(
        type="support.AccountOpened", section="agents", agent_id="g1",
        public='{"role":"agent","reason":"question"}',
    )  # fmt: skip
    view = entry_view(look, {"g1": NamedAgent("Anne Roux", "supervisor")}, to_person=False)
    assert (view.agent_role, view.agent_name, view.agent_id) == ("agent", "Anne Roux", "g1")
    assert view.facts == {"reason": "question"}
    done = stored(type="support.ActDone.v1", section="agents", agent_id="g1", public="{}")
    view = entry_view(done, {"g1": NamedAgent("", "supervisor")}, to_person=False)
    assert (view.agent_role, view.agent_name) == ("supervisor", "")


def test_the_person_reads_no_agents_id_and_no_id_of_the_desk() -> None:
    entry = stored(agent_id="g1", public='{"session_id":"s","proposal_id":"p","act":"x"}')
    view = entry_view(entry, {"g1": NamedAgent("Anne Roux", "agent")}, to_person=True)
    assert (view.agent_id, view.agent_name, view.agent_role) == ("", "", "")
    assert view.facts == {"act": "x"}


def test_the_person_sees_no_acts_of_agents_among_their_activity() -> None:
    types = person_types()
    assert "gateway.SessionOpened.v1" in types
    assert "mailer.MailRefused.v1" in types
    assert not [name for name in types if name.startswith(("support.Act", "support.Agent"))]


def test_a_look_is_shown_with_role_and_reason_and_a_deferred_one_without() -> None:
    public = '{"role":"agent","reason":"lost_phone","number":"TEL-1"}'
    assert look_row(Look(NOW, public, None)).reason == "lost_phone"
    deferred = look_row(Look(NOW, public, NOW + timedelta(days=3)))
    assert (deferred.deferred, deferred.role, deferred.reason) == (True, "", "")


def test_the_banner_has_the_last_verification() -> None:
    assert verification_view(None) is None
    public = '{"links":9,"findings":0,"first":"","anchored_at":"2026-06-15T11:00:00+00:00"}'
    view = verification_view((NOW, public))
    assert view is not None
    assert (view.links, view.findings) == (9, 0)
    assert (view.first_kind, view.first_link) == ("", 0)
    assert view.anchored_at == NOW - timedelta(hours=1)
    public = (
        '{"links":9,"findings":2,"first":"links 4 to 6: ...","first_kind":"cut","first_link":4,'
        '"first_until":6,"first_entry":0}'
    )
    view = verification_view((NOW, public))
    assert view is not None
    assert (view.first_kind, view.first_entry) == ("cut", 0)
    assert (view.first_link, view.first_until) == (4, 6)
