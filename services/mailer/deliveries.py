"""The rules of a delivery: its states, its retry schedule, and uncertain attempts.

Pure rules: time is passed in, without I/O. `judge` reads a mail server's answer, `decide`
turns an outcome into the next state and the event that reports it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: After the schedule, one attempt every hour.
HOURLY = timedelta(hours=1)

#: Codes for a mailbox that does not exist, unless an enhanced code says otherwise.
_UNKNOWN_CODES = frozenset({550, 551, 553})
_FULL_CODES = frozenset({452, 552})
_ENHANCED = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")


class State(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    SENDING = "sending"
    TRANSMITTING = "transmitting"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    DROPPED = "dropped"
    HELD = "held"


class StatusEvent(StrEnum):
    """Which event reports a transition."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"


class Stage(StrEnum):
    """The SMTP command that was refused."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


class OutcomeKind(StrEnum):
    """What one attempt resulted in."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "in_doubt"
    EXPIRED = "too_late"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one attempt resulted in, with the server's answer for the operator."""

    kind: OutcomeKind
    reason: str | None = None
    code: int | None = None
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class DeliveryFacts:
    """What the rules need to know of a delivery."""

    carries_secret: bool
    deferrals: int
    uncertain_attempts: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Transition:
    """The next state, when it is due, and the event that reports it."""

    state: State
    event: StatusEvent | None
    reason: str | None
    due_at: datetime | None
    deferrals: int
    uncertain_attempts: int

    @property
    def final(self) -> bool:
        """No more attempts: the secrets are deleted. A held mail keeps them."""
        return self.state in {State.ACCEPTED, State.REFUSED, State.DROPPED}


def classify_response(stage: Stage, code: int, answer: str) -> Outcome:
    """The outcome of an answer that did not accept: deferred (4xx) or refused (5xx).

    >>> judge(Stage.RECIPIENT, 550, "5.1.1 no such user").reason
    'unknown_mailbox'
    """
    found = _ENHANCED.search(answer)
    enhanced = found.group(1) if found else ""
    kind = OutcomeKind.REFUSED if 500 <= code < 600 else OutcomeKind.DEFERRED
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
    """When the attempt after this deferral is due; hourly after the schedule (EM-11)."""
    delay = schedule[deferrals - 1] if deferrals <= len(schedule) else HOURLY
    return now + delay


def decide(
    facts: DeliveryFacts, outcome: Outcome, now: datetime, schedule: Sequence[timedelta]
) -> Transition:
    """The transition that follows an outcome."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return _transition(facts, State.ACCEPTED, StatusEvent.ACCEPTED, None)
        case OutcomeKind.REFUSED:
            return _transition(facts, State.REFUSED, StatusEvent.REFUSED, outcome.reason)
        case OutcomeKind.EXPIRED:
            return _transition(facts, State.DROPPED, StatusEvent.REFUSED, "expired")
        case OutcomeKind.UNCERTAIN:
            return _uncertain(facts, now)
        case OutcomeKind.DEFERRED:
            return _defer(facts, outcome, now, schedule)


def _uncertain(facts: DeliveryFacts, now: datetime) -> Transition:
    """A code or link is sent again, once; anything else is held for a person."""
    uncertain_attempts = facts.uncertain_attempts + 1
    if not facts.carries_secret or facts.uncertain_attempts:
        return _transition(
            facts,
            State.HELD,
            StatusEvent.REFUSED,
            "in_doubt",
            uncertain_attempts=uncertain_attempts,
        )
    return _transition(
        facts, State.PENDING, None, "in_doubt", due_at=now, uncertain_attempts=uncertain_attempts
    )


def _defer(
    facts: DeliveryFacts, outcome: Outcome, now: datetime, schedule: Sequence[timedelta]
) -> Transition:
    deferrals = facts.deferrals + 1
    due_at = next_try(deferrals, now, schedule)
    if due_at >= facts.expires_at:
        return _transition(
            facts, State.REFUSED, StatusEvent.REFUSED, "expired", deferrals=deferrals
        )
    return _transition(
        facts,
        State.DEFERRED,
        StatusEvent.DEFERRED,
        outcome.reason or "unreachable",
        due_at=due_at,
        deferrals=deferrals,
    )


def _transition(
    facts: DeliveryFacts,
    state: State,
    event: StatusEvent | None,
    reason: str | None,
    *,
    due_at: datetime | None = None,
    deferrals: int | None = None,
    uncertain_attempts: int | None = None,
) -> Transition:
    return Transition(
        state=state,
        event=event,
        reason=reason,
        due_at=due_at,
        deferrals=facts.deferrals if deferrals is None else deferrals,
        uncertain_attempts=facts.uncertain_attempts
        if uncertain_attempts is None
        else uncertain_attempts,
    )
