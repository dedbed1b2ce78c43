"""What becomes of one mail: its states, its retry schedule, and what a doubt is worth.

Pure rules: time is passed in, nothing is opened. `judge` reads a mail server's answer, `decide`
turns an outcome into the next state and the event that tells it. Nothing here knows SMTP or SQL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: After the schedule has run out, one try every hour.
HOURLY = timedelta(hours=1)

#: Codes that speak of a mailbox which does not exist, where no enhanced code says otherwise.
_UNKNOWN_CODES = frozenset({550, 551, 553})
_FULL_CODES = frozenset({452, 552})
_ENHANCED = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENDING = "sending"
    TRANSMITTING = "transmitting"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    DROPPED = "dropped"
    HELD = "held"


class Told(StrEnum):
    """Which event tells the others."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"


class Stage(StrEnum):
    """How far the dialogue with the mail server had come."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


class Kind(StrEnum):
    """What one attempt came to."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    TOO_LATE = "too_late"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one attempt came to, with the server's own words for the operator."""

    kind: Kind
    reason: str | None = None
    code: int | None = None
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the rules need to know of a delivery. `opens`: it carries a code or link to use."""

    opens: bool
    deferrals: int
    doubts: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Step:
    """The next state, when it is due, and what is told of it."""

    state: State
    told: Told | None
    reason: str | None
    due_at: datetime | None
    deferrals: int
    doubts: int

    @property
    def final(self) -> bool:
        """Nothing more happens by itself and the secrets can go; a held mail keeps them."""
        return self.state in {State.ACCEPTED, State.REFUSED, State.DROPPED}


def judge(stage: Stage, code: int, answer: str) -> Outcome:
    """Read the answer of a mail server that did not accept: later (4xx) or never (5xx).

    >>> judge(Stage.RECIPIENT, 550, "5.1.1 no such user").reason
    'unknown_mailbox'
    """
    found = _ENHANCED.search(answer)
    enhanced = found.group(1) if found else ""
    kind = Kind.REFUSED if 500 <= code < 600 else Kind.DEFERRED
    return Outcome(kind=kind, reason=_reason(stage, code, enhanced), code=code, answer=answer)


def _reason(stage: Stage, code: int, enhanced: str) -> str:
    subject = enhanced[2:]
    if subject == "2.2" or (code in _FULL_CODES and not subject and stage is not Stage.SENDER):
        return "mailbox_full"
    if code == 421:
        return "unreachable"
    if stage is Stage.RECIPIENT and code in _UNKNOWN_CODES:
        return "unknown_mailbox" if not subject or subject.startswith("1.") else "refused"
    return "refused"


def next_try(deferrals: int, now: datetime, schedule: Sequence[timedelta]) -> datetime:
    """When the try after the `deferrals`-th deferral is due; hourly past the schedule (EM-11)."""
    delay = schedule[deferrals - 1] if deferrals <= len(schedule) else HOURLY
    return now + delay


def decide(
    standing: Standing, outcome: Outcome, now: datetime, schedule: Sequence[timedelta]
) -> Step:
    """The step that an attempt's outcome leads to."""
    match outcome.kind:
        case Kind.ACCEPTED:
            return _step(standing, State.ACCEPTED, Told.ACCEPTED, None)
        case Kind.REFUSED:
            return _step(standing, State.REFUSED, Told.REFUSED, outcome.reason)
        case Kind.TOO_LATE:
            return _step(standing, State.DROPPED, Told.REFUSED, "expired")
        case Kind.IN_DOUBT:
            return _doubt(standing, now)
        case Kind.DEFERRED:
            return _defer(standing, outcome, now, schedule)


def _doubt(standing: Standing, now: datetime) -> Step:
    """A code or link goes again, once; anything else, and a second doubt, waits for a person."""
    doubts = standing.doubts + 1
    if not standing.opens or standing.doubts:
        return _step(standing, State.HELD, Told.REFUSED, "in_doubt", doubts=doubts)
    return _step(standing, State.PENDING, None, "in_doubt", due_at=now, doubts=doubts)


def _defer(
    standing: Standing, outcome: Outcome, now: datetime, schedule: Sequence[timedelta]
) -> Step:
    deferrals = standing.deferrals + 1
    due_at = next_try(deferrals, now, schedule)
    if due_at >= standing.expires_at:
        return _step(standing, State.REFUSED, Told.REFUSED, "expired", deferrals=deferrals)
    return _step(
        standing,
        State.DEFERRED,
        Told.DEFERRED,
        outcome.reason or "unreachable",
        due_at=due_at,
        deferrals=deferrals,
    )


def _step(
    standing: Standing,
    state: State,
    told: Told | None,
    reason: str | None,
    *,
    due_at: datetime | None = None,
    deferrals: int | None = None,
    doubts: int | None = None,
) -> Step:
    return Step(
        state=state,
        told=told,
        reason=reason,
        due_at=due_at,
        deferrals=standing.deferrals if deferrals is None else deferrals,
        doubts=standing.doubts if doubts is None else doubts,
    )
