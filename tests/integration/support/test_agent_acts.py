"""Acts on agents: they take a second supervisor, who was not invited by the first one."""

from typing import Any

import msgspec
import pytest

from services.support.agents import Agent
from shared.contracts.support.agents import (
    AgentAccepted,
    AgentCredentialsRemoved,
    AgentInvited,
    AgentReinstated,
    AgentSessionsEnded,
    DescribeAgent,
    SuspendAgent,
)
from shared.contracts.support.proposals import ApproveProposal, ProposalView, Propose
from tests.support.harness.support import OpenHarness, SupportHarness

NEWCOMER = {"address": "nina.new@ansm.example", "role": "agent", "language": "en"}


def act(harness: SupportHarness, agent: Agent, name: str, **changes: Any) -> Propose:
    """The form of an act on an agent, with a code given just now."""
    text = msgspec.json.encode(changes.pop("details", {})).decode()
    values = {"reason": "new_colleague", **changes}
    sealed = harness.seal(Propose, "details", text)
    return harness.coded(Propose(agent_id=agent.id, act=name, details=sealed, **values))


def approve(harness: SupportHarness, agent: Agent, view: ProposalView) -> ApproveProposal:
    """« Approuver », with a code given just now."""
    return harness.coded(ApproveProposal(agent_id=agent.id, proposal_id=view.proposal_id))


async def supervisors(harness: SupportHarness) -> tuple[Agent, Agent]:
    """Two supervisors made by the command."""
    first = await harness.joined("paule@ansm.example", "supervisor")
    return first, await harness.joined("serge@ansm.example", "supervisor")


async def test_au_05_an_invitation_takes_a_second_supervisor_and_all_get_a_mail(
    harness: SupportHarness,
) -> None:
    first, second = await supervisors(harness)
    view = await harness.ask(act(harness, first, "invite_agent", details=NEWCOMER))
    assert view.state == "proposed"
    assert await harness.send_invitations() == 0
    assert await harness.outcome(approve(harness, first, view)) == "own_act"
    await harness.ask(approve(harness, second, view))
    assert await harness.send_invitations() == 1
    invited = (await harness.events(AgentInvited))[-1]
    assert (invited.address, invited.language, invited.by) == (
        NEWCOMER["address"],
        "en",
        "Zoé Martin",
    )
    mails = [e for e in await harness.events(AgentAccepted) if e.address == NEWCOMER["address"]]
    assert {mail.recipient for mail in mails} == {first.address, second.address}


async def test_ot_15_an_invited_agent_approves_no_act_of_the_one_who_invited(
    harness: SupportHarness,
) -> None:
    first, second = await supervisors(harness)
    details = {**NEWCOMER, "role": "supervisor"}
    view = await harness.ask(act(harness, first, "invite_agent", details=details))
    await harness.ask(approve(harness, second, view))
    await harness.send_invitations()
    ((subject, _),) = [
        (subject, event)
        for subject, event in await harness.subject_events(AgentInvited)
        if event.address == NEWCOMER["address"]
    ]
    assert subject is not None
    await harness.join(subject)
    harness.advance(hours=71, minutes=59)
    third = await harness.agent(subject)
    other = {**NEWCOMER, "address": "next@ansm.example"}
    view = await harness.ask(act(harness, second, "invite_agent", details=other))
    assert await harness.outcome(approve(harness, third, view)) == "too_new"
    harness.advance(minutes=1)
    assert await harness.outcome(approve(harness, third, view)) == "done"
    view = await harness.ask(
        act(harness, first, "invite_agent", details={**other, "address": "last@ansm.example"})
    )
    assert await harness.outcome(approve(harness, third, view)) == "invited_by_you"


@pytest.mark.parametrize(
    ("details", "field", "code"),
    [
        ({**NEWCOMER, "address": "nina@evil.example"}, "address", "domain"),
        ({**NEWCOMER, "address": "nina"}, "address", "format"),
        ({**NEWCOMER, "role": "root"}, "role", "missing"),
        ({**NEWCOMER, "address": "serge@ansm.example"}, "address", "taken"),
    ],
)
async def test_an_invitation_that_cannot_be(
    harness_with: OpenHarness, details: dict[str, str], field: str, code: str
) -> None:
    async with harness_with(IMPEX_AGENT_DOMAINS="ansm.example") as harness:
        first, _ = await supervisors(harness)
        refusal = await harness.refusal(act(harness, first, "invite_agent", details=details))
        assert [(error.field, error.code) for error in refusal.errors] == [(field, code)]


async def test_an_address_taken_meanwhile_changes_nothing(harness: SupportHarness) -> None:
    first, second = await supervisors(harness)
    view = await harness.ask(act(harness, first, "invite_agent", details=NEWCOMER))
    await harness.add(NEWCOMER["address"], "auditor")
    refusal = await harness.refusal(approve(harness, second, view))
    assert (refusal.slug, refusal.params) == ("stale", {"why": "address_taken"})
    assert await harness.count("agents") == 3


async def test_az_04_another_role_counts_at_once_and_ends_sessions(harness: SupportHarness) -> None:
    first, second = await supervisors(harness)
    agent = await harness.joined("luc@ansm.example", "agent")
    change = {"subject_agent_id": agent.id, "reason": "change_of_duties"}
    view = await harness.ask(
        act(harness, first, "change_agent_role", details={"role": "auditor"}, **change)
    )
    assert (await harness.ask(DescribeAgent(agent_id=agent.id))).role == "agent"
    await harness.ask(approve(harness, second, view))
    assert (await harness.ask(DescribeAgent(agent_id=agent.id))).role == "auditor"
    ((subject, ended),) = await harness.subject_events(AgentSessionsEnded)
    assert (subject, ended.reason) == (agent.id, "role_changed")


async def test_two_supervisors_restore_an_agent_who_lost_the_phone(
    harness: SupportHarness,
) -> None:
    first, second = await supervisors(harness)
    agent = await harness.joined("luc@ansm.example", "agent")
    lost = {"subject_agent_id": agent.id, "reason": "lost_phone"}
    view = await harness.ask(act(harness, first, "reset_agent", **lost))
    assert await harness.outcome(DescribeAgent(agent_id=agent.id)) == "done"
    await harness.ask(approve(harness, second, view))
    assert await harness.outcome(DescribeAgent(agent_id=agent.id)) == "forbidden"
    assert len(await harness.events(AgentCredentialsRemoved)) == 1
    await harness.send_invitations()
    await harness.join(agent.id)
    assert (await harness.agent(agent.id)).is_newcomer(harness.now)


async def test_a_suspended_agent_comes_back_by_two_supervisors(harness: SupportHarness) -> None:
    first, second = await supervisors(harness)
    agent = await harness.joined("luc@ansm.example", "agent")
    back = {"subject_agent_id": agent.id, "reason": "absence"}
    view = await harness.ask(act(harness, first, "reinstate_agent", **back))
    refusal = await harness.refusal(approve(harness, second, view))
    assert refusal.params["why"] == "wrong_state"
    await harness.ask(
        harness.coded(SuspendAgent(agent_id=first.id, subject_id=agent.id, reason="absence"))
    )
    await harness.ask(approve(harness, second, view))
    assert await harness.outcome(DescribeAgent(agent_id=agent.id)) == "done"
    assert len(await harness.events(AgentReinstated)) == 1


async def test_nobody_acts_on_themselves_nor_on_nobody(harness: SupportHarness) -> None:
    first, second = await supervisors(harness)
    for name in ("reset_agent", "reinstate_agent"):
        own = act(harness, first, name, subject_agent_id=first.id, reason="lost_phone")
        assert await harness.outcome(own) == "own_account"
        nobody = act(harness, first, name, reason="lost_phone")
        assert await harness.outcome(nobody) == "not_found"
    of_second = act(harness, first, "reset_agent", subject_agent_id=second.id, reason="lost_phone")
    view = await harness.ask(of_second)
    assert await harness.outcome(approve(harness, second, view)) == "own_account"
    no_code = act(harness, first, "invite_agent", details=NEWCOMER)
    no_code = msgspec.structs.replace(no_code, code_proof="")
    assert await harness.outcome(no_code) == "code_needed"
