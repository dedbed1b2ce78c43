"""The agent behind a request, and whether the role allows what it asks (AZ-04).

Read from the table at each request, so that a right that was withdrawn is gone at the next one.
"""

from services.support import agent_store
from services.support.agents import Agent
from services.support.permissions import may_approve, may_do, may_view
from shared.contracts.base import Refusal
from shared.database import Connection
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

log = get_logger("support")


def forbidden(agent_id: str, what: str, slug: str = "forbidden") -> Refused:
    """The refusal of what an agent may not do, which is logged."""
    log.warning(
        "An agent asked for what the role does not allow.",
        action="authz_fail",
        agent=agent_id,
        what=what,
        reason=slug,
    )
    return Refused(Refusal(slug=slug))


async def require_agent(tx: Connection, agent_id: str) -> Agent:
    """An agent who may work; otherwise refused with `forbidden`."""
    agent = await agent_store.find(tx, agent_id)
    if agent is None or not agent.may_work:
        raise forbidden(agent_id, "work")
    return agent


async def require_working(tx: Connection, agent: Agent) -> None:
    """Refused where the agent's access has just ended: what stopped with it gets no successor.

    Called after the request is locked, as an access ends: nobody waits for the other in a circle.
    """
    if not await agent_store.still_works(tx, agent.id):
        raise forbidden(agent.id, "work")


async def require_act(tx: Connection, agent_id: str, act: str) -> Agent:
    """An agent whose role does or proposes an act; otherwise refused with `forbidden`."""
    agent = await require_agent(tx, agent_id)
    if not may_do(agent.role, act):
        raise forbidden(agent_id, act)
    return agent


async def require_approver(tx: Connection, agent_id: str, act: str) -> Agent:
    """An agent whose role agrees to an act as a second person; otherwise refused."""
    agent = await require_agent(tx, agent_id)
    if not may_approve(agent.role, act):
        raise forbidden(agent_id, f"approve {act}")
    return agent


async def require_view(tx: Connection, agent_id: str, view: str) -> Agent:
    """An agent whose role reads a page; otherwise refused with `forbidden`."""
    agent = await require_agent(tx, agent_id)
    if not may_view(agent.role, view):
        raise forbidden(agent_id, view)
    return agent
