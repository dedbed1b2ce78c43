"""« Ce n'est pas moi »: a security mail's link freezes the account, by its button (settled 8)."""

from __future__ import annotations

import re

from aiohttp import web

from services.gateway.features.recovery.mailed_links import spent, status_of, token_of
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import ACCESS, CLOCK, SESSIONS
from services.gateway.portal.form_errors import away_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import CLOCKS
from services.gateway.sessions.request_state import VISIT, idempotency_key, page
from shared.contracts.registration import DisavowalView
from shared.messaging.handlers import Refused

HERE = "/ce-n-est-pas-moi"
TOKEN = re.compile(r"[A-Za-z0-9._-]{20,300}")
MALFORMED = DisavowalView(state="malformed")


async def show(request: web.Request) -> web.Response:
    """What the link is worth; nothing else happens, however often it is opened."""
    token, view = token_of(request), MALFORMED
    if TOKEN.fullmatch(token):
        view = await request.app[ACCESS].describe_disavowal(token)
    return _render(request, view, token, Form(), 400 if view.state == "malformed" else 200)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Freeze the account; its sessions end before this answers."""
    token, app = fields["token"], request.app
    if not TOKEN.fullmatch(token):
        return _render(request, MALFORMED, "", Form(), 400)
    try:
        key = idempotency_key(request, "disavow", fields)
        frozen = await app[ACCESS].disavow(token, key=key)
    except Refused as refused:
        link = spent(refused)
        if link is None:
            raise
        view = DisavowalView(state=link.state)
        return _render(request, view, token, Form(), status_of(link, posted=True))
    await app[SESSIONS].end_all(frozen.account_id, app[CLOCK]() + CLOCKS, "account_frozen")
    current = request[VISIT].session
    if current is not None and current.account_id == frozen.account_id:
        guards.forget_cookie(request)
    return page(request, "disavowed.html", desk_only=frozen.desk_only, switch_url="/")


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again."""
    form = away_form(request, fields)
    return _render(request, DisavowalView(state="valid"), fields["token"], form, 503)


def _render(
    request: web.Request, view: DisavowalView, token: str, form: Form, status: int
) -> web.Response:
    here = f"{HERE}?jeton={token}" if TOKEN.fullmatch(token) else "/"
    return page(
        request,
        "disavow.html",
        status=status,
        view=view,
        token=token,
        form=form,
        switch_url=here,
    )
