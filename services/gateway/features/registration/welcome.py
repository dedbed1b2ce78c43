"""The welcome page."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.errors import Elsewhere
from services.gateway.portal.login_redirects import HOME
from services.gateway.sessions.request_state import VISIT, current_view, page
from shared.errors import DependencyDown
from shared.messaging.errors import RequestTimeout, ServiceUnavailable


async def show(request: web.Request) -> web.Response:
    """What the portal is for; for somebody who began, what comes next (G-01, G-15)."""
    session = request[VISIT].session
    if session is not None and session.full:
        raise Elsewhere(HOME)
    try:
        resume = await current_view(request)
    except (ServiceUnavailable, RequestTimeout, DependencyDown):
        resume = None  # the page is useful without it
    return page(request, "welcome.html", resume=resume)
