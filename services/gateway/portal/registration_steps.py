"""The steps of a registration: the request of a browser, and the page that is due."""

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.errors import Redirect
from services.gateway.http.site import CLOCK
from services.gateway.portal.recent_requests import RECENT_REQUESTS
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    end_presession,
    flash,
    look_up,
    presession,
)
from shared.contracts.base import Request
from shared.contracts.registration.requests import DescribeRequest
from shared.contracts.registration.views import RequestView
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

#: The state of a request that no longer exists.
GONE = "gone"
#: The page of each due step.
STEPS = {
    "validation": "validation",
    "terms": "accept_terms",
    "resumption": "resumption",
    "resumption_check": "resumption",
    "created": "creation",
}

log = get_logger("gateway")


async def act(request: web.Request, message: Request, key: str) -> RequestView:
    """Ask for an act on a request whose redirect leads to a page of the request. Raises what `ask`
    does."""
    recent = request.app[RECENT_REQUESTS]
    try:
        view = await ask(request, message, RequestView, key)
    except Exception:
        # A wrong code is counted, an act without an answer may be done: the next page asks.
        found = request[REQUEST_STATE].presession
        if found is not None:
            recent.pop(found.request_id)
        raise
    recent.put(view, request.app[CLOCK]())
    return view


async def current_request(request: web.Request) -> RequestView | None:
    """The request of this browser, or None; where it has ended, a message says so."""
    found = await presession(request)
    if found is None:
        return None
    recent = request.app[RECENT_REQUESTS].pop(found.request_id)
    if recent is not None:
        return recent
    try:
        return await ask(request, DescribeRequest(request_id=found.request_id), RequestView)
    except Refused as refused:
        if refused.refusal.slug != "request_gone":
            raise
    await end_presession(request)
    flash(request, "gone")
    return None


async def known_request(request: web.Request) -> RequestView | None:
    """The request of this browser, or None, for a page that does without: no message, no effect."""
    await look_up(request)
    found = request[REQUEST_STATE].presession
    if found is None:
        return None
    try:
        return await ask(request, DescribeRequest(request_id=found.request_id), RequestView)
    except Refused as refused:
        if refused.refusal.slug != "request_gone":
            raise
    return None


async def require_registration_step(request: web.Request, *steps: str) -> RequestView:
    """The request of this browser at one of `steps`; otherwise redirects to the due step.

    Steps are taken in order: a jump is logged (AU-13).
    """
    view = await current_request(request)
    if view is not None and view.due in steps:
        return view
    raise out_of_order(request, view)


async def require_request_id(request: web.Request) -> str:
    """The id of this browser's request, for an act whose owner judges the step itself; otherwise
    redirects to the due step."""
    found = await presession(request)
    if found is None:
        raise out_of_order(request, None)
    return found.request_id


def out_of_order(request: web.Request, view: RequestView | None) -> Redirect:
    """The redirect to the due step; the jump is logged."""
    log.info(
        "A step was requested out of order.",
        action="sequence_fail",
        path=request.path,
        due=view.due if view else None,
    )
    return Redirect(STEPS[view.due] if view else _without_request(request))


def _without_request(request: web.Request) -> str:
    """The page for who has no request here, which says why: the form where theirs has ended, else
    the sign-in, which leads to the due step of a request made elsewhere (P-06).
    """
    state = request[REQUEST_STATE]
    if state.flash == "gone":
        return "register"
    if state.session is None:
        flash(request, "no_request")
    return "sign_in"


def due_step(view: RequestView) -> str:
    """The page of the step that comes next."""
    return STEPS.get(view.due, "welcome")


def main_action(view: RequestView) -> str:
    """What proves the address next: the `code`, `resend` the message, or `correct` the address.

    A message to an unknown mailbox needs another address; one that was refused otherwise, or whose
    code was tried too often, is sent again (P-07).
    """
    if view.mail.state == "refused":
        return "correct" if view.mail.reason == "unknown_mailbox" else "resend"
    return "code" if view.tries_left else "resend"
