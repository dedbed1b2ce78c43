"""The states of a request and what leads from one to another, as data. Pure.

`TRANSITIONS` is the whole machine: what is not in it is refused. Who may do what is in
`permissions`; what a lost phone goes through between `in_approval` and `done` has its own states.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    IN_APPROVAL = "in_approval"
    PLANNED = "planned"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class Action(StrEnum):
    """What is done to a request: by an agent, by the person, by an act or by the clock."""

    TAKE = "take"
    RELEASE = "release"
    ANSWER = "answer"
    ASK = "ask"
    PROPOSE = "propose"
    FINISH = "finish"
    REFUSE = "refuse"
    REPLY = "reply"
    CANCEL = "cancel"
    APPROVE = "approve"
    PLAN = "plan"
    STOP = "stop"
    LAPSE = "lapse"


#: Before anything final: the person can cancel.
OPEN = (State.RECEIVED, State.IN_PROGRESS, State.WAITING, State.IN_APPROVAL, State.PLANNED)
CLOSED = (State.DONE, State.REFUSED, State.CANCELLED, State.LAPSED)
#: A reply of the person reopens these for a while.
REOPENED_BY_REPLY = (State.DONE, State.REFUSED, State.LAPSED)
#: The desk owes an answer: the promise runs.
OWED = (State.RECEIVED, State.IN_PROGRESS)

TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.RECEIVED, Action.TAKE): State.IN_PROGRESS,
    # From a colleague, who sees it.
    (State.IN_PROGRESS, Action.TAKE): State.IN_PROGRESS,
    (State.WAITING, Action.TAKE): State.WAITING,
    (State.IN_PROGRESS, Action.RELEASE): State.RECEIVED,
    (State.WAITING, Action.RELEASE): State.WAITING,
    (State.IN_PROGRESS, Action.ANSWER): State.IN_PROGRESS,
    (State.WAITING, Action.ANSWER): State.WAITING,
    (State.IN_APPROVAL, Action.ANSWER): State.IN_APPROVAL,
    (State.PLANNED, Action.ANSWER): State.PLANNED,
    (State.IN_PROGRESS, Action.ASK): State.WAITING,
    (State.WAITING, Action.ASK): State.WAITING,
    (State.IN_PROGRESS, Action.PROPOSE): State.IN_APPROVAL,
    (State.WAITING, Action.PROPOSE): State.IN_APPROVAL,
    (State.IN_APPROVAL, Action.APPROVE): State.PLANNED,
    # Without an agent, and again where its date changes.
    (State.RECEIVED, Action.PLAN): State.PLANNED,
    (State.PLANNED, Action.PLAN): State.PLANNED,
    # What its person writes meanwhile is read.
    (State.PLANNED, Action.TAKE): State.PLANNED,
    # An act was refused, stopped or expired: an agent goes on.
    (State.IN_APPROVAL, Action.STOP): State.IN_PROGRESS,
    (State.PLANNED, Action.STOP): State.IN_PROGRESS,
    # Nobody replied, and the request cannot be closed yet.
    (State.WAITING, Action.STOP): State.IN_PROGRESS,
    (State.IN_PROGRESS, Action.FINISH): State.DONE,
    (State.WAITING, Action.FINISH): State.DONE,
    (State.IN_APPROVAL, Action.FINISH): State.DONE,
    (State.PLANNED, Action.FINISH): State.DONE,
    (State.IN_PROGRESS, Action.REFUSE): State.REFUSED,
    (State.WAITING, Action.REFUSE): State.REFUSED,
    (State.RECEIVED, Action.REPLY): State.RECEIVED,
    (State.IN_PROGRESS, Action.REPLY): State.IN_PROGRESS,
    (State.WAITING, Action.REPLY): State.IN_PROGRESS,
    (State.IN_APPROVAL, Action.REPLY): State.IN_APPROVAL,
    (State.PLANNED, Action.REPLY): State.PLANNED,
    **dict.fromkeys(((state, Action.REPLY) for state in REOPENED_BY_REPLY), State.RECEIVED),
    **dict.fromkeys(((state, Action.CANCEL) for state in OPEN), State.CANCELLED),
    (State.WAITING, Action.LAPSE): State.LAPSED,
}

#: Why an agent closes a request; the person is told in words.
DONE_REASONS = ("done_as_asked", "answered", "nothing_to_change")
REFUSED_REASONS = ("not_verified", "not_possible", "not_ours")
#: What closes without an agent.
BY_PERSON, NO_REPLY, ACT_STOPPED = "by_person", "no_reply", "act_stopped"
CLOSING_REASONS = (*DONE_REASONS, *REFUSED_REASONS, BY_PERSON, NO_REPLY, ACT_STOPPED)

REMINDER_AFTER = timedelta(days=15)
LAPSE_AFTER = timedelta(days=30)
REOPEN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class InvalidTransition(Exception):
    """A request in `state` does not allow `action`."""

    state: State
    action: Action

    def __str__(self) -> str:
        return f"a request that is {self.state} does not allow {self.action}"


def next_state(state: State, action: Action) -> State:
    """The state that `action` leads to. Raises `InvalidTransition`."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise InvalidTransition(state, action) from None


def closing_action(reason: str) -> Action:
    """What an agent does who closes for `reason`. Raises `KeyError` for none of theirs."""
    actions = dict.fromkeys(DONE_REASONS, Action.FINISH) | dict.fromkeys(
        REFUSED_REASONS, Action.REFUSE
    )
    return actions[reason]


def reply_until(state: State, closed_at: datetime | None) -> datetime | None:
    """Until when a reply reopens a closed request; None where none does or it is open."""
    if closed_at is None or state not in REOPENED_BY_REPLY:
        return None
    return closed_at + REOPEN_FOR


def accepts_reply(state: State, closed_at: datetime | None, now: datetime) -> bool:
    """Whether the person can write in this request."""
    until = reply_until(state, closed_at)
    return state in OPEN or (until is not None and now < until)
