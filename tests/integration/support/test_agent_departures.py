"""What an agent leaves who is suspended or removed: nothing of it is carried out (AZ-01, AZ-04)."""

import asyncio
from datetime import timedelta

import pytest

from services.support import agent_store, request_store, team_commands
from services.support.agents import Agent
from shared.contracts.base import Request
from shared.contracts.support.acts import (
    ActStopAnnounced,
    ActStopped,
    AddressChangeOrdered,
    ChangeStopped,
)
from shared.contracts.support.agents import (
    AgentAccepted,
    AgentEndAnnounced,
    AgentInvited,
    AgentsView,
    AgentView,
    ListAgents,
    RemoveAgent,
    SuspendAgent,
)
from shared.contracts.support.lost_phones import (
    CallEnded,
    LostPhoneStopped,
    ResumptionCodeTold,
    ResumptionCodeVoided,
)
from shared.contracts.support.people_requests import RequestReleased, TakeRequest
from shared.database import transaction
from tests.integration.support.test_acts import (
    ACCOUNT,
    OTHER_ACCOUNT,
    approval,
    change_of_address,
    proposal,
    state,
    wait,
)
from tests.integration.support.test_agent_acts import act, approve, supervisors
from tests.support.harness.lost_phone_desk import LostPhoneDesk
from tests.support.harness.request_desk import RequestDesk
from tests.support.harness.support import SupportHarness
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

THIRD_ACCOUNT = "5d1f5f0c-7f0a-4a53-8a77-3c4c1d0f8e33"
STATES = {SuspendAgent: "suspended", RemoveAgent: "removed"}


async def listed(harness: SupportHarness, boss_id: str, agent_id: str) -> AgentView:
    """An agent as the team's pages have one."""
    view = await harness.ask(ListAgents(agent_id=boss_id))
    assert isinstance(view, AgentsView)
    return next(one for one in view.agents if one.agent_id == agent_id)


@pytest.mark.parametrize("end", [SuspendAgent, RemoveAgent])
async def test_az_04_what_an_agent_proposed_or_approved_stops_with_the_access(
    harness: SupportHarness, end: type[SuspendAgent] | type[RemoveAgent]
) -> None:
    boss = await harness.joined("boss@ansm.example", "supervisor")
    other_boss = await harness.joined("chef@ansm.example", "supervisor")
    leaver, stays = (
        await harness.joined("leaver@ansm.example"),
        await harness.joined("stays@ansm.example"),
    )
    done = await harness.ask(proposal(harness, leaver, "block_account", account_id=THIRD_ACCOUNT))
    proposed = await change_of_address(harness, leaver)
    planned = await harness.ask(
        proposal(harness, stays, "unblock_account", account_id=OTHER_ACCOUNT)
    )
    await harness.ask(approval(harness, leaver, planned))
    foreign = await harness.ask(
        proposal(harness, stays, "unblock_account", account_id=THIRD_ACCOUNT)
    )
    requests = RequestDesk(harness)
    number = await requests.correction(ACCOUNT)
    await requests.take(leaver, number)
    before = await listed(harness, boss.id, leaver.id)
    assert (before.open_acts, before.open_requests, before.stopped) == (2, 1, ())

    asked = end(agent_id=boss.id, subject_id=leaver.id, reason="suspicious_access")
    old = harness.coded(asked, harness.now - timedelta(hours=1))
    for form in (asked, old):
        assert await harness.outcome(form) == "code_needed"
    assert await state(harness, proposed) == "proposed"
    await harness.ask(harness.coded(asked))

    states = [await state(harness, one) for one in (done, proposed, planned, foreign)]
    assert states == ["done", "stopped", "stopped", "proposed"]
    stopped = await harness.events(ActStopped)
    assert {(one.by, one.agent_id) for one in stopped} == {("departure", boss.id)}
    assert {one.proposal_id for one in stopped} == {proposed.proposal_id, planned.proposal_id}
    # Only the planned one had been announced to its holder.
    ((subject, told),) = await harness.subject_events(ChangeStopped)
    assert (subject, told.by) == (OTHER_ACCOUNT, "agent")
    assert {one.address for one in await harness.events(ActStopAnnounced)} == {stays.address}
    mails = await harness.events(AgentEndAnnounced)
    assert {one.recipient for one in mails} == {boss.address, other_boss.address}
    for mail in mails:
        assert set(mail.acts) == {proposed.number, planned.number}
        assert (mail.requests, mail.state, mail.by) == ((number,), STATES[end], boss.name)
    (released,) = await harness.events(RequestReleased)
    assert (released.number, released.agent_id) == (number, boss.id)
    view = await requests.show(stays, number)
    assert (view.row.state, view.row.agent_id) == ("received", "")
    # All leaves at once: what the relay has to find by itself comes from commands and jobs only.
    sql = "select distinct type from outbox where next_at = created_at"
    found = {row["type"] for row in await harness.fetch(sql)}
    assert found <= {AgentInvited.TYPE, AgentAccepted.TYPE}
    after = await listed(harness, boss.id, leaver.id)
    assert (after.open_acts, after.open_requests) == (0, 0)
    assert set(after.stopped) == {proposed.number, planned.number}
    await wait(harness, days=30)
    assert await harness.events(AddressChangeOrdered) == []


async def _changed(harness: SupportHarness, act_name: str, subject: Agent, role: str = "") -> Agent:
    """Two supervisors give an agent another role, or let the agent begin anew; one of the two."""
    first, second = await supervisors(harness)
    details = {"role": role} if role else {}
    about = {"subject_agent_id": subject.id, "reason": "suspicious_access", "details": details}
    view = await harness.ask(act(harness, first, act_name, **about))
    await harness.ask(approve(harness, second, view))
    await harness.send_invitations()
    return first


async def _reset_by_command(harness: SupportHarness, subject: Agent) -> None:
    async with transaction(harness.pool) as tx:
        await team_commands.reset(tx, subject.address, harness.now)
    await harness.send_invitations()


@pytest.mark.parametrize("by_command", [False, True])
async def test_az_04_what_an_agent_did_stops_with_a_reset(
    harness: SupportHarness, by_command: bool
) -> None:
    leaver = await harness.joined("leaver@ansm.example")
    stays = await harness.joined("stays@ansm.example")
    proposed = await change_of_address(harness, leaver)
    planned = await harness.ask(
        proposal(harness, stays, "unblock_account", account_id=OTHER_ACCOUNT)
    )
    await harness.ask(approval(harness, leaver, planned))
    requests = RequestDesk(harness)
    number = await requests.correction(ACCOUNT)
    await requests.take(leaver, number)
    if by_command:
        boss = await harness.joined("boss@ansm.example", "supervisor")
        await _reset_by_command(harness, leaver)
    else:
        boss = await _changed(harness, "reset_agent", leaver)
    assert [await state(harness, one) for one in (proposed, planned)] == ["stopped", "stopped"]
    mail = (await harness.events(AgentEndAnnounced))[0]
    assert (mail.state, mail.by, mail.requests) == ("reset", "", (number,))
    assert set(mail.acts) == {proposed.number, planned.number}
    assert set((await listed(harness, boss.id, leaver.id)).stopped) == set(mail.acts)
    # A link for a new colleague announces nothing of the kind.
    count = len(await harness.events(AgentEndAnnounced))
    await harness.joined("new@ansm.example")
    assert len(await harness.events(AgentEndAnnounced)) == count


async def test_az_04_nothing_is_carried_out_before_a_reset_has_stopped_it(
    harness: SupportHarness,
) -> None:
    """The command was given while the service was stopped, and an act was due by its start."""
    leaver = await harness.joined("leaver@ansm.example")
    stays = await harness.joined("stays@ansm.example")
    proposed = await change_of_address(harness, leaver)
    planned = await harness.ask(
        proposal(harness, stays, "unblock_account", account_id=OTHER_ACCOUNT)
    )
    await harness.ask(approval(harness, leaver, planned))
    async with transaction(harness.pool) as tx:
        await team_commands.reset(tx, leaver.address, harness.now)
    assert await harness.outcome(approval(harness, stays, proposed)) == "stale"
    await wait(harness, days=3)
    assert await state(harness, planned) == "approved"
    await harness.send_invitations()
    assert [await state(harness, one) for one in (proposed, planned)] == ["stopped", "stopped"]


@pytest.mark.parametrize(
    ("role", "states", "released"),
    [("auditor", ["stopped", "stopped"], True), ("supervisor", ["proposed", "approved"], False)],
)
async def test_az_04_with_another_role_stops_what_it_may_not_do(
    harness: SupportHarness, role: str, states: list[str], released: bool
) -> None:
    subject = await harness.joined("luc@ansm.example")
    stays = await harness.joined("stays@ansm.example")
    proposed = await change_of_address(harness, subject)
    planned = await harness.ask(
        proposal(harness, stays, "unblock_account", account_id=OTHER_ACCOUNT)
    )
    await harness.ask(approval(harness, subject, planned))
    requests = RequestDesk(harness)
    number = await requests.correction(ACCOUNT)
    await requests.take(subject, number)
    await _changed(harness, "change_agent_role", subject, role)
    assert [await state(harness, one) for one in (proposed, planned)] == states
    mail = (await harness.events(AgentEndAnnounced))[0]
    assert (mail.state, mail.by) == ("role_changed", "Zoé Martin")
    assert mail.requests == ((number,) if released else ())
    view = await requests.show(stays, number)
    assert view.row.agent_id == ("" if released else subject.id)


async def test_g_26_the_code_of_a_departing_agent_is_void(harness: SupportHarness) -> None:
    boss = await harness.joined("boss@ansm.example", "supervisor")
    desk = await LostPhoneDesk.of(harness)
    await desk.released()
    await desk.second_call()
    (told,) = await harness.events(ResumptionCodeTold)
    asked = SuspendAgent(agent_id=boss.id, subject_id=desk.first.id, reason="suspicious_access")
    await harness.ask(harness.coded(asked))
    ((subject, void),) = await harness.subject_events(ResumptionCodeVoided)
    assert (subject, void.number, void.agent_id) == (desk.account, desk.number, boss.id)
    assert void.told_at == told.told_at
    assert (await desk.page()).state == "released"
    # A colleague calls again; the void code counts for none of three.
    await RequestDesk(harness).take(desk.second, desk.number)
    desk.first = desk.second
    assert (await desk.look()).codes_left == 3
    await desk.second_call()
    assert (await desk.page()).state == "code_told"


async def test_ot_15_a_lost_phone_of_a_departing_agent_is_not_removed(
    harness: SupportHarness,
) -> None:
    boss = await harness.joined("boss@ansm.example", "supervisor")
    desk = await LostPhoneDesk.of(harness)
    call = await desk.matched()
    await harness.ask(desk.propose(call.call_id))
    asked = SuspendAgent(agent_id=boss.id, subject_id=desk.first.id, reason="departure")
    await harness.ask(harness.coded(asked))
    # Its holder was told nothing yet: another agent calls again.
    assert await harness.events(LostPhoneStopped) == []
    view = await RequestDesk(harness).show(desk.second, desk.number)
    assert (view.row.state, view.row.agent_id) == ("received", "")


async def test_ot_15_an_announced_removal_stops_with_the_agent_who_approved_it(
    harness: SupportHarness,
) -> None:
    boss = await harness.joined("boss@ansm.example", "supervisor")
    desk = await LostPhoneDesk.of(harness)
    await desk.planned()
    asked = SuspendAgent(agent_id=boss.id, subject_id=desk.second.id, reason="suspicious_access")
    await harness.ask(harness.coded(asked))
    ((subject, told),) = await harness.subject_events(LostPhoneStopped)
    assert (subject, told.by) == (desk.account, "agent")
    harness.advance(days=2)
    await desk.run_due()
    assert (await desk.page()).state == "stopped"


async def waits_for(harness: SupportHarness, query: str) -> None:
    """Wait until a statement that contains `query` waits for a lock."""

    async def waits() -> bool:
        sql = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like $1"
        return bool(await harness.fetch(sql, f"%{query}%"))

    await eventually(waits)


@pytest.mark.parametrize("what", ["propose", "take", "call"])
async def test_az_04_nothing_is_added_while_an_access_ends(
    harness: SupportHarness, what: str
) -> None:
    desk = await LostPhoneDesk.of(harness)
    agent, requests = desk.first, RequestDesk(harness)
    form: Request = proposal(harness, agent, "unblock_account")
    if what == "take":
        number = await requests.correction(ACCOUNT)
        form = TakeRequest(agent_id=agent.id, number=number, version=1)
    elif what == "call":
        form = desk.start()
    async with transaction(harness.pool) as tx:
        await agent_store.set_state(tx, agent.id, "suspended", harness.now)
        asked = asyncio.create_task(harness.outcome(form))
        await waits_for(harness, "for share")
    assert await asked == "forbidden"
    assert await harness.count("proposals") == 0
    assert await harness.count("calls") == 0
    owned = await harness.fetch("select number from requests where agent_id = $1", agent.id)
    assert [row["number"] for row in owned] == [desk.number]


@pytest.mark.parametrize(("matched", "outcome"), [(False, "stopped"), (True, "matched")])
async def test_g_26_the_call_of_a_departing_agent_ends_with_the_access(
    harness: SupportHarness, matched: bool, outcome: str
) -> None:
    boss = await harness.joined("boss@ansm.example", "supervisor")
    desk = await LostPhoneDesk.of(harness)
    await (desk.matched() if matched else desk.call())
    asked = SuspendAgent(agent_id=boss.id, subject_id=desk.first.id, reason="suspicious_access")
    await harness.ask(harness.coded(asked))
    (ended,) = await harness.events(CallEnded)
    assert (ended.outcome, ended.request_ends) == (outcome, False)
    page = await desk.page()
    assert (page.state, page.words) == ("asked", None)
    # A colleague takes it, and calls.
    await RequestDesk(harness).take(desk.second, desk.number)
    desk.first = desk.second
    assert (await desk.call()).state == "calling"


async def test_g_26_an_anonymisation_locks_the_requests_before_the_acts(
    harness: SupportHarness,
) -> None:
    """As an approval of the lost phone does: neither waits for the other in a circle."""
    first = await harness.joined("boss@ansm.example", "supervisor")
    second = await harness.joined("chef@ansm.example", "supervisor")
    desk = await LostPhoneDesk.of(harness)
    call = await desk.matched()
    removal = await harness.ask(desk.propose(call.call_id))
    view = await harness.ask(proposal(harness, first, "anonymise", account_id=desk.account))
    await harness.ask(approval(harness, second, view))
    harness.advance(hours=72)
    async with transaction(harness.pool) as tx:
        assert await request_store.lock(tx, desk.number) is not None
        due = asyncio.create_task(desk.run_due())
        await waits_for(harness, "for update")
        sql = "select state from proposals where id = $1 for update nowait"
        assert await tx.fetchval(sql, removal.proposal_id) == "proposed"
    await due
    assert (await state(harness, view), await state(harness, removal)) == ("done", "stopped")
