"""The open sessions of an account, for the desk."""

from services.gateway.sessions.sessions import Sessions
from shared.contracts.gateway_desk import AccountSessionsView, ListAccountSessions, SessionRecord
from shared.database import Pool
from shared.domain.account_ids import account_ids
from shared.messaging.handlers import RequestContext


async def find_sessions(
    request: ListAccountSessions, deps: Sessions, _pool: Pool
) -> AccountSessionsView:
    """The sessions that the account's holder sees too."""
    found = [
        session
        for one in account_ids([request.account_id])
        for session in await deps.of_account(one)
    ]
    return AccountSessionsView(
        sessions=tuple(
            SessionRecord(
                session_id=session.id,
                device=session.device,
                network=session.network,
                opened_at=session.opened_at,
                seen_at=session.seen_at,
            )
            for session in found
        )
    )


async def list_account_sessions(
    _request: ListAccountSessions, context: RequestContext[Sessions]
) -> AccountSessionsView:
    """What `find_sessions` found."""
    view: AccountSessionsView = context.prepared
    return view
