"""A lost phone without an agent: what is due when, as tables (OT-15)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.support.lost_phones import LostPhone, state_of
from services.support.phone_replacements import due_after_reminder, is_alone, next_step

START = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = LostPhone(
    number="TEL-AAAAA-BBBBB",
    account_id="a",
    alone_since=START,
    alone_due_at=START + 72 * HOUR,
)
REMINDED: dict[str, Any] = {"reminded_at": START + 36 * HOUR}
OPENED = REMINDED | {"opened_at": START + 72 * HOUR, "open_until": START + 240 * HOUR}
#: Hours since the wish, what is stored, what is due.
STEPS: list[tuple[float, dict[str, Any], str]] = [
    (0, {}, ""),
    (35.99, {}, ""),
    (36, {}, "remind"),
    # The service was away in the middle, or at the end: the notice in the middle comes first.
    (71, {}, "remind"),
    (500, {}, "remind"),
    (36, REMINDED, ""),
    (71.99, REMINDED, ""),
    (72, REMINDED, "open"),
    (73, REMINDED, "open"),
    # Nobody could object while it was away.
    (73.01, REMINDED, "postpone"),
    (72, OPENED, ""),
    (239.99, OPENED, ""),
    (240, OPENED, "end"),
    (72, REMINDED | {"stopped_at": START, "stopped_by": "link"}, ""),
    (240, OPENED | {"stopped_at": START, "stopped_by": "sign_in"}, ""),
    (240, OPENED | {"resumed_at": START}, ""),
    (72, {"alone_since": None, "alone_due_at": None}, ""),
]


@pytest.mark.parametrize(("hours", "stored", "step"), STEPS)
def test_ot_15_what_is_due(hours: float, stored: dict[str, Any], step: str) -> None:
    assert next_step(replace(CASE, **stored), START + hours * HOUR) == step


@pytest.mark.parametrize(("sent", "due"), [(36, 72), (36.01, 72), (40, 76), (72, 108), (500, 536)])
def test_ot_15_half_of_the_delay_follows_the_notice_in_the_middle(sent: float, due: int) -> None:
    assert due_after_reminder(CASE, START + sent * HOUR) == START + due * HOUR


@pytest.mark.parametrize(
    ("stored", "state", "alone"),
    [
        ({}, "waiting", True),
        (REMINDED, "waiting", True),
        (OPENED, "open", True),
        (OPENED | {"stopped_at": START, "stopped_by": "link"}, "stopped", False),
        (OPENED | {"resumed_at": START}, "done", False),
        ({"alone_since": None, "alone_due_at": None}, "asked", False),
    ],
)
def test_ot_15_its_states(stored: dict[str, Any], state: str, alone: bool) -> None:
    case = replace(CASE, **stored)
    assert (state_of(case, None, START), is_alone(case)) == (state, alone)
