"""« Ce n'est pas moi »: the button of a security mail's link freezes the account."""

import re

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.portal.form_errors import unavailable_form
from services.gateway.portal.mailed_links import MailedLink, spent_state
from services.gateway.portal.session_pages import end_frozen
from services.gateway.sessions.request_state import idempotency_key
from shared.contracts.registration.requests import DescribeDisavowal, Disavow
from shared.contracts.registration.views import DisavowalView, FrozenView
from shared.messaging.handlers import Refused

LINK = MailedLink("not_me", "welcome", "disavow.html", re.compile(r"[A-Za-z0-9._-]{20,300}"))
MALFORMED = DisavowalView(state="malformed")


async def show(request: web.Request) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token, link = LINK.token_of(request), MALFORMED
    if token:
        sealed = seal(request, DescribeDisavowal, "link_token", token)
        link = await ask(request, DescribeDisavowal(link_token=sealed), DisavowalView)
    return LINK.render(request, link, token, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Freeze the account; its sessions end before the response."""
    token = fields["token"]
    if not LINK.token.fullmatch(token):
        return LINK.render(request, MALFORMED, "", Form())
    message = Disavow(link_token=seal(request, Disavow, "link_token", token))
    key = idempotency_key(request, "disavow", fields)
    try:
        frozen = await ask(request, message, FrozenView, key)
    except Refused as refused:
        state = spent_state(refused)
        if state is None:
            raise
        return LINK.render(request, DisavowalView(state=state), token, Form(status=422))
    await end_frozen(request, frozen.account_id)
    return page(
        request, "disavowed.html", desk_only=frozen.desk_only, switch_url=url(request, "welcome")
    )


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again."""
    form = unavailable_form(request, fields)
    return LINK.render(request, DisavowalView(state="valid"), fields["token"], form)
