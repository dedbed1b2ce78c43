"""Where the sessions of agents lead: the due step of a sign-in, and the page after it."""

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.desk.navigation import home_of
from services.gateway.desk.preference_store import PREFERENCES
from services.gateway.http.errors import Redirect
from services.gateway.http.routes import ROUTES
from services.gateway.sessions.guards import SessionPages, clear_session_cookie
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.support.agents import AgentNoted, RecordAgentSignIn
from shared.messaging.handlers import Refused


def next_step(request: web.Request, session: Session) -> str:
    """The page of what an agent must give next to be signed in."""
    if session.full:
        return home_of(request.app[ROUTES], session.role)
    return "sign_in_code" if session.due == "code" else "sign_in_enrolment"


async def after_login(request: web.Request, session: Session) -> Redirect:
    """The page that was asked for, else where the role begins."""
    routes = request.app[ROUTES]
    found = routes.find_login_target(session.next)
    if found is None:
        return Redirect(home_of(routes, session.role))
    return Redirect(found[0].name, **found[1])


async def before_full(request: web.Request, session: Session, enrolled: bool) -> None:
    """Support agrees and notes the sign-in; an agent who was suspended meanwhile gets no session.
    Keyboard shortcuts are offered, once.
    """
    state = request[REQUEST_STATE]
    message = RecordAgentSignIn(
        agent_id=session.account_id,
        device=state.device,
        network=state.network,
        enrolled=enrolled,
    )
    key = idempotency_key(request, "agent-sign-in", {"press": state.press})
    try:
        await ask(request, message, AgentNoted, key)
    except Refused as refused:
        if refused.refusal.slug != "forbidden":
            raise
        await end_closed(request)
    if session.shortcuts is None and state.flash is None:
        await request.app[PREFERENCES].set_shortcuts(session.account_id, on=False)
        flash(request, "shortcuts_offered")


async def end_closed(request: web.Request) -> None:
    """End the session of an agent who may not work any more, and redirect to the sign-in."""
    await request.app[SESSIONS].end(request[REQUEST_STATE].token or "", "agent_closed")
    clear_session_cookie(request)
    flash(request, "agent_closed")
    raise Redirect(PAGES.sign_in)


PAGES = SessionPages(
    sign_in="sign_in",
    home="welcome",
    after_change="account",
    recovery_codes="",
    new_terms="",
    next_step=next_step,
    after_login=after_login,
    after_lost_answer=after_login,
    before_full=before_full,
)
