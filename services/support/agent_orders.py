"""What each decided act on an agent does: support owns agents, so it is done at once.

Where the agent's state no longer allows it, the approval is refused with `stale` (params: why) and
nothing changes.
"""

from collections.abc import Awaitable, Callable, Mapping
from uuid import uuid4

from services.support import agent_store, team_commands
from services.support.act_context import ActContext
from services.support.agents import SUSPENDABLE, Agent
from services.support.proposals import Proposal
from shared.contracts.base import Refusal
from shared.contracts.support.agents import AgentReinstated, AgentSessionsEnded
from shared.database import Connection
from shared.database.locks import lock_name
from shared.messaging.handlers import Refused

#: Why an act on an agent is impossible.
ADDRESS_TAKEN, WRONG_STATE, LAST_SUPERVISOR = "address_taken", "wrong_state", "last_supervisor"


async def invite(context: ActContext, proposal: Proposal) -> None:
    """Add an agent, who gets a link by mail; every supervisor is told."""
    tx, now, details = context.tx, context.now, proposal.details
    agent = Agent(
        id=str(uuid4()),
        address=details["address"],
        first_name="",
        last_name="",
        language=details["language"],
        role=details["role"],
        state="accepted",
        since=now,
        proposed_by=proposal.proposed_by,
        approved_by=proposal.approved_by,
    )
    if not await agent_store.insert(tx, agent):
        raise _impossible(ADDRESS_TAKEN)
    proposer = await _name(tx, proposal.proposed_by)
    approver = await _name(tx, proposal.approved_by)
    for event in await team_commands.announcements(tx, agent, proposer, approver, now):
        await context.emit(event, subject=agent.id)


async def reinstate(context: ActContext, proposal: Proposal) -> None:
    """A suspended agent may work again, or gives a password where there is none yet."""
    agent = await _lock_subject(context, proposal)
    if agent is None or agent.state != "suspended":
        raise _impossible(WRONG_STATE)
    state = "active" if agent.password is not None and agent.joined_at else "accepted"
    await agent_store.set_state(context.tx, agent.id, state, context.now)
    event = AgentReinstated(by=proposal.proposed_by, reinstated_at=context.now)
    await context.emit(event, subject=agent.id)


async def reset(context: ActContext, proposal: Proposal) -> None:
    """The agent gives password and second factor anew, by a mailed link."""
    agent = await _lock_subject(context, proposal)
    if agent is None or agent.state not in SUSPENDABLE:
        raise _impossible(WRONG_STATE)
    tx, now = context.tx, context.now
    for event in await team_commands.begin_anew(tx, agent, proposal.proposed_by, now):
        await context.emit(event, subject=agent.id)


async def change_role(context: ActContext, proposal: Proposal) -> None:
    """The agent has another role from the next request on; sessions end."""
    await lock_name(context.tx, "agents")
    agent = await _lock_subject(context, proposal)
    if agent is None or agent.state not in SUSPENDABLE:
        raise _impossible(WRONG_STATE)
    leaves = agent.role == "supervisor" and agent.state == "active"
    if leaves and await agent_store.count_supervisors(context.tx) <= 1:
        raise _impossible(LAST_SUPERVISOR)
    await agent_store.set_role(context.tx, agent.id, proposal.details["role"])
    ended = AgentSessionsEnded(reason="role_changed", by=proposal.proposed_by, ended_at=context.now)
    await context.emit(ended, subject=agent.id)


async def _lock_subject(context: ActContext, proposal: Proposal) -> Agent | None:
    return await agent_store.lock(context.tx, proposal.subject_agent_id or "")


def _impossible(why: str) -> Refused:
    return Refused(Refusal(slug="stale", params={"why": why}))


async def _name(tx: Connection, agent_id: str | None) -> str:
    agent = await agent_store.find(tx, agent_id) if agent_id else None
    return agent.name if agent else ""


AGENT_ORDERS: Mapping[str, Callable[[ActContext, Proposal], Awaitable[None]]] = {
    "invite_agent": invite,
    "reinstate_agent": reinstate,
    "reset_agent": reset,
    "change_agent_role": change_role,
}
