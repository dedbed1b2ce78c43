"""What is shown of the journal: filters, cursors, entries without what may not be seen. Pure."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from services.support.journal_rules import RETENTION, SECTIONS, VALUE_PARTS, Section
from shared.contracts.support.journal import (
    FILTERS,
    MAX_DAYS,
    EntryView,
    LookRow,
    VerificationView,
)
from shared.domain.typed_days import YEARS
from shared.i18n.dates import PARIS

#: Newer than any entry.
NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), 2**62)
MAX_DEFERRAL_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class StoredEntry:
    """An entry as stored; `public` and `values` are JSON objects."""

    number: int
    id: str
    account_id: str | None
    agent_id: str | None
    type: str
    section: str
    at: datetime
    public: str
    values: str | None


@dataclass(frozen=True, kw_only=True)
class Export:
    """An export that was agreed to. Its file is made while it is downloaded."""

    id: str
    first_day: date
    last_day: date
    reason: str
    proposed_by: str
    approved_by: str
    up_to: int
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class NamedAgent:
    """An agent's name and role now."""

    name: str
    role: str


@dataclass(frozen=True)
class Look:
    """A look as stored: when, its fields, and until when it was kept from the person."""

    at: datetime
    public: str
    deferred_until: datetime | None


class UnknownChoice(Exception):
    """A parameter of a list that no page of ours sends."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def sections_of(show: str) -> tuple[Section, ...]:
    """The sections that a filter keeps. Raises `UnknownChoice`."""
    if show not in FILTERS:
        raise UnknownChoice("show")
    return tuple(section for section in SECTIONS if show in ("", section))


def write_cursor(entry: StoredEntry) -> str:
    """Where the next page begins."""
    cursor = msgspec.json.encode((entry.at, entry.number))
    return base64.urlsafe_b64encode(cursor).decode()


def read_cursor(text: str) -> tuple[datetime, int]:
    """The moment and number before which a page begins. Raises `UnknownChoice`."""
    if not text:
        return NEWEST
    try:
        raw = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
        at, number = msgspec.json.decode(raw, type=tuple[datetime, int])
    except (ValueError, msgspec.MsgspecError):
        raise UnknownChoice("after") from None
    if at.tzinfo is None or not 0 <= number < 2**63:
        raise UnknownChoice("after")
    return at, number


def day_range(first: date, last: date, *, most: int = MAX_DAYS) -> tuple[datetime, datetime]:
    """The moments from the first day's begin to the last day's end, in Paris. Raises
    `UnknownChoice` for years that nobody means, days in the wrong order or more than `most`."""
    for field, day in (("first_day", first), ("last_day", last)):
        if day.year not in YEARS:
            raise UnknownChoice(field)
    if last < first:
        raise UnknownChoice("last_day")
    if (last - first).days >= most:
        raise UnknownChoice("first_day")
    end = last + timedelta(days=1)
    return start_of(first), start_of(end)


def start_of(day: date) -> datetime:
    """The first moment of a day of Paris."""
    return datetime.combine(day, time(), PARIS)


def acts_only_before(now: datetime) -> date:
    """The day before which everything but acts was deleted."""
    return (now - RETENTION).astimezone(PARIS).date()


def entry_view(
    entry: StoredEntry, agents: Mapping[str, NamedAgent], *, to_person: bool
) -> EntryView:
    """An entry as its readers see it. `agents` have the names that the reader may know: whoever may
    know none, as the person, reads no agent's id either, since that can be asked for. An entry
    about an agent's own account names that agent, but without names not who was at work when."""
    facts: dict[str, Any] = msgspec.json.decode(entry.public)
    role = str(facts.pop("role", "")) if entry.section == "agents" else ""
    if to_person:
        facts = {name: value for name, value in facts.items() if name not in _FOR_AGENTS}
    agent = None if to_person else agents.get(entry.agent_id or "")
    about, account_id = str(facts.pop("about_agent", "")), entry.account_id or ""
    if account_id in agents:
        # mfa knows no agents: its events are about an account.
        about, account_id = account_id, ""
    if entry.type in _AT_WORK and not (agent and agent.name):
        about = ""
    return EntryView(
        entry_id=entry.id,
        at=entry.at,
        type=entry.type,
        section=entry.section,
        facts=facts,
        account_id=account_id,
        agent_id=entry.agent_id or "" if agent and agent.name else "",
        agent_role=role or (agent.role if agent else ""),
        agent_name=agent.name if agent else "",
        about_agent="" if to_person else about,
    )


#: Events that say when an agent worked.
_AT_WORK = frozenset(("support.AgentSignedIn.v1", "desk.AgentSessionClosed.v1"))
#: Fields that say which agent did something, or how the desk works.
_FOR_AGENTS = frozenset(("agent_id", "proposal_id", "session_id", "cause"))


def shown_values(entries: Iterable[StoredEntry], parts: frozenset[str] | None) -> str:
    """What these entries say about the person, as a JSON object by entry and field: all of it, or
    only what belongs to the open `parts` of the account."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry.values is None:
            continue
        values: dict[str, Any] = msgspec.json.decode(entry.values)
        shown = {
            name: value
            for name, value in values.items()
            if parts is None or VALUE_PARTS.get(name) in parts
        }
        if shown:
            found[entry.id] = shown
    return msgspec.json.encode(found).decode()


def look_row(look: Look) -> LookRow:
    """A look as the person sees it, who never learns which agent it was."""
    if look.deferred_until is not None:
        return LookRow(at=look.at, role="", reason="", deferred=True)
    facts = msgspec.json.decode(look.public)
    return LookRow(at=look.at, role=facts.get("role", ""), reason=facts.get("reason", ""))


def verification_view(stored: tuple[datetime, str] | None) -> VerificationView | None:
    """The last verification, for the banner."""
    if stored is None:
        return None
    at, public = stored
    facts = msgspec.json.decode(public)
    anchored = facts.get("anchored_at")
    return VerificationView(
        at=at,
        links=facts.get("links", 0),
        findings=facts.get("findings", 0),
        first_kind=facts.get("first_kind", ""),
        first_link=facts.get("first_link", 0),
        first_until=facts.get("first_until", 0),
        first_entry=facts.get("first_entry", 0),
        anchored_at=None if anchored is None else datetime.fromisoformat(anchored),
    )


def reasons_of(publics: Sequence[str]) -> frozenset[str]:
    """The reasons of looks."""
    return frozenset(msgspec.json.decode(public).get("reason", "") for public in publics)
