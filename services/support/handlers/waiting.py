"""What waits for an agent, counted for each page of the desk."""

from services.support import request_store
from services.support.authorization import require_agent
from services.support.deps import Deps
from services.support.handlers.proposal_list import approvable
from services.support.permissions import may_view
from shared.contracts.support.waiting import CountWaiting, WaitingView
from shared.domain.working_days import paris_day
from shared.messaging.handlers import RequestContext


async def count_waiting(request: CountWaiting, context: RequestContext[Deps]) -> WaitingView:
    """The numbers beside « Demandes » and « À approuver »."""
    tx, now = context.tx, context.now()
    agent = await require_agent(tx, request.agent_id)
    requests = approvals = None
    if may_view(agent.role, "requests"):
        requests, _late = await request_store.count_open(tx, paris_day(now))
    if may_view(agent.role, "approvals"):
        approvals = len(await approvable(tx, agent, now))
    return WaitingView(requests=requests, approvals=approvals)
