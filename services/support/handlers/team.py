"""The team: supervisors see all agents, suspend and remove one at once.

What needs a second person (invitations, another role, a reset, coming back) are acts of the
proposals.
"""

from services.support import agent_store
from services.support.agents import REMOVABLE, SUSPENDABLE, Agent
from services.support.authorization import forbidden, require_act, require_view
from services.support.deps import Deps
from services.support.permissions import AGENT_REASONS
from services.support.views import show_agent
from shared.contracts.base import Refusal
from shared.contracts.support.agents import (
    AgentCredentialsRemoved,
    AgentSessionsEnded,
    AgentsView,
    AgentView,
    ListAgents,
    RemoveAgent,
    SuspendAgent,
)
from shared.database.locks import lock_name
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("support")


async def list_agents(request: ListAgents, context: RequestContext[Deps]) -> AgentsView:
    """Every agent, with the name of who proposed each account."""
    await require_view(context.tx, request.agent_id, "team")
    agents = await agent_store.list_all(context.tx)
    names = {agent.id: agent.name for agent in agents}
    return AgentsView(
        agents=tuple(show_agent(one, names.get(one.proposed_by or "", "")) for one in agents)
    )


async def suspend_agent(request: SuspendAgent, context: RequestContext[Deps]) -> AgentView:
    """Suspend at once: the next request of the agent is refused, sessions end."""
    return await _end(request, context, "suspend_agent", SUSPENDABLE, "suspended")


async def remove_agent(request: RemoveAgent, context: RequestContext[Deps]) -> AgentView:
    """Remove the account; its id stays for the journal."""
    return await _end(request, context, "remove_agent", REMOVABLE, "removed")


async def _end(
    request: SuspendAgent | RemoveAgent,
    context: RequestContext[Deps],
    act: str,
    possible: tuple[str, ...],
    state: str,
) -> AgentView:
    tx, now = context.tx, context.now()
    agent = await require_act(tx, request.agent_id, act)
    if request.reason not in AGENT_REASONS:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "reason"}))
    # Two supervisors who suspend each other at once would leave none.
    await lock_name(tx, "agents")
    subject = await agent_store.lock(tx, request.subject_id)
    if subject is None:
        raise Refused(Refusal(slug="not_found"))
    if subject.id == agent.id:
        raise forbidden(agent.id, act, "own_account")
    if subject.state not in possible:
        raise Refused(Refusal(slug="stale"))
    if await _is_last_supervisor(context, subject):
        raise Refused(Refusal(slug="last_supervisor"))
    await agent_store.set_state(tx, subject.id, state, now)
    event = AgentSessionsEnded(reason=state, by=agent.id, ended_at=now)
    await context.emit(event, subject=subject.id)
    if state == "removed":
        gone = AgentCredentialsRemoved(by=agent.id, removed_at=now)
        await context.emit(gone, subject=subject.id)
    log.warning("An agent was stopped.", action="agent_stopped", agent=subject.id, state=state)
    stopped = await agent_store.find(tx, subject.id)
    assert stopped is not None, "the agent was locked"
    return show_agent(stopped)


async def _is_last_supervisor(context: RequestContext[Deps], subject: Agent) -> bool:
    if subject.role != "supervisor" or subject.state != "active":
        return False
    return await agent_store.count_supervisors(context.tx) <= 1
