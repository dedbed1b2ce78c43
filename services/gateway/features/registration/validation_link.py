"""The page of the mailed link: opening it changes nothing, its button does (B-02, RE-04).

The button needs the pre-session of the request, or its password; a mail scanner has neither.
"""

from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.routes import redirect
from services.gateway.portal.form_errors import refused_form, unavailable_form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.portal.registration_steps import due_step, known_request
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    bind_to_request,
    flash,
    idempotency_key,
    presession,
)
from services.gateway.sessions.tokens import PresessionCookie
from shared.contracts.registration.requests import DescribeLink, VerifyLink
from shared.contracts.registration.views import LinkView, RequestView
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

LINK = MailedLink("validation_link", "welcome", "link.html")
MALFORMED = LinkView(state="malformed")
#: The state of the link for each refusal.
STATES = {
    "link_malformed": "malformed",
    "link_replaced": "replaced",
    "link_expired": "expired",
    "link_gone": "gone",
    "already_verified": "verified",
}

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token = LINK.token_of(request)
    link = await _describe(request, token) if token else MALFORMED
    return await _render(request, link, token, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Verify the address; on another device the browser is bound to the request."""
    token, password = fields["token"], fields["password"]
    if not LINK.token.fullmatch(token):
        return await _render(request, MALFORMED, "", Form())
    bound_to = await _bound_to(request)
    message = VerifyLink(
        link_token=seal(request, VerifyLink, "link_token", token),
        request_id=bound_to,
        password=seal(request, VerifyLink, "password", password) if password else None,
    )
    try:
        view = await ask(request, message, RequestView, idempotency_key(request, "link", fields))
    except Refused as refused:
        return await _refused(request, token, fields, refused)
    if bound_to != view.request_id:
        await bind_to_request(request, view.request_id, view.expires_at)
    if view.due == "created":
        flash(request, "verified")
        return redirect(request, due_step(view))
    return redirect(request, "address_verified")


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again; a browser without a pre-session also needs the password."""
    needed = not isinstance(request[REQUEST_STATE].cookie, PresessionCookie) or bool(
        fields["password"]
    )
    link = LinkView(state="valid", needs_password=needed)
    form = unavailable_form(request, fields)
    return LINK.render(request, link, fields["token"], form, pending=None)


async def _render(request: web.Request, link: LinkView, token: str, form: Form) -> web.Response:
    """The link; where it does nothing, the way on is this browser's own request, if it has one."""
    pending = None if link.state == "valid" else await known_request(request)
    return LINK.render(request, link, token, form, pending=pending)


async def _bound_to(request: web.Request) -> str | None:
    """The request that this browser is bound to."""
    found = await presession(request)
    return found.request_id if found else None


async def _describe(request: web.Request, token: str) -> LinkView:
    message = DescribeLink(
        link_token=seal(request, DescribeLink, "link_token", token),
        request_id=await _bound_to(request),
    )
    return await ask(request, message, LinkView)


async def _refused(
    request: web.Request, token: str, fields: dict[str, str], refused: Refused
) -> web.Response:
    refusal = refused.refusal
    if refusal.slug in STATES:
        link = LinkView(state=STATES[refusal.slug], at=_time(refusal.params.get("at")))
        return await _render(request, link, token, Form(status=422))
    form = refused_form(request, fields, refused)
    if refusal.slug == "wrong_password":
        log.warning("A link's password was wrong.", action="authn_login_fail")
    return await _render(request, await _describe(request, token), token, form)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
