"""A lost phone: a neutral answer for any address, and a mailed link that confirms it (G-26).

Opening the link changes nothing; its button does.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.portal.form_errors import (
    form_page,
    refused_form,
    unavailable_form,
    when_unavailable,
)
from services.gateway.portal.mailed_links import MailedLink, spent_state
from services.gateway.portal.session_pages import end_frozen
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from shared.contracts.registration.requests import (
    ClaimLostPhone,
    ConfirmLostPhone,
    DescribeLostPhone,
)
from shared.contracts.registration.views import Done, LostPhoneView, MailedLinkView
from shared.messaging.handlers import Refused

LINK = MailedLink("confirm_lost_phone", "lost_phone", "lost_phone_confirm.html")
MALFORMED = MailedLinkView(state="malformed")


#: What works without help: a recovery code, the old phone; then the form.
show = form_page("lost_phone.html")
on_unavailable = when_unavailable(show)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Have a confirming link sent, if there is an account."""
    state = request[REQUEST_STATE]
    message = ClaimLostPhone(
        address=fields["address"],
        stolen=fields["stolen"] == "1",
        language=state.lang,
        network=state.network,
    )
    try:
        await ask(request, message, Done, idempotency_key(request, "lost-phone", fields))
    except Refused as refused:
        return await show(request, refused_form(request, fields, refused))
    return page(request, "lost_phone_sent.html", address=fields["address"])


async def show_confirm(request: web.Request) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token, link = LINK.token_of(request), MALFORMED
    if token:
        sealed = seal(request, DescribeLostPhone, "link_token", token)
        link = await ask(request, DescribeLostPhone(link_token=sealed), MailedLinkView)
    return LINK.render(request, link, token, Form())


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Record the loss; a stolen phone freezes the account, whose sessions end first."""
    token = fields["token"]
    if not LINK.token.fullmatch(token):
        return LINK.render(request, MALFORMED, "", Form())
    message = ConfirmLostPhone(link_token=seal(request, ConfirmLostPhone, "link_token", token))
    key = idempotency_key(request, "lost-phone-confirm", fields)
    try:
        view = await ask(request, message, LostPhoneView, key)
    except Refused as refused:
        state = spent_state(refused)
        if state is None:
            raise
        return LINK.render(request, MailedLinkView(state=state), token, Form(status=422))
    if view.frozen:
        await end_frozen(request, view.account_id)
    return page(
        request, "lost_phone_done.html", frozen=view.frozen, switch_url=url(request, "lost_phone")
    )


async def confirm_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again, with what the page showed."""
    link = MailedLinkView(state="valid", stolen=fields["stolen"] == "1")
    return LINK.render(request, link, fields["token"], unavailable_form(request, fields))
