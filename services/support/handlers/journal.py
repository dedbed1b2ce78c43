"""Answers about the journal: to agents by their role, to the account's holder without names."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import msgspec

from services.support import journal_query_store as query
from services.support.act_details import MAX_EXPORT_DAYS
from services.support.authorization import forbidden, require_act, require_view
from services.support.deps import Deps
from services.support.journal_rules import LOOKS, PERSON_SECTIONS, RETENTION, person_types
from services.support.journal_views import (
    MAX_DEFERRAL_DAYS,
    Export,
    NamedAgent,
    StoredEntry,
    UnknownChoice,
    acts_only_before,
    day_range,
    entry_view,
    look_row,
    read_cursor,
    reasons_of,
    sections_of,
    shown_values,
    start_of,
    verification_view,
    write_cursor,
)
from services.support.permissions import may_view, open_fields
from shared.contracts.base import Refusal, Sealed
from shared.contracts.support import journal as contracts
from shared.contracts.support.journal import JOURNAL_SIZE, TIMELINE_SIZE
from shared.database import Connection
from shared.domain.account_ids import account_ids
from shared.i18n.dates import PARIS
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import Sealer, seal_context

LOOK_TYPES = tuple(f"support.{name}" for name in LOOKS)
#: Entries of one part of an export: far below the size of a message.
EXPORT_SIZE = 100
#: A file that takes longer is written down once more.
DOWNLOAD_TIME = timedelta(hours=1)


async def read_timeline(
    request: contracts.ReadTimeline, context: RequestContext[Deps]
) -> contracts.TimelineView:
    """An account's story, of values only what the agent's looks of today open."""
    tx, now = context.tx, context.now()
    agent = await require_view(tx, request.agent_id, "account")
    midnight = start_of(now.astimezone(PARIS).date())
    looks = await query.read_own_looks(tx, request.account_id, agent.id, LOOK_TYPES, midnight)
    if not looks:
        raise Refused(Refusal(slug="not_opened"))
    with _refuse_unknown():
        sections, before = sections_of(request.show), read_cursor(request.after)
    found = await query.read_timeline(tx, request.account_id, sections, before, TIMELINE_SIZE + 1)
    shown = found[:TIMELINE_SIZE]
    parts = open_fields(agent.role, reasons_of(looks))
    agents = await _agents(tx, agent.role, shown)
    return contracts.TimelineView(
        entries=tuple(entry_view(entry, agents, to_person=False) for entry in shown),
        acts_only_before=acts_only_before(now),
        after=write_cursor(shown[-1]) if len(found) > len(shown) else None,
        values=_seal(context.deps.desk_sealer, shown_values(shown, parts)),
    )


async def list_activity(
    request: contracts.ListActivity, context: RequestContext[Deps]
) -> contracts.TimelineView:
    """Twelve months of an account, for its holder."""
    now = context.now()
    with _refuse_unknown():
        before = read_cursor(request.after)
    found = await query.read_activity(
        context.tx,
        request.account_id,
        PERSON_SECTIONS,
        person_types(),
        now - RETENTION,
        before,
        TIMELINE_SIZE + 1,
    )
    shown = found[:TIMELINE_SIZE]
    return contracts.TimelineView(
        entries=tuple(entry_view(entry, {}, to_person=True) for entry in shown),
        acts_only_before=acts_only_before(now),
        after=write_cursor(shown[-1]) if len(found) > len(shown) else None,
        values=_seal(context.deps.gateway_sealer, shown_values(shown, None)),
    )


async def list_looks(
    request: contracts.ListLooks, context: RequestContext[Deps]
) -> contracts.LooksView:
    """Who looked at an account: date, role, reason."""
    now = context.now()
    looks = await query.read_looks(context.tx, request.account_id, LOOK_TYPES, now - RETENTION, now)
    return contracts.LooksView(looks=tuple(look_row(look) for look in looks))


async def read_journal(
    request: contracts.ReadJournal, context: RequestContext[Deps]
) -> contracts.JournalView:
    """The desk's journal; by agent for auditors only, whose questions are in the journal too."""
    tx = context.tx
    agent = await require_view(tx, request.agent_id, "journal")
    if request.by_agent and not may_view(agent.role, "journal_by_agent"):
        raise forbidden(agent.id, "journal_by_agent")
    with _refuse_unknown():
        account_id = _known_id("account_id", request.account_id)
        by_agent = _known_id("by_agent", request.by_agent)
        begin, end = day_range(request.first_day, request.last_day)
        sections = sections_of(request.show)
        _, before = read_cursor(request.after)
    # Every page: where one begins stands in the URL, and whoever asks may have written that.
    await context.deps.journal.record(
        tx,
        "JournalRead",
        now=context.now(),
        agent_id=agent.id,
        account_id=account_id,
        role=agent.role,
        agent=by_agent or "",
        **{"from": str(request.first_day), "to": str(request.last_day)},
    )
    found = await query.read_journal(
        tx,
        begin,
        end,
        sections=sections,
        account_id=account_id,
        agent_id=by_agent,
        before=before,
        limit=JOURNAL_SIZE + 1,
    )
    shown = found[:JOURNAL_SIZE]
    agents = await _agents(tx, agent.role, shown)
    return contracts.JournalView(
        entries=tuple(entry_view(entry, agents, to_person=False) for entry in shown),
        after=write_cursor(shown[-1]) if len(found) > len(shown) else None,
        verification=verification_view(await query.last_verification(tx)),
    )


async def defer_look(
    request: contracts.DeferLook, context: RequestContext[Deps]
) -> contracts.LookDeferredView:
    """Show a look to the person later."""
    tx, now = context.tx, context.now()
    agent = await require_act(tx, request.agent_id, "defer_look")
    if not 1 <= request.days <= MAX_DEFERRAL_DAYS:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "days"}))
    account_id = await query.find_look(tx, request.entry_id, LOOK_TYPES)
    if account_id is None:
        raise Refused(Refusal(slug="not_found"))
    until = now + timedelta(days=request.days)
    if not await query.defer_look(tx, request.entry_id, agent.id, now, until):
        raise Refused(Refusal(slug="stale"))
    await context.deps.journal.record(
        tx,
        "LookDeferred",
        now=now,
        account_id=account_id,
        agent_id=agent.id,
        role=agent.role,
        look_id=request.entry_id,
        until=until.isoformat(),
    )
    return contracts.LookDeferredView(until=until)


async def list_exports(
    request: contracts.ListExports, context: RequestContext[Deps]
) -> contracts.ExportsView:
    """The exports that can be downloaded."""
    tx = context.tx
    await require_view(tx, request.agent_id, "journal")
    exports = await query.read_exports(tx, context.now())
    people = {one.proposed_by for one in exports} | {one.approved_by for one in exports}
    agents = await query.read_agents(tx, sorted(people))

    def name(agent_id: str) -> str:
        return agents[agent_id].name if agent_id in agents else ""

    return contracts.ExportsView(
        exports=tuple(
            contracts.ExportRow(
                export_id=one.id,
                first_day=one.first_day,
                last_day=one.last_day,
                reason=one.reason,
                proposed_by_name=name(one.proposed_by),
                approved_by_name=name(one.approved_by),
                made_at=one.made_at,
                expires_at=one.expires_at,
            )
            for one in exports
        )
    )


async def read_export(
    request: contracts.ReadExport, context: RequestContext[Deps]
) -> contracts.ExportPart:
    """The next entries of an export."""
    tx, now = context.tx, context.now()
    agent = await require_act(tx, request.agent_id, "export_journal")
    exports = {one.id: one for one in await query.read_exports(tx, now)}
    export = exports.get(request.export_id)
    if export is None:
        raise Refused(Refusal(slug="not_found"))
    with _refuse_unknown():
        after = read_cursor(request.after)[1] if request.after else 0
    # Whoever begins in the middle downloads too; who goes on has begun a moment ago.
    since = now - DOWNLOAD_TIME
    if not request.after or not await query.has_downloaded(tx, agent.id, export.id, since):
        await _record_download(context, export, agent.id, agent.role)
    begin, end = day_range(export.first_day, export.last_day, most=MAX_EXPORT_DAYS)
    lines = await query.read_export_lines(tx, export.up_to, begin, end, after, EXPORT_SIZE)
    named = may_view(agent.role, "journal_by_agent")
    encoded = msgspec.json.encode([_line(entry, named=named) for entry in lines]).decode()
    context_of_lines = seal_context(contracts.ExportPart, "lines")
    return contracts.ExportPart(
        lines=context.deps.desk_sealer.seal(encoded, context_of_lines),
        after=write_cursor(lines[-1]) if len(lines) == EXPORT_SIZE else None,
    )


async def _record_download(
    context: RequestContext[Deps], export: Export, agent_id: str, role: str
) -> None:
    await context.deps.journal.record(
        context.tx,
        "JournalExported",
        now=context.now(),
        agent_id=agent_id,
        role=role,
        export_id=export.id,
        reason=export.reason,
        **{"from": str(export.first_day), "to": str(export.last_day)},
    )


def _line(entry: StoredEntry, *, named: bool) -> dict[str, object]:
    """An entry of an export, with what it says about the person; `named`: also which agent."""
    return {
        "at": entry.at,
        "account_id": entry.account_id or "",
        "type": entry.type,
        "section": entry.section,
        "agent_id": entry.agent_id or "" if named else "",
        "facts": msgspec.json.decode(entry.public),
        "values": {} if entry.values is None else msgspec.json.decode(entry.values),
    }


async def _agents(
    tx: Connection, role: str, entries: Sequence[StoredEntry]
) -> dict[str, NamedAgent]:
    """The agents who did something or whose account an entry is about: their roles, and names for a
    role that may know them."""
    ids = {one.agent_id for one in entries} | {one.account_id for one in entries}
    found = await query.read_agents(tx, sorted(one for one in ids if one))
    if may_view(role, "journal_by_agent"):
        return found
    return {agent_id: NamedAgent("", agent.role) for agent_id, agent in found.items()}


def _seal(sealer: Sealer, values: str) -> Sealed:
    return sealer.seal(values, seal_context(contracts.TimelineView, "values"))


def _known_id(field: str, text: str) -> str | None:
    """The id as it is stored; None where it restricts nothing. Raises `UnknownChoice`."""
    if not text:
        return None
    found = account_ids([text])
    if not found:
        raise UnknownChoice(field)
    return found[0]


@contextmanager
def _refuse_unknown() -> Iterator[None]:
    """Turn an unknown choice into a refusal."""
    try:
        yield
    except UnknownChoice as error:
        raise Refused(Refusal(slug="unknown_choice", params={"field": error.field})) from None
