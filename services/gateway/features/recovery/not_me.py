"""« Ce n'est pas moi »: the link of a security mail, with its code, freezes the account."""

import re
from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.portal.session_pages import end_frozen
from services.gateway.sessions.request_state import idempotency_key
from shared.contracts.registration.requests import DescribeDisavowal, Disavow
from shared.contracts.registration.views import DisavowalView, FrozenView
from shared.messaging.handlers import Refused

#: As `shared.security.signed_tokens` writes it: an expiry in seconds, ids, a key's id, a signature.
TOKEN = re.compile(r"\d{9,12}(?:\.[A-Za-z0-9_-]{1,64}){2,4}\.[A-Za-z0-9_-]{43}")
LINK = MailedLink("not_me", "welcome", "disavow.html", TOKEN)
MALFORMED = DisavowalView(state="malformed")


async def show(request: web.Request, form: Form) -> web.Response:
    """The state of the link; opening it changes nothing. Then that the account is frozen."""
    if form.result is not None:
        until = form.result["undo_until"]
        return page(
            request,
            "disavowed.html",
            desk_only=form.result["desk_only"],
            undo_until=None if until is None else datetime.fromisoformat(until),
            switch_url=url(request, "welcome"),
        )
    token, link = LINK.token_of(request, form), MALFORMED
    if token:
        sealed = seal(request, DescribeDisavowal, "link_token", token)
        link = await ask(request, DescribeDisavowal(link_token=sealed), DisavowalView)
    return LINK.render(request, link, token, form)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The button again."""
    token = LINK.token_of(request, form)
    return LINK.render(request, DisavowalView(state="valid"), token, form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Freeze the account; its sessions end before the response."""
    token = fields["token"]
    if not LINK.token.fullmatch(token):
        return LINK.render(request, MALFORMED, "", Form())
    message = Disavow(
        link_token=seal(request, Disavow, "link_token", token),
        code=seal(request, Disavow, "code", fields["code"]),
    )
    key = idempotency_key(request, "disavow", fields)
    try:
        frozen = await ask(request, message, FrozenView, key)
    except Refused as refused:
        LINK.raise_if_spent(refused, fields)
        return refused_form(request, fields, refused, prefix="link")
    await end_frozen(request, frozen.account_id)
    until = frozen.undo_until
    return Form.accepted(
        desk_only=frozen.desk_only, undo_until=None if until is None else until.isoformat()
    )
