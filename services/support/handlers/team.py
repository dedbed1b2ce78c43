"""The team: supervisors see all agents, suspend and remove one at once.

What needs a second person (invitations, another role, a reset, coming back) are acts of the
proposals.
"""

from services.support import (
    agent_departures,
    agent_store,
    proposal_store,
    request_store,
)
from services.support.act_context import ActContext
from services.support.agents import REMOVABLE, SUSPENDABLE, Agent
from services.support.authorization import forbidden, require_act, require_view
from services.support.code_proofs import accepted_at
from services.support.deps import Deps
from services.support.permissions import ACTS, AGENT_REASONS
from services.support.proposals import code_refusal
from services.support.views import show_agent
from shared.contracts.base import Refusal
from shared.contracts.support.agents import (
    AgentCredentialsRemoved,
    AgentSessionsEnded,
    AgentsView,
    AgentView,
    ListAgents,
    ProposedInvitation,
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
    tx = context.tx
    agents = await agent_store.list_all(tx)
    names = {agent.id: agent.name for agent in agents}
    proposed = await proposal_store.proposed(tx, context.now())
    parts = await proposal_store.parts_of_agents(tx)
    requests = await request_store.count_by_agent(tx)

    def show(one: Agent) -> AgentView:
        open_acts, stopped = parts.get(one.id, (0, ()))
        return show_agent(
            one,
            names.get(one.proposed_by or "", ""),
            open_acts=open_acts,
            open_requests=requests.get(one.id, 0),
            stopped=stopped,
        )

    return AgentsView(
        agents=tuple(show(one) for one in agents),
        invitations=tuple(
            ProposedInvitation(
                proposal_id=one.id,
                address=one.details["address"],
                role=one.details["role"],
                proposed_by=names.get(one.proposed_by, ""),
                proposed_at=one.proposed_at,
                expires_at=one.expires_at,
            )
            for one in proposed
            if one.act == "invite_agent"
        ),
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
    no_code = code_refusal(ACTS[act], await accepted_at(request, context), now)
    if no_code is not None:
        raise Refused(no_code)
    # Two supervisors who suspend each other at once would leave none.
    await lock_name(tx, "agents")
    acting = ActContext.of(context)
    await agent_departures.lock_requests(acting, request.subject_id)
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
    left = await agent_departures.stop_work(acting, subject, agent, request.reason)
    await agent_departures.announce(acting, subject, state, agent, left)
    log.warning(
        "An agent was stopped.",
        action="agent_stopped",
        agent=subject.id,
        state=state,
        by=agent.id,
        acts=len(left.acts),
        requests=len(left.requests),
    )
    stopped = await agent_store.find(tx, subject.id)
    assert stopped is not None, "the agent was locked"
    return show_agent(stopped)


async def _is_last_supervisor(context: RequestContext[Deps], subject: Agent) -> bool:
    if subject.role != "supervisor" or subject.state != "active":
        return False
    return await agent_store.count_supervisors(context.tx) <= 1
