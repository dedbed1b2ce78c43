"""A lost phone: a neutral answer for any address, and a mailed link that confirms it (G-26).

Opening the link changes nothing; its form does, with the code of the mail.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.portal.sent_requests import PROMISES, sent_request
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
MALFORMED, VALID = MailedLinkView(state="malformed"), MailedLinkView(state="valid")


async def show(request: web.Request, form: Form) -> web.Response:
    """What works without help: a recovery code, the old phone; then the form. After it, that a
    link was sent, if there is an account.
    """
    if form.result is None:
        return page(request, "lost_phone.html", form=form)
    return page(request, "lost_phone_sent.html", **form.result)


async def submit(request: web.Request, fields: dict[str, str]) -> Form:
    """Have a confirming link sent, if there is an account."""
    state = request[REQUEST_STATE]
    message = ClaimLostPhone(
        address=fields["address"],
        stolen=False,
        language=state.lang,
        network=state.network,
    )
    try:
        await ask(request, message, Done, idempotency_key(request, "lost-phone", fields))
    except Refused as refused:
        return refused_form(request, fields, refused)
    return Form.accepted(address=fields["address"])


async def show_confirm(request: web.Request, form: Form) -> web.Response:
    """The state of the link; opening it changes nothing. Then what was done."""
    if form.result is not None:
        return page(
            request,
            "lost_phone_done.html",
            **form.result,
            switch_url=url(request, "lost_phone"),
        )
    token, link = LINK.token_of(request, form), MALFORMED
    if token:
        sealed = seal(request, DescribeLostPhone, "link_token", token)
        link = await ask(request, DescribeLostPhone(link_token=sealed), MailedLinkView)
    return LINK.render(request, link, token, form)


async def confirm_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form again."""
    return LINK.render(request, VALID, LINK.token_of(request, form), form)


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Record the loss; a stolen phone freezes the account, whose sessions end first. With `alone`
    the person would do without an agent."""
    token = fields["token"]
    if not LINK.token.fullmatch(token):
        return LINK.render(request, MALFORMED, "", Form())
    message = ConfirmLostPhone(
        link_token=seal(request, ConfirmLostPhone, "link_token", token),
        code=seal(request, ConfirmLostPhone, "code", fields["code"]),
        stolen=fields["stolen"] == "1",
        alone=fields["alone"] == "1",
        password=seal(request, ConfirmLostPhone, "password", fields["password"]),
    )
    key = idempotency_key(request, "lost-phone-confirm", fields)
    try:
        view = await ask(request, message, LostPhoneView, key)
    except Refused as refused:
        LINK.raise_if_spent(refused, fields)
        return refused_form(request, fields, refused, prefix="link")
    if view.frozen:
        await end_frozen(request, view.account_id)
    answer_by = request.app[PROMISES].answer_by("lost_phone", view.reported_at)
    shown = sent_request(request, view.number, answer_by.isoformat())
    return Form.accepted(frozen=view.frozen, alone=view.alone, **shown)
