"""Views of agents for replies. Pure."""

from services.support.agents import Agent
from shared.contracts.support.agents import AgentView


def show_agent(
    agent: Agent,
    invited_by: str = "",
    *,
    open_acts: int = 0,
    open_requests: int = 0,
    stopped: tuple[str, ...] = (),
) -> AgentView:
    """An agent as colleagues see one."""
    return AgentView(
        agent_id=agent.id,
        address=agent.address,
        first_name=agent.first_name,
        last_name=agent.last_name,
        language=agent.language,
        role=agent.role,
        state=agent.state,
        since=agent.since,
        newcomer_until=agent.newcomer_until,
        invited_by=invited_by,
        seen_at=agent.seen_at,
        open_acts=open_acts,
        open_requests=open_requests,
        stopped=stopped,
    )
