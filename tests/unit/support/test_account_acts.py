"""The acts that an account page offers, by role and state, with their conditions (B-05, AZ-01)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.support.account_acts import MAIL_ACTS, offered_acts
from services.support.act_effects import ALL, EFFECTIVE, KINDS, Facts, kind_of, why_no_effect
from services.support.orders import PROPOSED_BY_PAGE
from services.support.permissions import ACTS, Role, may_do
from services.support.proposals import Delays
from shared.contracts.registration.desk import AccountRecord

DELAYS = Delays(sensitive=timedelta(hours=72), lost_phone=timedelta(hours=24))
RECORD = AccountRecord(
    account_id="a", address="marie@labo.fr", first_name="Marie", last_name="Durand", language="fr",
    state="active", has_password=True, support_only=False,
    created_at=datetime(2026, 1, 1, tzinfo=UTC), verified_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip
#: In each kind of account, the acts of the table that would change nothing.
WITHOUT_EFFECT = {
    "active": {"unblock_account", "reactivate_account", "release_address"},
    "no_password": {
        "unblock_account", "reactivate_account", "release_address", "change_address",
        "end_sessions", "mark_password_compromised",
    },
    "frozen": {"unblock_account", "reactivate_account", "release_address", "end_sessions"},
    "frozen_by_desk": {"block_account", "reactivate_account", "release_address", "end_sessions"},
    "thawing": {"unblock_account", "reactivate_account", "release_address"},
    "deactivated": {
        "change_address", "block_account", "unblock_account", "deactivate_account",
        "end_sessions", "mark_password_compromised",
    },
    "address_released": {
        "change_address", "block_account", "unblock_account", "deactivate_account",
        "reactivate_account", "release_address", "end_sessions", "mark_password_compromised",
        "resend_mail",
    },
}  # fmt: skip


def names(role: str, facts: Facts) -> set[str]:
    return {one.act for one in offered_acts(role, facts, DELAYS)}


@pytest.mark.parametrize("role", list(Role))
def test_az_01_only_what_the_role_may_propose_is_offered(role: str) -> None:
    offered = names(role, Facts())
    assert all(may_do(role, act) and ACTS[act].subject == "account" for act in offered)
    assert (offered == set()) == (role in ("operator", "auditor"))
    assert ("anonymise" in offered) == (role == "supervisor")
    assert offered.isdisjoint({"resend_mail", "remove_lost_phone", "end_all_sessions"})


def test_the_table_has_every_act_on_an_account_and_no_other() -> None:
    on_accounts = {name for name in PROPOSED_BY_PAGE if ACTS[name].subject == "account"}
    assert set(EFFECTIVE) == on_accounts
    assert frozenset().union(*EFFECTIVE.values()) == ALL
    assert set(WITHOUT_EFFECT) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("act", sorted(EFFECTIVE))
def test_b_05_an_act_is_offered_where_it_has_an_effect(act: str, kind: str) -> None:
    facts = Facts(kind=kind, sessions=1, transfers=1)
    without = act in WITHOUT_EFFECT[kind]
    assert why_no_effect(act, facts) == (kind if without else "")
    assert (act in names("supervisor", facts)) == (not without and act not in MAIL_ACTS)


def test_b_05_sessions_and_transfers_that_are_not_there_offer_nothing() -> None:
    facts = Facts(kind="active", sessions=0, transfers=0)
    assert why_no_effect("end_sessions", facts) == "no_session"
    assert why_no_effect("undo_transfer", facts) == "no_transfer"
    assert names("agent", facts).isdisjoint({"end_sessions", "undo_transfer"})
    assert names("agent", Facts()) >= {"end_sessions", "undo_transfer"}, "not known"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "active"),
        ({"has_password": False}, "no_password"),
        ({"state": "frozen"}, "frozen"),
        ({"state": "frozen", "support_only": True}, "frozen_by_desk"),
        ({"state": "thawing"}, "thawing"),
        ({"state": "deactivated", "support_only": True}, "deactivated"),
        ({"state": "deactivated", "support_only": True, "address": ""}, "address_released"),
    ],
)
def test_the_kind_of_an_account(changes: dict[str, object], kind: str) -> None:
    assert kind_of(msgspec.structs.replace(RECORD, **changes)) == kind
    assert kind_of(None) == ""


def test_ot_15_acts_show_two_people_and_their_delay() -> None:
    offered = {one.act: one for one in offered_acts("agent", Facts(kind="active"), DELAYS)}
    change, block = offered["change_address"], offered["block_account"]
    assert (change.two_people, change.delay_minutes) == (True, 72 * 60)
    assert (block.two_people, block.delay_minutes) == (False, 0)
