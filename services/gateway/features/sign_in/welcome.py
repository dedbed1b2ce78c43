"""The welcome page."""

from aiohttp import web

from services.gateway.http.errors import UNAVAILABLE_ERRORS, Redirect
from services.gateway.http.rendering import page
from services.gateway.portal.registration_steps import current_request
from services.gateway.sessions.request_state import REQUEST_STATE


async def show(request: web.Request) -> web.Response:
    """What the portal is for; with a pending request, its next step (G-01, G-15)."""
    session = request[REQUEST_STATE].session
    if session is not None and session.full:
        raise Redirect("home")
    try:
        resume = await current_request(request)
    except UNAVAILABLE_ERRORS:
        resume = None  # the page is useful without it
    return page(request, "welcome.html", resume=resume)
