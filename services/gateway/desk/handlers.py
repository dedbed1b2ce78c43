"""What support tells of agents ends their sessions at once, in every process of the desk."""

from datetime import timedelta

from services.gateway.sessions.model import CLOCK_SKEW
from services.gateway.sessions.sessions import Sessions, delete_known_browsers
from shared.contracts.support.agents import AgentSessionsEnded
from shared.messaging.handlers import Context

#: After these no sign-in follows until something else was told.
CLOSED = frozenset(("suspended", "removed"))


async def agent_sessions_ended(event: AgentSessionsEnded, context: Context[Sessions]) -> None:
    """End the agent's sessions that were proved before; no browser stays known. Safe in any order
    and twice."""
    agent_id = context.require_account_id()
    until = event.ended_at + (CLOCK_SKEW if event.reason in CLOSED else timedelta(0))
    await context.deps.end_all_in(context.tx, context.emit, agent_id, until, event.reason)
    await delete_known_browsers(context.tx, agent_id)
    if event.reason == "removed":
        await context.tx.execute("delete from agent_preferences where agent_id = $1", agent_id)
