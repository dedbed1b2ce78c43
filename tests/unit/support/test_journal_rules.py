"""Every event has its row in the journal, every field its place, and no secret gets in (LG-05)."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.support.journal_entries import entry_of_event, entry_of_record
from services.support.journal_rules import (
    EVENT_RULES,
    LEFT_OUT,
    PERSONAL,
    PUBLIC,
    RECORD_RULES,
    SECTIONS,
    stored_fields,
)
from shared.contracts.base import EVENTS, Sealed
from shared.security.sealing import KeyRing, new_key
from tests.contract.samples import sample

KEYS = KeyRing.parse(new_key())
#: What is for one partner is no event of an account.
JOURNALED = [name for name, one in EVENTS.items() if not one.TO_PARTNER]
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ACCOUNT = "0197c0de-0000-7000-8000-000000000001"
SECRET = "PLANTEDsecret"


def entry(event: Any, subject: str | None = ACCOUNT) -> Any:
    return entry_of_event(
        event, id=ACCOUNT, subject=subject, at=NOW, now=NOW, keys=KEYS, salt=b"s" * 16
    )


def test_lg_05_every_event_has_its_row_and_every_row_its_event() -> None:
    missing = sorted(set(JOURNALED) - set(EVENT_RULES))
    assert not missing, f"EVENT_RULES of services/support/journal_rules.py lacks {missing}"
    assert set(EVENT_RULES) <= set(JOURNALED)


@pytest.mark.parametrize("name", sorted(JOURNALED))
def test_lg_05_every_field_of_an_event_is_public_personal_or_left_out(name: str) -> None:
    rule, fields = EVENT_RULES[name], stored_fields(name)
    known = set(EVENTS[name].__struct_fields__)
    assert not set(fields.public) & set(fields.personal)
    assert {*rule.public, *rule.personal, *rule.left_out} <= known
    assert rule.agent in {"", "subject", *known}


def test_a_field_has_one_place_only() -> None:
    assert not PUBLIC & PERSONAL
    assert not PUBLIC & LEFT_OUT
    assert not PERSONAL & LEFT_OUT


@pytest.mark.parametrize("name", sorted({*EVENT_RULES, *RECORD_RULES}))
def test_every_row_is_in_a_section(name: str) -> None:
    rules = {**EVENT_RULES, **RECORD_RULES}
    assert rules[name].section in SECTIONS


def planted(value: Any) -> Any:
    """The same message with the secret in every sealed field."""
    if isinstance(value, Sealed):
        return msgspec.structs.replace(value, box=SECRET, key_id=SECRET, recipient=SECRET)
    return value


@pytest.mark.parametrize("name", sorted(JOURNALED))
def test_lg_02_no_sealed_field_of_any_event_gets_into_the_journal(name: str) -> None:
    event: Any = sample(EVENTS[name])
    event = msgspec.structs.replace(
        event, **{field: planted(getattr(event, field)) for field in event.__struct_fields__}
    )
    written, values = entry(event)
    text = json.dumps([written.public, values and values.text, written.type, written.section])
    assert SECRET not in text


def test_lg_02_a_record_takes_no_sealed_and_no_unknown_field() -> None:
    sealed = Sealed(recipient="support", key_id="k1", box=SECRET)
    for fields in ({"reason": sealed}, {"password": "x"}):
        with pytest.raises(ValueError, match="field"):
            entry_of_record(
                "AccountOpened",
                id=ACCOUNT,
                account_id=ACCOUNT,
                agent_id=ACCOUNT,
                now=NOW,
                fields=fields,
                keys=KEYS,
                salt=b"s" * 16,
            )


@pytest.mark.parametrize("name", sorted(JOURNALED))
def test_gd_03_nothing_about_a_person_is_in_the_entry_itself(name: str) -> None:
    """What samples say of people is in the values; the entry has their digest alone."""
    event: Any = sample(EVENTS[name])
    written, values = entry(event)
    for field in stored_fields(name).personal:
        assert str(getattr(event, field)) not in written.public
    assert (values is None) == (written.values_digest is None)
    assert bool(stored_fields(name).personal) == (values is not None)


def test_a_subject_that_is_no_account_is_kept_as_it_is() -> None:
    event: Any = sample(EVENTS["backoffice.DossierDecided.v1"])
    written, _ = entry(event, "account 12")
    assert written.account_id is None
    assert json.loads(written.public)["subject"] == "account 12"


def test_empty_fields_are_not_stored() -> None:
    kind = EVENTS["registration.PasswordChanged.v1"]
    written, values = entry(kind(by="reset", changed_at=NOW))
    assert json.loads(written.public) == {"by": "reset", "changed_at": "2026-01-15T12:00:00Z"}
    assert values is None
