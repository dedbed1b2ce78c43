"""The journal in words: every entry has its sentence in both languages, with who and why."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.gateway.portal.journal_texts import EVENTS, FIELDS, describe
from services.support.journal_rules import EVENT_RULES, RECORD_RULES, stored_fields
from shared.contracts.base import EVENTS as CONTRACTS
from shared.contracts.support.journal import EntryView
from shared.i18n.catalogue import LANGUAGES, PLACEHOLDER, translate
from tests.contract.samples import sample

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
NAMES = sorted({*EVENT_RULES, *(f"support.{name}" for name in RECORD_RULES)})


def entry(kind: str, /, **facts: Any) -> EntryView:
    role = str(facts.pop("role", ""))
    return EntryView(
        entry_id="e", at=NOW, type=kind, section="security", facts=facts, agent_role=role
    )


def test_every_entry_has_a_sentence() -> None:
    missing = sorted(set(NAMES) - set(EVENTS))
    assert not missing, f"services/gateway/portal/journal_texts.py lacks {missing}"
    assert set(EVENTS) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_is_translated_and_filled_by_stored_fields(name: str) -> None:
    english = translate(EVENTS[name], "en")
    assert english != EVENTS[name]
    if name in EVENT_RULES:
        known = {*stored_fields(name).public, *stored_fields(name).personal}
    else:
        known = set(RECORD_RULES[name.removeprefix("support.")].public)
    assert set(PLACEHOLDER.findall(EVENTS[name])) <= known
    assert set(PLACEHOLDER.findall(EVENTS[name])) == set(PLACEHOLDER.findall(english))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(EVENT_RULES))
def test_an_entry_of_every_event_is_described(name: str, language: str) -> None:
    fields = stored_fields(name)
    event = msgspec.to_builtins(sample(CONTRACTS[name]))
    facts = {field: event[field] for field in fields.public}
    values = {field: event[field] for field in fields.personal}
    described = describe(entry(name, **facts), values, language)
    assert described.what
    assert described.who
    assert "{" not in described.what
    shown = dict(described.details)
    assert len(shown) == len({*fields.public, *fields.personal} & set(FIELDS))


def test_who_and_why_are_described() -> None:
    changed = describe(entry("registration.PasswordChanged.v1", by="reset"), {}, "fr")
    assert (changed.what, changed.who) == (
        "Mot de passe changé",
        "Par le lien «\u00a0Mot de passe oublié\u00a0»",
    )
    closed = describe(entry("gateway.SessionClosed.v1", reason="too_many"), {}, "en")
    assert (closed.who, closed.why) == ("Automatic", "too many open sessions")
    look = describe(entry("support.AccountOpened", role="auditor", reason="audit"), {}, "fr")
    assert (look.what, look.who, look.why) == ("Compte consulté", "Audit", "contrôle")


def test_an_agents_name_comes_before_the_role() -> None:
    named = msgspec.structs.replace(
        entry("support.AccountOpened", role="agent"), agent_id="a", agent_name="Anne Roux"
    )
    assert describe(named, {}, "fr").who == "Anne Roux (Agent)"


def test_shown_values_are_among_the_details() -> None:
    opened = entry("gateway.SessionOpened.v1", failures=0)
    values = {"device": "Firefox, Linux", "network": "192.0.2.0/24"}
    assert describe(opened, values, "fr").details == (
        ("Appareil", "Firefox, Linux"),
        ("Réseau", "192.0.2.0/24"),
    )
    assert describe(opened, {}, "fr").details == ()


def test_an_act_and_a_mail_are_named() -> None:
    words = {"end_sessions": "Connexion", "validation": "Connexion"}
    done = describe(entry("support.ActDone.v1", act="end_sessions"), {}, "en", words)
    assert done.what == "Action done: Sign-in"
    sent = describe(entry("mailer.MailAccepted.v1", template="validation"), {}, "en", words)
    assert sent.what == "Email handed to the mail server: Sign-in"


def test_moments_are_in_paris_time() -> None:
    locked = entry("mfa.CodeCheckLocked.v1", locked_until="2026-01-15T12:00:00Z")
    assert "15 janvier 2026 à 13:00 (heure de Paris)" in describe(locked, {}, "fr").what
