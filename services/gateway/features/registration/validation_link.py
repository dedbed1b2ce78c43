"""The page of the mailed link: opening it changes nothing, its button does (B-02, RE-04).

The button needs the pre-session of the request, or its password; a mail scanner has neither.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.routes import redirect
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.portal.registration_steps import act, due_step, known_request
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    bind_to_request,
    flash,
    idempotency_key,
    presession,
)
from shared.contracts.registration.requests import DescribeLink, VerifyLink
from shared.contracts.registration.views import LinkView
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

LINK = MailedLink("validation_link", "welcome", "link.html")
MALFORMED = LinkView(state="malformed")
log = get_logger("gateway")


async def show(request: web.Request, form: Form) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token, link = LINK.token_of(request, form), MALFORMED
    if token:
        message = DescribeLink(
            link_token=seal(request, DescribeLink, "link_token", token),
            request_id=await _bound_to(request),
        )
        link = await ask(request, message, LinkView)
    return await _render(request, link, token, form)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The button again; a browser without a pre-session also needs the password."""
    given = form.request_fields["password"]
    needed = request[REQUEST_STATE].presession_token is None or bool(given)
    link = LinkView(state="valid", needs_password=needed)
    return LINK.render(request, link, LINK.token_of(request, form), form, pending=None)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
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
        view = await act(request, message, idempotency_key(request, "link", fields))
    except Refused as refused:
        if refused.refusal.slug == "already_verified":
            raise Redirect(LINK.name, **LINK.form_query(fields)) from refused
        LINK.raise_if_spent(refused, fields)
        if refused.refusal.slug == "wrong_password":
            log.warning("A link's password was wrong.", action="authn_login_fail")
        return refused_form(request, fields, refused)
    if bound_to != view.request_id:
        await bind_to_request(request, view.request_id, view.expires_at)
    if view.due == "created":
        flash(request, "verified")
        return redirect(request, due_step(view))
    return redirect(request, "address_verified")


async def _render(request: web.Request, link: LinkView, token: str, form: Form) -> web.Response:
    """The link; where it does nothing, the way on is this browser's own request, if it has one."""
    pending = None if link.state == "valid" else await known_request(request)
    return LINK.render(request, link, token, form, pending=pending)


async def _bound_to(request: web.Request) -> str | None:
    """The request that this browser is bound to."""
    found = await presession(request)
    return found.request_id if found else None
