"""The table of agents' sessions. `support` tells that an agent signed in."""

from datetime import datetime

from services.gateway.sessions.session_table import SessionTable
from shared.contracts.desk import OWNER, AgentSessionClosed


def _closed(session_id: str, reason: str, closed_at: datetime) -> AgentSessionClosed:
    return AgentSessionClosed(session_id=session_id, reason=reason, closed_at=closed_at)


AGENT_SESSIONS = SessionTable(
    owner=OWNER,
    opened=None,
    closed=_closed,
    own_columns=("role",),
    computed="agent_preferences.shortcuts",
    joins="left join agent_preferences on agent_preferences.agent_id = sessions.account_id",
)
