"""The machine of a request, cell by cell, and until when a reply reopens it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.support.request_states import (
    CLOSED,
    DONE_REASONS,
    OPEN,
    REFUSED_REASONS,
    REOPEN_FOR,
    TRANSITIONS,
    Action,
    InvalidTransition,
    State,
    accepts_reply,
    closing_action,
    next_state,
    reply_until,
)

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
#: Columns: take release answer ask propose finish refuse reply cancel approve plan stop lapse.
TABLE = """
received     in_progress -        -           -       -           -    -       received    cancelled -       planned -           -
in_progress  in_progress received in_progress waiting in_approval done refused in_progress cancelled -       -       -           -
waiting      waiting     waiting  waiting     waiting in_approval done refused in_progress cancelled -       -       in_progress lapsed
in_approval  -           -        in_approval -       -           done -       in_approval cancelled planned -       in_progress -
planned      planned     -        planned     -       -           done -       planned     cancelled -       planned in_progress -
done         -           -        -           -       -           -    -       received    -         -       -       -           -
refused      -           -        -           -       -           -    -       received    -         -       -       -           -
cancelled    -           -        -           -       -           -    -       -           -         -       -       -           -
lapsed       -           -        -           -       -           -    -       received    -         -       -       -           -
"""  # noqa: E501 - a table
ACTIONS = [
    "take",
    "release",
    "answer",
    "ask",
    "propose",
    "finish",
    "refuse",
    "reply",
    "cancel",
    "approve",
    "plan",
    "stop",
    "lapse",
]
CELLS = [
    (state, action, end)
    for state, *ends in (line.split() for line in TABLE.strip().splitlines())
    for action, end in zip(ACTIONS, ends, strict=True)
]


@pytest.mark.parametrize(("state", "action", "end"), CELLS)
def test_each_cell_of_the_machine(state: str, action: str, end: str) -> None:
    if end == "-":
        with pytest.raises(InvalidTransition):
            next_state(State(state), Action(action))
    else:
        assert next_state(State(state), Action(action)) == end


def test_the_table_has_every_state_and_action() -> None:
    assert {state for state, _, _ in CELLS} == set(State)
    assert set(ACTIONS) == set(Action)
    assert set(OPEN) | set(CLOSED) == set(State)
    assert set(TRANSITIONS.values()) == set(State)


@pytest.mark.parametrize("state", State)
def test_a_request_can_be_cancelled_at_any_time_before_it_is_done(state: State) -> None:
    assert ((state, Action.CANCEL) in TRANSITIONS) == (state in OPEN)


@pytest.mark.parametrize("state", [State.DONE, State.REFUSED, State.LAPSED])
def test_a_reply_reopens_for_thirty_days(state: State) -> None:
    assert reply_until(state, NOW) == NOW + REOPEN_FOR
    assert accepts_reply(state, NOW, NOW + REOPEN_FOR - timedelta(seconds=1))
    assert not accepts_reply(state, NOW, NOW + REOPEN_FOR)


def test_nothing_reopens_what_the_person_cancelled() -> None:
    assert reply_until(State.CANCELLED, NOW) is None
    assert not accepts_reply(State.CANCELLED, NOW, NOW)


def test_an_agent_closes_for_a_reason_of_the_list_only() -> None:
    assert {closing_action(reason) for reason in DONE_REASONS} == {Action.FINISH}
    assert {closing_action(reason) for reason in REFUSED_REASONS} == {Action.REFUSE}
    with pytest.raises(KeyError):
        closing_action("by_person")
