"""A request of a person to the desk, as the table has one, and how it moves. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from services.support.request_states import (
    CLOSED,
    LAPSE_AFTER,
    OWED,
    REMINDER_AFTER,
    Action,
    State,
    accepts_reply,
    next_state,
    reply_until,
)
from shared.contracts.base import Sealed
from shared.domain.working_days import is_working_day, paris_day

#: The action of the first entry of every thread.
RECEIVE = "receive"


@dataclass(frozen=True, kw_only=True)
class PersonRequest:
    """A request; fields as the columns. `details` and `contact` are sealed under support's key."""

    number: str
    kind: str
    channel: str
    received_at: datetime
    promised_on: date
    answer_by: date
    details: Sealed
    contact: Sealed | None = None
    language: str = ""
    account_id: str | None = None
    about: str = ""
    stolen: bool = False
    state: State = State.RECEIVED
    version: int = 1
    agent_id: str | None = None
    delayed_at: datetime | None = None
    asked_at: datetime | None = None
    reminded_at: datetime | None = None
    planned_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.closed_at is None

    @property
    def reply_until(self) -> datetime | None:
        """Until when a reply reopens it; None where none does, or it is open."""
        return reply_until(self.state, self.closed_at)

    def accepts_reply(self, now: datetime) -> bool:
        """Whether the person can write."""
        return accepts_reply(self.state, self.closed_at, now)

    def late_days(self, today: date) -> int:
        """Working days since the first promise; 0 where an answer is not due, or has been given."""
        if self.state not in OWED or today <= self.promised_on:
            return 0
        return working_days_between(self.promised_on, today)

    def is_delayed(self, now: datetime) -> bool:
        """Whether the person is now told of another day: once, after the promised one."""
        missed = paris_day(now) > self.promised_on
        return self.state in OWED and self.delayed_at is None and missed

    def is_to_remind(self, now: datetime) -> bool:
        """Whether the person has been waited for long enough to be reminded, once."""
        waited = self.asked_at is not None and now >= self.asked_at + REMINDER_AFTER
        return self.state == State.WAITING and self.reminded_at is None and waited

    def is_to_lapse(self, now: datetime) -> bool:
        """Whether the person has been waited for in vain."""
        waited = self.asked_at is not None and now >= self.asked_at + LAPSE_AFTER
        return self.state == State.WAITING and waited

    def moved(
        self,
        action: Action,
        now: datetime,
        *,
        agent_id: str | None = None,
        reason: str = "",
        answer_by: date | None = None,
        planned_at: datetime | None = None,
    ) -> "PersonRequest":
        """The request after `action`. Raises `InvalidTransition`.

        `answer_by` is the promise that runs from now on, where the desk owes an answer again.
        """
        state = next_state(self.state, action)
        agents = {Action.TAKE: agent_id, Action.RELEASE: None}
        after = replace(
            self,
            state=state,
            version=self.version + 1,
            agent_id=agents.get(action, self.agent_id),
            asked_at=None if state != State.WAITING else self.asked_at,
            reminded_at=None if state != State.WAITING else self.reminded_at,
            planned_at=(planned_at or self.planned_at) if state == State.PLANNED else None,
            closed_at=now if state in CLOSED else None,
            reason=reason if state in CLOSED else "",
        )
        if action == Action.ASK:
            after = replace(after, asked_at=now, reminded_at=None)
        if state in OWED and self.state not in OWED and answer_by is not None:
            # The promise begins anew; a day that was missed before stays missed.
            kept = self.is_open and self.delayed_at is not None
            after = replace(
                after,
                answer_by=answer_by,
                promised_on=self.promised_on if kept else answer_by,
                delayed_at=self.delayed_at if kept else None,
                agent_id=after.agent_id if self.is_open else None,
            )
        return after


def working_days_between(start: date, end: date) -> int:
    """The working days after `start` up to `end`.

    >>> working_days_between(date(2026, 12, 24), date(2026, 12, 29))
    2
    """
    days = range(start.toordinal() + 1, end.toordinal() + 1)
    return sum(is_working_day(date.fromordinal(day)) for day in days)
