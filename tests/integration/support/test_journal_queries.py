"""What agents and people read of the journal, each no more than they may (AZ-04, GD-05)."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest_asyncio

from services.support import journal_commands, journal_jobs
from services.support.agents import Agent
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import MailRefused
from shared.contracts.mfa.events import AuthenticatorReplaced, CodeCheckLocked
from shared.contracts.registration.events import AccountFrozen, PasswordAccepted
from shared.contracts.support import journal as contracts
from shared.contracts.support.acts import ActDone
from shared.contracts.support.agents import AgentSessionsEnded, AgentSignedIn
from shared.contracts.support.journal import JOURNAL_SIZE, TIMELINE_SIZE
from shared.contracts.support.proposals import ApproveProposal, ProposalView, Propose
from shared.database import acquire, transaction
from shared.i18n.dates import PARIS
from shared.messaging.envelope import Envelope
from shared.outbox import apply_once
from shared.runtime.service import utc_now
from shared.security.sealing import Opener
from tests.contract.samples import sample
from tests.support.harness.service_harness import unseal
from tests.support.harness.support import SupportHarness

ACCOUNT = "0197c0de-0000-7000-8000-000000000001"
OTHER = "0197c0de-0000-7000-8000-000000000002"
JOURNAL_TABLES = (
    "journal_entries", "journal_values", "journal_links", "journal_anchors", "journal_chaining",
    "journal_deferred_looks", "journal_exports",
)  # fmt: skip


@pytest_asyncio.fixture(loop_scope="package")
async def desk(harness: SupportHarness) -> AsyncIterator[SupportHarness]:
    """The service with an empty journal."""
    await harness.clear_tables(*JOURNAL_TABLES)
    await harness.fetch("INSERT INTO journal_chaining DEFAULT VALUES")
    harness.now = utc_now()
    yield harness


async def write(desk: SupportHarness, kind: Any, subject: str | None = ACCOUNT) -> None:
    """An event that the service heard a second after the one before."""
    desk.advance(seconds=1)
    envelope = Envelope(
        id=str(uuid4()), source="impex/tests", type=kind.TYPE, subject=subject, time=desk.now,
        traceparent=None, data={},
    )  # fmt: skip
    effect = desk.deps.journal.effect(sample(kind), envelope, desk.now)
    async with acquire(desk.pool) as connection:
        await apply_once(connection, "support", envelope.id, effect)


async def look(desk: SupportHarness, agent: Agent, reason: str, account: str = ACCOUNT) -> str:
    """The agent opens the account."""
    desk.advance(seconds=1)
    async with transaction(desk.pool) as tx:
        entry_id: str = await desk.deps.journal.record(
            tx, "AccountOpened", now=desk.now, account_id=account, agent_id=agent.id,
            role=agent.role, reason=reason,
        )  # fmt: skip
    return entry_id


def values(desk: SupportHarness, view: contracts.TimelineView, reader: str) -> dict[str, Any]:
    """What the reader finds in the sealed part."""
    rings = {"desk": desk.deps.settings.desk_keys, "gateway": desk.deps.settings.gateway_keys}
    found: dict[str, Any] = json.loads(unseal(Opener(reader, rings[reader]), view, "values"))
    return found


async def test_a_story_is_read_by_pages_newest_first(desk: SupportHarness) -> None:
    agent = await desk.joined("a@example.fr")
    for _ in range(TIMELINE_SIZE):
        await write(desk, PasswordAccepted)
    await write(desk, AccountFrozen, OTHER)
    await look(desk, agent, "question")
    ask = contracts.ReadTimeline(agent_id=agent.id, account_id=ACCOUNT)
    first: contracts.TimelineView = await desk.ask(ask)
    assert len(first.entries) == TIMELINE_SIZE
    assert first.entries[0].type == "support.AccountOpened"
    assert first.after is not None
    rest: contracts.TimelineView = await desk.ask(
        contracts.ReadTimeline(agent_id=agent.id, account_id=ACCOUNT, after=first.after)
    )
    assert [one.type for one in rest.entries] == [PasswordAccepted.TYPE]
    assert rest.after is None
    assert not {one.entry_id for one in rest.entries} & {one.entry_id for one in first.entries}


async def test_a_story_is_filtered(desk: SupportHarness) -> None:
    agent = await desk.joined("a@example.fr")
    for kind in (PasswordAccepted, MailRefused, ActDone):
        await write(desk, kind)
    await look(desk, agent, "question")
    shown = {}
    for show in contracts.FILTERS:
        request = contracts.ReadTimeline(agent_id=agent.id, account_id=ACCOUNT, show=show)
        shown[show] = [one.section for one in (await desk.ask(request)).entries]
    assert shown == {
        "": ["agents", "agents", "mails", "security"],
        "security": ["security"],
        "agents": ["agents", "agents"],
        "mails": ["mails"],
    }


async def test_az_04_a_story_is_read_after_opening_the_account_today(desk: SupportHarness) -> None:
    agent, other = await desk.joined("a@example.fr"), await desk.joined("b@example.fr")
    ask = contracts.ReadTimeline(agent_id=agent.id, account_id=ACCOUNT)
    assert await desk.outcome(ask) == "not_opened"
    await look(desk, other, "question")
    await look(desk, agent, "question", OTHER)
    assert await desk.outcome(ask) == "not_opened"
    await look(desk, agent, "question")
    assert await desk.outcome(ask) == "done"
    desk.advance(days=1)
    assert await desk.outcome(ask) == "not_opened"


async def test_az_04_values_are_shown_as_far_as_the_reason_opens_them(desk: SupportHarness) -> None:
    agent = await desk.joined("a@example.fr")
    await write(desk, SessionOpened)
    await look(desk, agent, "question")
    ask = contracts.ReadTimeline(agent_id=agent.id, account_id=ACCOUNT)
    assert values(desk, await desk.ask(ask), "desk") == {}
    await look(desk, agent, "account_security")
    (shown,) = values(desk, await desk.ask(ask), "desk").values()
    assert shown == {"device": "some device", "network": "192.0.2.0/24"}


async def test_az_04_who_may_read_the_journal_and_ask_by_agent(desk: SupportHarness) -> None:
    roles = ("agent", "supervisor", "operator", "auditor")
    agents = {role: await desk.joined(f"{role}@example.fr", role) for role in roles}
    await look(desk, agents["agent"], "question")
    today = desk.now.astimezone(PARIS).date()
    found = {}
    for role, agent in agents.items():
        ask = contracts.ReadJournal(agent_id=agent.id, first_day=today, last_day=today)
        by_agent = contracts.ReadJournal(
            agent_id=agent.id, first_day=today, last_day=today, by_agent=agents["agent"].id
        )
        found[role] = (await desk.outcome(ask), await desk.outcome(by_agent))
    assert found == {
        "agent": ("forbidden", "forbidden"),
        "supervisor": ("done", "forbidden"),
        "operator": ("forbidden", "forbidden"),
        "auditor": ("done", "done"),
    }


async def test_au_07_supervisors_see_what_became_of_an_agent_s_own_account(
    desk: SupportHarness,
) -> None:
    agent = await desk.joined("a@example.fr")
    supervisor = await desk.joined("s@example.fr", "supervisor")
    auditor = await desk.joined("d@example.fr", "auditor")
    for kind in (AuthenticatorReplaced, CodeCheckLocked, AgentSessionsEnded, AgentSignedIn):
        await write(desk, kind, agent.id)
    today = desk.now.astimezone(PARIS).date()
    found = {}
    for reader in (supervisor, auditor):
        request = contracts.ReadJournal(
            agent_id=reader.id, first_day=today, last_day=today, show=""
        )
        view = await desk.ask(request)
        found[reader.role] = {one.type: (one.about_agent, one.account_id) for one in view.entries}
    for type_ in (
        "mfa.AuthenticatorReplaced.v1",
        "mfa.CodeCheckLocked.v1",
        "support.AgentSessionsEnded.v1",
    ):
        assert found["supervisor"][type_] == (agent.id, ""), type_
    # Who is at work when, only an auditor asks.
    assert found["supervisor"]["support.AgentSignedIn.v1"] == ("", "")
    assert found["auditor"]["support.AgentSignedIn.v1"] == (agent.id, "")


async def test_names_of_agents_are_for_the_auditor_and_reading_is_written_down(
    desk: SupportHarness,
) -> None:
    agent = await desk.joined("a@example.fr")
    supervisor = await desk.joined("s@example.fr", "supervisor")
    auditor = await desk.joined("d@example.fr", "auditor")
    await look(desk, agent, "question")
    today = desk.now.astimezone(PARIS).date()

    async def ask(reader: Agent, **more: Any) -> contracts.JournalView:
        request = contracts.ReadJournal(
            agent_id=reader.id, first_day=today, last_day=today, account_id=ACCOUNT, **more
        )
        view: contracts.JournalView = await desk.ask(request)
        return view

    by_supervisor = (await ask(supervisor)).entries
    assert [(one.type, one.agent_role, one.agent_name) for one in by_supervisor] == [
        ("support.JournalRead", "supervisor", ""),
        ("support.AccountOpened", "agent", ""),
    ]
    assert {one.agent_id for one in by_supervisor} == {""}, "the team's page names each id"
    (by_auditor,) = (await ask(auditor, by_agent=agent.id)).entries
    assert (by_auditor.agent_name, by_auditor.agent_id) == ("Zoé Martin", agent.id)
    # From a place in the journal that nobody was shown.
    by_hand = base64.urlsafe_b64encode(b'["9000-01-01T00:00:00Z",4611686018427387904]').decode()
    assert (await ask(auditor, by_agent=agent.id, after=by_hand)).entries == (by_auditor,)
    read = await desk.fetch(
        "SELECT agent_id::text, public FROM journal_entries WHERE type = 'support.JournalRead'"
        " ORDER BY number"
    )
    assert [row["agent_id"] for row in read] == [supervisor.id, auditor.id, auditor.id]
    assert json.loads(read[1]["public"])["agent"] == agent.id


async def test_the_desks_journal_is_read_by_pages_of_a_month(desk: SupportHarness) -> None:
    auditor = await desk.joined("d@example.fr", "auditor")
    for _ in range(JOURNAL_SIZE):
        await look(desk, auditor, "audit")
    today = desk.now.astimezone(PARIS).date()
    ask = contracts.ReadJournal(agent_id=auditor.id, first_day=today, last_day=today)
    first: contracts.JournalView = await desk.ask(ask)
    assert len(first.entries) == JOURNAL_SIZE
    assert first.after is not None
    rest = await desk.ask(
        contracts.ReadJournal(
            agent_id=auditor.id, first_day=today, last_day=today, after=first.after
        )
    )
    assert len(rest.entries) == 1
    too_long = contracts.ReadJournal(
        agent_id=auditor.id, first_day=today - timedelta(days=31), last_day=today
    )
    assert await desk.outcome(too_long) == "unknown_choice"
    yesterday = today - timedelta(days=1)
    before = contracts.ReadJournal(agent_id=auditor.id, first_day=yesterday, last_day=yesterday)
    assert (await desk.ask(before)).entries == ()


async def test_the_banner_shows_what_the_last_verification_found(desk: SupportHarness) -> None:
    auditor = await desk.joined("d@example.fr", "auditor")
    await write(desk, AccountFrozen)
    await journal_jobs.link_entries(desk.pool, desk.deps.journal)
    today = desk.now.astimezone(PARIS).date()
    ask = contracts.ReadJournal(agent_id=auditor.id, first_day=today, last_day=today)
    assert (await desk.ask(ask)).verification is None
    async with acquire(desk.pool) as connection:
        await journal_commands.verify(connection, desk.deps.journal, None)
    banner = (await desk.ask(ask)).verification
    assert banner is not None
    assert banner.findings == 0


async def test_people_see_their_activity_without_agents(desk: SupportHarness) -> None:
    agent = await desk.joined("a@example.fr")
    await write(desk, SessionOpened)
    await write(desk, MailRefused)
    await write(desk, ActDone)
    await look(desk, agent, "question")
    view: contracts.TimelineView = await desk.ask(contracts.ListActivity(account_id=ACCOUNT))
    assert [one.type for one in view.entries] == [MailRefused.TYPE, SessionOpened.TYPE]
    assert all(not one.agent_id and not one.agent_name for one in view.entries)
    (shown,) = values(desk, view, "gateway").values()
    assert shown == {"device": "some device", "network": "192.0.2.0/24"}
    assert (await desk.ask(contracts.ListActivity(account_id=OTHER))).entries == ()


async def test_activity_ends_after_twelve_months(desk: SupportHarness) -> None:
    await write(desk, AccountFrozen)
    desk.advance(days=366)
    assert (await desk.ask(contracts.ListActivity(account_id=ACCOUNT))).entries == ()


async def test_people_see_each_look_with_role_and_reason(desk: SupportHarness) -> None:
    agent = await desk.joined("a@example.fr")
    supervisor = await desk.joined("s@example.fr", "supervisor")
    await look(desk, agent, "question")
    await look(desk, supervisor, "account_security")
    await look(desk, agent, "question", OTHER)
    view: contracts.LooksView = await desk.ask(contracts.ListLooks(account_id=ACCOUNT))
    assert [(one.role, one.reason) for one in view.looks] == [
        ("supervisor", "account_security"),
        ("agent", "question"),
    ]


async def test_an_auditor_defers_one_look_and_the_person_learns_of_it_later(
    desk: SupportHarness,
) -> None:
    agent = await desk.joined("a@example.fr")
    auditor = await desk.joined("d@example.fr", "auditor")
    entry_id = await look(desk, agent, "account_security")
    await look(desk, agent, "question")

    def defer(who: Agent, entry: str = entry_id, days: int = 30) -> contracts.DeferLook:
        return contracts.DeferLook(agent_id=who.id, entry_id=entry, days=days)

    async def reasons() -> list[tuple[str, bool]]:
        view = await desk.ask(contracts.ListLooks(account_id=ACCOUNT))
        return [(one.reason, one.deferred) for one in view.looks]

    assert await desk.outcome(defer(agent)) == "forbidden"
    assert await desk.outcome(defer(auditor, days=366)) == "unknown_choice"
    assert await desk.outcome(defer(auditor, str(uuid4()))) == "not_found"
    assert await desk.outcome(defer(auditor)) == "done"
    assert await desk.outcome(defer(auditor)) == "stale"
    assert await reasons() == [("question", False)]
    desk.advance(days=31)
    assert await reasons() == [("question", False), ("", True)]
    assert await desk.fetch("SELECT 1 FROM journal_entries WHERE type = 'support.LookDeferred'")


async def test_gd_05_an_export_has_accounts_and_events_between_two_days(
    desk: SupportHarness,
) -> None:
    supervisor = await desk.joined("s@example.fr", "supervisor")
    auditor = await desk.joined("d@example.fr", "auditor")
    agent = await desk.joined("a@example.fr")
    await write(desk, SessionOpened)
    await write(desk, AccountFrozen, OTHER)
    today = desk.now.astimezone(PARIS).date()
    days = json.dumps({"first_day": str(today), "last_day": str(today)})
    form = Propose(
        agent_id=supervisor.id, act="export_journal", reason="suspicious_access",
        details=desk.seal(Propose, "details", days), note=desk.seal(Propose, "note", ""),
    )  # fmt: skip
    proposed: ProposalView = await desk.ask(desk.coded(form))
    ask = contracts.ReadExport(agent_id=supervisor.id, export_id=proposed.proposal_id)
    assert await desk.outcome(ask) == "not_found"
    alone = desk.coded(ApproveProposal(agent_id=supervisor.id, proposal_id=proposed.proposal_id))
    assert await desk.outcome(alone) == "own_act"
    approval = desk.coded(ApproveProposal(agent_id=auditor.id, proposal_id=proposed.proposal_id))
    assert (await desk.ask(approval)).state == "done"
    ((subject, ready),) = await desk.subject_events(contracts.JournalExportReady)
    assert (subject, ready.address) == (supervisor.id, "s@example.fr")
    await write(desk, AccountFrozen)
    part: contracts.ExportPart = await desk.ask(ask)
    lines = json.loads(unseal(Opener("desk", desk.deps.settings.desk_keys), part, "lines"))
    assert [(one["account_id"], one["type"]) for one in lines] == [
        (ACCOUNT, SessionOpened.TYPE),
        (OTHER, AccountFrozen.TYPE),
    ]
    assert part.after is None
    assert {one["agent_id"] for one in lines} == {""}, "asking by agent is for auditors"
    assert lines[0]["values"] == {"device": "some device", "network": "192.0.2.0/24"}
    refused = contracts.ReadExport(agent_id=agent.id, export_id=proposed.proposal_id)
    assert await desk.outcome(refused) == "forbidden"
    unknown = contracts.ReadExport(agent_id=supervisor.id, export_id=str(uuid4()))
    assert await desk.outcome(unknown) == "not_found"
    (row,) = (await desk.ask(contracts.ListExports(agent_id=supervisor.id))).exports
    assert (row.proposed_by_name, row.reason) == ("Zoé Martin", "suspicious_access")
    downloads = "SELECT 1 FROM journal_entries WHERE type = 'support.JournalExported'"
    assert len(await desk.fetch(downloads)) == 1
    # An address made by hand skips the beginning, not the journal.
    cursor = base64.urlsafe_b64encode(json.dumps([desk.now.isoformat(), 1]).encode()).decode()
    middle = contracts.ReadExport(
        agent_id=supervisor.id, export_id=proposed.proposal_id, after=cursor
    )
    await desk.ask(middle)
    assert len(await desk.fetch(downloads)) == 1, "the same download"
    desk.advance(hours=2)
    for _ in range(2):
        await desk.ask(middle)
        assert len(await desk.fetch(downloads)) == 2
    desk.advance(days=7)
    assert await desk.outcome(ask) == "not_found"


async def test_gd_05_the_command_exports_the_same(desk: SupportHarness) -> None:
    await write(desk, SessionOpened)
    await write(desk, AccountFrozen, OTHER)
    today: date = desk.now.astimezone(PARIS).date()
    async with acquire(desk.pool) as connection:
        found = await journal_commands.export(connection, desk.deps.journal, today, today, desk.now)
    types = [one.type for one in found]
    assert types == [SessionOpened.TYPE, AccountFrozen.TYPE, "support.JournalExported"]
