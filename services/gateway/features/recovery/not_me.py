"""« Ce n'est pas moi »: the button of a security mail's link freezes the account."""

import re

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal.form_errors import unavailable_form
from services.gateway.portal.mailed_links import spent_link, status_of, token_of
from services.gateway.sessions import guards
from services.gateway.sessions.model import CLOCK_SKEW
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.views import DisavowalView
from shared.messaging.handlers import Refused

TOKEN = re.compile(r"[A-Za-z0-9._-]{20,300}")
MALFORMED = DisavowalView(state="malformed")


async def show(request: web.Request) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token, view = token_of(request), MALFORMED
    if TOKEN.fullmatch(token):
        view = await request.app[CLIENTS].auth.describe_disavowal(token)
    return _render(request, view, token, Form(), 400 if view.state == "malformed" else 200)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Freeze the account; its sessions end before the response."""
    token, app = fields["token"], request.app
    if not TOKEN.fullmatch(token):
        return _render(request, MALFORMED, "", Form(), 400)
    try:
        key = idempotency_key(request, "disavow", fields)
        frozen = await app[CLIENTS].auth.disavow(token, key=key)
    except Refused as refused:
        link = spent_link(refused)
        if link is None:
            raise
        view = DisavowalView(state=link.state)
        return _render(request, view, token, Form(), status_of(link, posted=True))
    await app[SESSIONS].end_all(frozen.account_id, app[CLOCK]() + CLOCK_SKEW, "account_frozen")
    current = request[REQUEST_STATE].session
    if current is not None and current.account_id == frozen.account_id:
        guards.clear_session_cookie(request)
    return page(
        request, "disavowed.html", desk_only=frozen.desk_only, switch_url=url(request, "welcome")
    )


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again."""
    form = unavailable_form(request, fields)
    return _render(request, DisavowalView(state="valid"), fields["token"], form, 503)


def _render(
    request: web.Request, view: DisavowalView, token: str, form: Form, status: int
) -> web.Response:
    known = TOKEN.fullmatch(token)
    here = url(request, "not_me", jeton=token) if known else url(request, "welcome")
    return page(
        request,
        "disavow.html",
        status=status,
        view=view,
        token=token,
        form=form,
        switch_url=here,
    )
