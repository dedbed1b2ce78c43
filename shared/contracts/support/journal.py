"""Requests about the journal: an account's story, the desk's page of it, exports, and what its
holder sees: their activity, and who looked at the account.

`agent_id` is the agent whose session sends the request. Requests of agents are refused with
`forbidden` (one's role) or `unknown_choice` (params: field).
"""

from datetime import date, datetime
from typing import Any

import msgspec

from shared.contracts.base import Event, Reply, Request, Sealed, event, request
from shared.contracts.support.acts import OWNER

#: What a list can be restricted to; an empty text is all.
FILTERS = ("", "security", "agents", "mails")
#: Entries of one page of a story, and of the desk's journal.
TIMELINE_SIZE = 50
JOURNAL_SIZE = 25
#: The longest time that one page of the desk's journal covers.
MAX_DAYS = 31


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the journal.

    `type` is the event's, or `support.` with the name of a record. `facts` are its fields that say
    nothing about a person. `agent_id` and `agent_role` are who did it, where an agent did;
    `agent_name` is empty for whoever may not know it. `about_agent` is the id of the agent whose
    account it is about, in place of `account_id`.
    """

    entry_id: str
    at: datetime
    type: str
    section: str
    facts: dict[str, Any]
    account_id: str = ""
    agent_id: str = ""
    agent_role: str = ""
    agent_name: str = ""
    about_agent: str = ""


class TimelineView(Reply, frozen=True, kw_only=True):
    """A page of an account's story, newest first. `after` continues it; None at the end.

    `values` is sealed for who asked: a JSON object of what entries say about the person, by entry
    and field, without what the look does not open. Entries before `acts_only_before` are acts
    alone: everything else of that time was deleted.
    """

    entries: tuple[EntryView, ...]
    acts_only_before: date
    after: str | None = None
    values: Sealed | None = None


class VerificationView(msgspec.Struct, frozen=True, kw_only=True):
    """The last verification of the journal: `findings` are 0 where it is intact. Of the first of
    them: its kind (`services.support.journal_verification`), and the number of its link, up to
    `first_until`, or 0 and that of its entry."""

    at: datetime
    links: int
    findings: int
    first_kind: str = ""
    first_link: int = 0
    first_until: int = 0
    first_entry: int = 0
    anchored_at: datetime | None = None


class JournalView(Reply, frozen=True, kw_only=True):
    """A page of the desk's journal, newest first. `after` continues it; None at the end.
    `verification` is None before the first one."""

    entries: tuple[EntryView, ...]
    after: str | None = None
    verification: VerificationView | None = None


class LookRow(msgspec.Struct, frozen=True, kw_only=True):
    """One look at an account, as its holder sees it. Where it was `deferred`, role and reason are
    empty."""

    at: datetime
    role: str
    reason: str
    deferred: bool = False


class LooksView(Reply, frozen=True, kw_only=True):
    """Every look of twelve months, newest first."""

    looks: tuple[LookRow, ...]


class LookDeferredView(Reply, frozen=True, kw_only=True):
    """The look is shown to the person from `until` on."""

    until: datetime


class ExportRow(msgspec.Struct, frozen=True, kw_only=True):
    """An export that two people agreed to. It can be downloaded until `expires_at`."""

    export_id: str
    first_day: date
    last_day: date
    reason: str
    proposed_by_name: str
    approved_by_name: str
    made_at: datetime
    expires_at: datetime


class ExportsView(Reply, frozen=True, kw_only=True):
    """The exports that can be downloaded, newest first."""

    exports: tuple[ExportRow, ...]


class ExportPart(Reply, frozen=True, kw_only=True):
    """Some lines of an export. `lines` is sealed for the desk: a JSON array of entries. `after`
    continues it; None at the end."""

    lines: Sealed
    after: str | None = None


@event(OWNER)
class JournalExportReady(Event, frozen=True, kw_only=True):
    """An export that two people agreed to can be downloaded until `expires_at`.

    The subject is the agent who proposed it, at `address`. `approved_by` is the other one's name.
    """

    proposal_id: str
    address: str
    language: str
    approved_by: str
    made_at: datetime
    expires_at: datetime


@request(OWNER, TimelineView, changes=False)
class ReadTimeline(Request, frozen=True, kw_only=True):
    """An account's story, for an agent who has opened the account today; refused with `not_opened`
    otherwise. `show` is one of `FILTERS`."""

    agent_id: str
    account_id: str
    show: str = ""
    after: str = ""


@request(OWNER, JournalView, changes=False)
class ReadJournal(Request, frozen=True, kw_only=True):
    """What agents did from `first_day` to `last_day`, days of Paris, `MAX_DAYS` at most.

    `show` is `agents` or one of the other `FILTERS`; `account_id` and `by_agent` restrict it
    further. Only an auditor asks `by_agent`.
    """

    agent_id: str
    first_day: date
    last_day: date
    show: str = "agents"
    account_id: str = ""
    by_agent: str = ""
    after: str = ""


@request(OWNER, LookDeferredView, changes=True)
class DeferLook(Request, frozen=True, kw_only=True):
    """Show one look to the person later, under an inquiry. `days` is 1 to 365, from now.

    Refused with `not_found` (no such look) or `stale` (deferred already).
    """

    agent_id: str
    entry_id: str
    days: int


@request(OWNER, ExportsView, changes=False)
class ListExports(Request, frozen=True, kw_only=True):
    """The exports that can be downloaded."""

    agent_id: str


@request(OWNER, ExportPart, changes=False)
class ReadExport(Request, frozen=True, kw_only=True):
    """The next lines of an export. The first part of each download is in the journal. Refused with
    `not_found`."""

    agent_id: str
    export_id: str
    after: str = ""


@request(OWNER, TimelineView, changes=False)
class ListActivity(Request, frozen=True, kw_only=True):
    """What happened to an account in twelve months, for its holder: sign-ins, refusals, changes,
    mails. Sealed for the gateway; names of agents are not in it."""

    account_id: str
    after: str = ""


@request(OWNER, LooksView, changes=False)
class ListLooks(Request, frozen=True, kw_only=True):
    """Who looked at an account in twelve months, for its holder: date, role and reason, never a
    name."""

    account_id: str
