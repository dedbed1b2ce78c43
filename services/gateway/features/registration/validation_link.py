"""The page of the mailed link: opening it changes nothing, its button does (B-02, RE-04).

The button needs the pre-session of the request, or its password; a mail scanner has neither.
"""

import re
from datetime import datetime

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal.form_errors import refuse_form, unavailable_form
from services.gateway.portal.registration_steps import due_step
from services.gateway.sessions.presession_store import Presession
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    bind_to_request,
    flash,
    idempotency_key,
    presession,
)
from services.gateway.sessions.tokens import PresessionCookie
from shared.contracts.registration.views import LinkView
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

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
    tokens = request.query.getall("jeton", [])
    token = tokens[0] if len(tokens) == 1 else ""
    if not TOKEN.fullmatch(token):
        return _render(request, LinkView(state="malformed"), "", Form(), 400)
    view = await _describe(request, token)
    return _render(request, view, token, Form(), 400 if view.state == "malformed" else 200)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Verify the address; on another device the browser is bound to the request."""
    token = fields["token"]
    if not TOKEN.fullmatch(token):
        return _render(request, LinkView(state="malformed"), "", Form(), 400)
    found = await presession(request)
    try:
        view = await request.app[CLIENTS].registration.verify_link(
            token,
            found.request_id if found else None,
            fields["password"] or None,
            key=idempotency_key(request, "link", fields),
        )
    except Refused as refused:
        return await _refused(request, token, fields, refused)
    if _is_other(found, view.request_id):
        await bind_to_request(request, view.request_id, view.expires_at)
    if view.due == "created":
        flash(request, "verified")
        return redirect(request, due_step(view))
    return redirect(request, "address_verified")


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again; a browser without a pre-session also needs the password."""
    form = unavailable_form(request, fields)
    needed = not isinstance(request[REQUEST_STATE].cookie, PresessionCookie) or bool(
        fields["password"]
    )
    link = LinkView(state="valid", needs_password=needed)
    return _render(request, link, fields["token"], form, 503)


def _is_other(found: Presession | None, request_id: str) -> bool:
    return found is None or found.request_id != request_id


async def _describe(request: web.Request, token: str) -> LinkView:
    found = await presession(request)
    return await request.app[CLIENTS].registration.describe_link(
        token, found.request_id if found else None
    )


async def _refused(
    request: web.Request, token: str, fields: dict[str, str], refused: Refused
) -> web.Response:
    refusal = refused.refusal
    form = Form.again(fields)
    if refusal.slug in STATES:
        state = STATES[refusal.slug]
        view = LinkView(state=state, at=_time(refusal.params.get("at")))
        return _render(request, view, token, form, 400 if state == "malformed" else 422)
    status = refuse_form(request, form, refused)
    if refusal.slug == "wrong_password":
        log.warning("A link's password was wrong.", action="authn_login_fail")
    view = await _describe(request, token)
    return _render(request, view, token, form, status)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _render(
    request: web.Request, link: LinkView, token: str, form: Form, status: int = 200
) -> web.Response:
    here = url(request, "validation_link", jeton=token) if token else url(request, "welcome")
    return page(
        request,
        "link.html",
        status=status,
        link=link,
        token=token,
        form=form,
        switch_url=here,
    )
