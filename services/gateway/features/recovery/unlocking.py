"""A mailed link that lifts the limits of an address, and does nothing else (S-05).

Opening the link changes nothing; its form does, with the code of the mail.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from shared.contracts.registration.requests import DescribeUnlock, UnlockAddress
from shared.contracts.registration.views import Done, MailedLinkView
from shared.messaging.handlers import Refused

LINK = MailedLink("unlock", "sign_in", "unlock.html")
MALFORMED, VALID = MailedLinkView(state="malformed"), MailedLinkView(state="valid")


async def show(request: web.Request, form: Form) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token, link = LINK.token_of(request, form), MALFORMED
    if token:
        sealed = seal(request, DescribeUnlock, "link_token", token)
        link = await ask(request, DescribeUnlock(link_token=sealed), MailedLinkView)
    return LINK.render(request, link, token, form)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form again."""
    return LINK.render(request, VALID, LINK.token_of(request, form), form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Lift the limits; signing in is still to come."""
    token = fields["token"]
    if not LINK.token.fullmatch(token):
        return LINK.render(request, MALFORMED, "", Form())
    message = UnlockAddress(
        link_token=seal(request, UnlockAddress, "link_token", token),
        code=seal(request, UnlockAddress, "code", fields["code"]),
        network=request[REQUEST_STATE].network,
    )
    try:
        await ask(request, message, Done, idempotency_key(request, "unlock", fields))
    except Refused as refused:
        LINK.raise_if_spent(refused, fields)
        return refused_form(request, fields, refused, prefix="link")
    return redirect_with_flash(request, "sign_in", "unlocked")
