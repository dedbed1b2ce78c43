"""Messages of the desk, the agents' front end. The subject is the agent's id."""

from datetime import datetime

from shared.contracts.base import Event, event

OWNER = "desk"


@event(OWNER)
class AgentSessionClosed(Event, frozen=True, kw_only=True):
    """A session of the subject, an agent, ended. `reason` is `signed_out`, `closed_by_holder`,
    `expired`, `too_many`, `phone_replaced`, or what support ended it for."""

    session_id: str
    reason: str
    closed_at: datetime
