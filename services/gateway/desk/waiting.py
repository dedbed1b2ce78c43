"""How much waits, beside the entries of the navigation: asked for each page, so that it is right on
the first one too and after each act."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.errors import UNAVAILABLE_ERRORS
from services.gateway.http.routes import ROUTES
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.waiting import CountWaiting, WaitingView
from shared.messaging.handlers import Refused

#: By the name of an entry's page; without an answer there is no number.
WAITING_COUNTS = web.RequestKey("waiting_counts", Mapping[str, int | None])
#: A page is shown without its numbers rather than late.
SECONDS = 0.5


@web.middleware
async def count_waiting(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Count what waits for the signed-in agent before a page is shown."""
    session, page = request[REQUEST_STATE].session, request.app[ROUTES].at(request.path)
    if session is not None and session.full and not (page is not None and page.background):
        message = CountWaiting(agent_id=session.account_id)
        try:
            view = await ask(request, message, WaitingView, timeout=SECONDS)
        except (*UNAVAILABLE_ERRORS, Refused):
            pass  # the page itself says what is away, or that the agent may not work
        else:
            request[WAITING_COUNTS] = {"requests": view.requests, "approvals": view.approvals}
    return await handler(request)
