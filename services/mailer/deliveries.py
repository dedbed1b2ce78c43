"""The rules of a delivery: its states, its retry schedule, and uncertain attempts.

Pure rules: time is passed in, without I/O. `classify_response` reads a mail server's answer,
`decide` turns an outcome into the next state and the event that reports it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import UUID

import msgspec

from services.mailer.messages import Mail
from shared.contracts.base import Event, Sealed
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused

#: After the schedule, one attempt every hour.
HOURLY = timedelta(hours=1)
#: Before a code or link whose arrival is uncertain is sent again: what cut the connection, such as
#: a mail server that restarts, may last for some seconds.
UNCERTAIN_SCHEDULE = (timedelta(seconds=5), timedelta(seconds=30))

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
    """What one attempt resulted in, with the server's answer for the operator.

    `age` is how long ago the attempt ended, where that is found later.
    """

    kind: OutcomeKind
    reason: str | None = None
    code: int | None = None
    answer: str = ""
    age: timedelta = timedelta(0)


EXPIRED = Outcome(kind=OutcomeKind.EXPIRED, reason="expired")


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """A code, a link token, a text of the desk, sealed, with the type of the message that brought
    them."""

    message_type: str
    code: Sealed | None = None
    link_token: Sealed | None = None
    text: Sealed | None = None


SECRET_FIELDS = ("code", "link_token", "text")


@dataclass(frozen=True, kw_only=True, repr=False)
class Delivery(Mail):
    """A row of `deliveries`. `cause` is the id of the event that `asked_at` for the mail.

    Code, link and text are in `secrets`; they are in clear only to build the message.
    """

    cause: str
    subject: str | None
    request_id: str | None
    traceparent: str | None
    asked_at: datetime
    expires_at: datetime
    secrets: Secrets | None = None
    state: State = State.PENDING
    deferrals: int = 0
    doubts: int = 0
    claim: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Transition:
    """The next state, when it is due, and the event that reports it."""

    state: State
    event: type[Event] | None = None
    reason: str | None = None
    due_at: datetime | None = None
    deferrals: int
    uncertain_attempts: int

    @property
    def final(self) -> bool:
        """No more attempts: the secrets are deleted. A held mail keeps them."""
        return self.state in {State.ACCEPTED, State.REFUSED, State.DROPPED}


def unreachable(answer: str = "") -> Outcome:
    """The mail server is unavailable, or nothing of the message can have reached it."""
    return Outcome(kind=OutcomeKind.DEFERRED, reason="unreachable", answer=answer)


def classify_response(stage: Stage, code: int, answer: str) -> Outcome:
    """The outcome of an answer that did not accept: deferred (4xx) or refused (5xx).

    >>> classify_response(Stage.RECIPIENT, 550, "5.1.1 no such user").reason
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
    delivery: Delivery, outcome: Outcome, now: datetime, schedule: Sequence[timedelta]
) -> Transition:
    """The transition that follows an outcome."""
    deferrals = delivery.deferrals + (outcome.kind is OutcomeKind.DEFERRED)
    uncertain_attempts = delivery.doubts + (outcome.kind is OutcomeKind.UNCERTAIN)
    to = partial(Transition, deferrals=deferrals, uncertain_attempts=uncertain_attempts)
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return to(state=State.ACCEPTED, event=MailAccepted)
        case OutcomeKind.REFUSED:
            return to(state=State.REFUSED, event=MailRefused, reason=outcome.reason)
        case OutcomeKind.EXPIRED:
            return to(state=State.DROPPED, event=MailRefused, reason="expired")
        case OutcomeKind.UNCERTAIN:
            # A code or link is sent again while it is valid; anything else is held for a person.
            if delivery.template.carries_secret and delivery.doubts < len(UNCERTAIN_SCHEDULE):
                due_at = max(now, now - outcome.age + UNCERTAIN_SCHEDULE[delivery.doubts])
                if due_at < delivery.expires_at:
                    return to(state=State.PENDING, reason="in_doubt", due_at=due_at)
            return to(state=State.HELD, event=MailRefused, reason="in_doubt")
        case OutcomeKind.DEFERRED:
            due_at = next_try(deferrals, now, schedule)
            if due_at >= delivery.expires_at:
                return to(state=State.REFUSED, event=MailRefused, reason="expired")
            return to(
                state=State.DEFERRED, event=MailDeferred, reason=outcome.reason, due_at=due_at
            )
