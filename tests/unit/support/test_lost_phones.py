"""Where a lost phone stands, and when a call may begin: the tables of the rules (G-26, OT-15)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.support.lost_phones import (
    Call,
    LostPhone,
    call_refusal,
    calls_left,
    line_refusal,
    may_cancel,
    may_close,
    outcome_at_end,
    purpose_of,
    state_of,
)
from shared.contracts.support.lost_phones import STATES

NOW = datetime(2026, 11, 30, 10, 40, tzinfo=UTC)
CASE = LostPhone(number="TEL-AAAAA-BBBBB", account_id="a")
CALL = Call(
    id="1",
    number="TEL-AAAAA-BBBBB",
    agent_id="luc",
    purpose="check",
    line="file",
    line_hash=b"x",
    started_at=NOW - timedelta(minutes=5),
    ends_at=NOW + timedelta(minutes=25),
)
OVER = replace(CALL, ends_at=NOW)
MATCHED = replace(CALL, matched_at=NOW)
#: State by what is stored of the case, and the call that has not ended.
STATE_TABLE: list[tuple[str, dict[str, Any], Call | None]] = [
    ("asked", {}, None),
    ("asked", {}, OVER),
    ("calling", {}, CALL),
    ("matched", {}, MATCHED),
    ("proposed", {"proposal_state": "proposed"}, None),
    ("expired", {"proposal_state": "expired"}, None),
    ("planned", {"proposal_state": "approved"}, None),
    ("waiting", {"alone_since": NOW}, None),
    ("open", {"alone_since": NOW, "opened_at": NOW}, None),
    ("stopped", {"proposal_state": "stopped"}, None),
    ("stopped", {"proposal_state": "refused"}, None),
    ("stopped", {"proposal_state": "failed"}, None),
    ("stopped", {"stopped_at": NOW, "stopped_by": "calls"}, None),
    ("stopped", {"stopped_at": NOW, "stopped_by": "link", "proposal_state": "approved"}, None),
    ("released", {"released_at": NOW, "proposal_state": "done"}, None),
    ("released", {"released_at": NOW, "proposal_state": "done"}, CALL),
    ("released", {"released_at": NOW, "code_until": NOW}, None),
    ("code_told", {"released_at": NOW, "code_until": NOW + timedelta(seconds=1)}, None),
    ("to_check", {"released_at": NOW, "held_at": NOW}, None),
    ("done", {"released_at": NOW, "held_at": NOW, "resumed_at": NOW}, None),
    ("done", {"released_at": NOW, "resumed_at": NOW}, None),
]


@pytest.mark.parametrize(("state", "stored", "call"), STATE_TABLE)
def test_g_26_where_a_lost_phone_is(state: str, stored: dict[str, Any], call: Call | None) -> None:
    assert state_of(replace(CASE, **stored), call, NOW) == state


def test_g_26_the_table_reaches_every_state() -> None:
    assert {state for state, _, _ in STATE_TABLE} == set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_ot_15_calls_begin_only_before_the_proposal_and_after_the_removal(state: str) -> None:
    stored, call = next((s, c) for name, s, c in STATE_TABLE if name == state)
    calls = [] if call is None else [call]
    why = call_refusal(replace(CASE, **stored), calls, NOW, is_owner=True)
    assert (why == "") == (state in ("asked", "released", "code_told"))


@pytest.mark.parametrize("state", STATES)
def test_g_26_a_request_ends_only_where_nobody_is_left_without_a_way(state: str) -> None:
    stored, call = next((s, c) for name, s, c in STATE_TABLE if name == state)
    case, calls = replace(CASE, **stored), [] if call is None else [call]
    released = state in ("released", "code_told", "to_check", "done")
    assert may_cancel(case) != released
    assert may_close(case, calls, NOW) == (
        state in ("asked", "expired", "stopped", "to_check", "done")
    )


def test_g_26_without_a_call_left_an_agent_closes_it_and_begins_anew() -> None:
    released = replace(CASE, released_at=NOW, proposal_state="done")
    failed = [ended("time_over", 30, "code"), ended("wrong_words", 1, "code")]
    assert may_close(released, failed, NOW)
    assert not may_close(released, failed[:1], NOW)
    assert may_close(replace(released, codes=3), [], NOW)
    assert not may_close(replace(released, codes=3), [replace(CALL, purpose="code")], NOW)
    told = replace(released, codes=3, code_until=NOW + timedelta(seconds=1))
    assert not may_close(told, [], NOW)


def ended(outcome: str, hours: float, purpose: str = "check") -> Call:
    at = NOW - timedelta(hours=hours)
    return replace(
        CALL,
        purpose=purpose,
        started_at=at,
        ends_at=at + timedelta(minutes=30),
        ended_at=at,
        outcome=outcome,
    )


@pytest.mark.parametrize(
    ("why", "calls", "is_owner"),
    [
        ("", [], True),
        ("not_yours", [], False),
        ("", [ended("no_answer", 1)], True),
        ("calls_today", [ended("no_answer", 1), ended("no_answer", 2)], True),
        ("", [ended("no_answer", 1), ended("no_answer", 25)], True),
        ("", [ended("wrong_words", 1)], True),
        ("failures", [ended("wrong_words", 50), ended("time_over", 26)], True),
        ("", [ended("no_answer", 1, "code"), ended("no_answer", 2, "code")], True),
    ],
)
def test_ot_15_two_calls_a_day_and_two_failed_ones(
    why: str, calls: list[Call], is_owner: bool
) -> None:
    assert call_refusal(CASE, calls, NOW, is_owner=is_owner) == why


def test_ot_15_three_codes_at_most() -> None:
    released = replace(CASE, released_at=NOW, codes=3)
    assert call_refusal(released, [], NOW, is_owner=True) == "codes"
    assert call_refusal(replace(released, codes=2), [], NOW, is_owner=True) == ""


@pytest.mark.parametrize(
    ("days", "mobile", "stolen", "why"),
    [
        (None, False, False, "none"),
        (29.9, False, False, "too_new"),
        (30, False, False, ""),
        (400, True, False, ""),
        (400, True, True, "stolen"),
        (400, False, True, ""),
        (3, True, True, "too_new"),
    ],
)
def test_ot_15_a_number_is_called_that_was_on_file_for_thirty_days(
    days: float | None, mobile: bool, stolen: bool, why: str
) -> None:
    since = None if days is None else NOW - timedelta(days=days)
    assert line_refusal(since, mobile=mobile, stolen=stolen, now=NOW) == why


def test_purposes_and_counts() -> None:
    assert [purpose_of(state) for state in ("asked", "planned", "released", "done")] == [
        "check",
        "check",
        "code",
        "code",
    ]
    assert calls_left([ended("no_answer", 1)], "check", NOW) == 1
    assert (outcome_at_end(CALL), outcome_at_end(MATCHED)) == ("time_over", "matched")
