"""What happens to a request, in the transaction of the change: state, thread, event, mail.

Every change of a request goes through `receive` or `move`, by whoever made it: a form, an agent, an
act, the clock. Acts about a request call `move` in their own transaction.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from services.support import lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.lost_phones import may_close
from services.support.people_requests import RECEIVE, PersonRequest
from services.support.request_states import CLOSED, Action, State
from services.support.request_store import Entry
from shared.contracts.base import Event, Sealed
from shared.contracts.support.people_requests import (
    FollowUpLinkRequested,
    RequestAnswered,
    RequestClosed,
    RequestDelayed,
    RequestMoved,
    RequestReceived,
    RequestReleased,
    RequestReminded,
    RequestReplied,
    RequestTaken,
)
from shared.database import Connection
from shared.domain.working_days import paris_day
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, new_token, seal_context

LINK = "support/request link"
#: A request may wait long for its person; its number sends another link.
LINK_TIME = timedelta(days=60)
#: What sealed columns are bound to.
DETAILS, CONTACT, TEXT = "requests/details", "requests/contact", "request_entries/text"

log = get_logger("support")


@dataclass(frozen=True, kw_only=True)
class Change(ActContext):
    """One transaction in which requests change, at one moment."""

    @classmethod
    def within(cls, acting: ActContext) -> Self:
        """That of what is being decided on an act or a lost phone."""
        return cls(tx=acting.tx, deps=acting.deps, now=acting.now, source=acting.source)

    async def publish(self, event: Event, one: PersonRequest) -> None:
        """Publish an event about a request when the transaction commits."""
        await self.emit(event, subject=one.account_id)

    def seal(self, text: str, purpose: str) -> Sealed:
        """A text as the tables have it."""
        return self.deps.own_sealer.seal(text, purpose)

    async def mailed(self, kind: type[Event], one: PersonRequest, text: str = "") -> dict[str, Any]:
        """The fields of an event that causes a mail: a new link, and to whom it goes."""
        token = new_token()
        link_hash = keyed_hash(self.deps.token_keys, LINK, token)[1]
        await request_store.add_link(self.tx, one.number, link_hash, self.now + LINK_TIME)
        seal = self.deps.mailer_sealer.seal
        fields: dict[str, Any] = {
            "number": one.number,
            "kind": one.kind,
            "link_token": seal(token, seal_context(kind, "link_token")),
            "language": one.language,
        }
        if one.contact is not None:
            address = self.deps.opener.open(one.contact, CONTACT)
            fields["address"] = seal(address, seal_context(kind, "address"))
        if text:
            fields["text"] = seal(text, seal_context(kind, "text"))
        return fields


async def receive(
    change: Change, new: PersonRequest, agent_id: str | None = None, *, alone: bool = False
) -> bool:
    """Store a request and have its number and date mailed; False where the number is known.

    `alone`: it waits without an agent, and its own notices tell when.
    """
    if not await request_store.add(change.tx, new):
        return False
    author = "agent" if agent_id else "person"
    first = Entry(position=1, action=RECEIVE, author=author, agent_id=agent_id, at=new.received_at)
    await request_store.add_entry(change.tx, new.number, first)
    event = RequestReceived(
        channel=new.channel,
        answer_by=new.answer_by.isoformat(),
        received_at=new.received_at,
        alone=alone,
        **await change.mailed(RequestReceived, new),
    )
    await change.publish(event, new)
    log.info(
        "A request arrived at the desk.",
        action="request_received",
        number=new.number,
        account=new.account_id,
    )
    return True


async def move(
    change: Change,
    one: PersonRequest,
    action: Action,
    *,
    agent_id: str | None = None,
    author: str = "",
    text: str = "",
    reason: str = "",
    planned_at: datetime | None = None,
) -> PersonRequest:
    """Carry out one action on a locked request. Raises `InvalidTransition`.

    `author` is `person`, `agent` or `clock`, by default the agent where there is one. The events
    say what the person and the journal are told.
    """
    answer_by = change.deps.settings.answer_by(one.kind, change.now)
    after = one.moved(
        action,
        change.now,
        agent_id=agent_id,
        reason=reason,
        answer_by=answer_by,
        planned_at=planned_at,
    )
    entry = Entry(
        position=after.version,
        action=action,
        author=author or ("agent" if agent_id else "clock"),
        agent_id=agent_id,
        reason=reason,
        text=change.seal(text, TEXT) if text else None,
        at=change.now,
    )
    await request_store.save(change.tx, after, entry)
    event = await _event(change, one, after, action, agent_id or "", text)
    await change.publish(event, after)
    log.info(
        "A request changed.",
        action="request_moved",
        number=one.number,
        what=str(action),
        state=str(after.state),
        agent=agent_id,
    )
    return after


async def may_be_closed(tx: Connection, number: str, now: datetime) -> bool:
    """Whether an agent, or the clock, may close a request; one that is no lost phone always."""
    case = await lost_phone_store.find(tx, number)
    return case is None or may_close(case, await lost_phone_store.calls(tx, number), now)


async def close_linked(
    change: Change, one: PersonRequest, action: Action, agent_id: str, reason: str
) -> list[str]:
    """Close the other open requests of the same account and kind for the same reason.

    Those that wait for a second person or a date are left: their act goes on. So are lost phones
    that cannot be closed yet.
    """
    closed = []
    for other in await request_store.lock_linked(change.tx, one):
        if other.state in (State.IN_APPROVAL, State.PLANNED):
            continue
        if not await may_be_closed(change.tx, other.number, change.now):
            continue
        taken = other
        if other.agent_id != agent_id or other.state == State.RECEIVED:
            taken = await move(change, other, Action.TAKE, agent_id=agent_id)
        await move(change, taken, action, agent_id=agent_id, reason=reason)
        closed.append(other.number)
    return closed


async def delay(change: Change, one: PersonRequest) -> None:
    """The promised day has passed: tell the person the next one, once. It stays late."""
    answer_by = change.deps.settings.answer_by(one.kind, change.now)
    after = replace(one, answer_by=answer_by, delayed_at=change.now)
    await request_store.save(change.tx, after, None)
    event = RequestDelayed(
        answer_by=answer_by.isoformat(),
        delayed_at=change.now,
        **await change.mailed(RequestDelayed, after),
    )
    await change.publish(event, after)


async def remind(change: Change, one: PersonRequest, closes_at: datetime) -> None:
    """The person has not replied for long: say until when that is possible, once."""
    after = replace(one, reminded_at=change.now)
    await request_store.save(change.tx, after, None)
    event = RequestReminded(
        closes_on=paris_day(closes_at).isoformat(),
        reminded_at=change.now,
        **await change.mailed(RequestReminded, after),
    )
    await change.publish(event, after)


async def send_link(change: Change, one: PersonRequest) -> None:
    """Send another link to the page of a request, to the address that made it."""
    event = FollowUpLinkRequested(
        requested_at=change.now,
        expires_at=change.now + LINK_TIME,
        **await change.mailed(FollowUpLinkRequested, one),
    )
    await change.publish(event, one)


async def _event(
    change: Change,
    before: PersonRequest,
    after: PersonRequest,
    action: Action,
    agent_id: str,
    text: str,
) -> Event:
    number, now = after.number, change.now
    if after.state in CLOSED:
        until = after.reply_until
        return RequestClosed(
            state=str(after.state),
            reason=after.reason,
            closed_at=now,
            reply_until="" if until is None else paris_day(until).isoformat(),
            agent_id=agent_id,
            **await change.mailed(RequestClosed, after, text),
        )
    if action == Action.TAKE:
        return RequestTaken(number=number, agent_id=agent_id, taken_at=now)
    if action == Action.RELEASE:
        return RequestReleased(number=number, agent_id=agent_id, released_at=now)
    if action == Action.REPLY:
        return RequestReplied(number=number, reopened=not before.is_open, replied_at=now)
    if action in (Action.ANSWER, Action.ASK):
        return RequestAnswered(
            agent_id=agent_id,
            asks=action == Action.ASK,
            answered_at=now,
            **await change.mailed(RequestAnswered, after, text),
        )
    return RequestMoved(number=number, state=str(after.state), moved_at=now)
