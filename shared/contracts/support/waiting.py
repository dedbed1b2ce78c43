"""What waits for an agent, as the navigation of the desk shows it."""

from shared.contracts.base import Reply, Request, request
from shared.contracts.support.acts import OWNER


class WaitingView(Reply, frozen=True, kw_only=True):
    """How many requests are open, and how many acts the agent may approve now; None where the role
    reads no such list."""

    requests: int | None = None
    approvals: int | None = None


@request(OWNER, WaitingView, changes=False)
class CountWaiting(Request, frozen=True, kw_only=True):
    """Count it. Refused with `forbidden` for an agent who may not work."""

    agent_id: str
