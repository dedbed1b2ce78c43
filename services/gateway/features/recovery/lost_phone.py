"""A lost phone: a neutral answer for any address, and a mailed link that confirms it (G-26).

Opening the link changes nothing; its button does.
"""

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal.form_errors import refuse_form, unavailable_form, unavailable_page
from services.gateway.portal.mailed_links import (
    MALFORMED,
    TOKEN,
    spent_link,
    status_of,
    token_of,
)
from services.gateway.sessions import guards
from services.gateway.sessions.model import CLOCK_SKEW
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.views import MailedLinkView
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """What works without help: a recovery code, the old phone; then the form."""
    return page(request, "lost_phone.html", form=Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Have a confirming link sent, if there is an account."""
    state = request[REQUEST_STATE]
    try:
        await request.app[CLIENTS].auth.claim_lost_phone(
            fields["address"],
            stolen=fields["stolen"] == "1",
            language=state.lang,
            network=state.network,
            key=idempotency_key(request, "lost-phone", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        status = refuse_form(request, form, refused)
        return page(request, "lost_phone.html", status=status, form=form)
    return page(request, "lost_phone_sent.html", address=fields["address"])


on_unavailable = unavailable_page("lost_phone.html")


async def show_confirm(request: web.Request) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token, link = token_of(request), MALFORMED
    if TOKEN.fullmatch(token):
        link = await request.app[CLIENTS].auth.describe_lost_phone(token)
    return _render(request, link, token, Form(), status_of(link))


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Record the loss; a stolen phone freezes the account, whose sessions end first."""
    token, app = fields["token"], request.app
    if not TOKEN.fullmatch(token):
        return _render(request, MALFORMED, "", Form(), 400)
    try:
        key = idempotency_key(request, "lost-phone-confirm", fields)
        view = await app[CLIENTS].auth.confirm_lost_phone(token, key=key)
    except Refused as refused:
        link = spent_link(refused)
        if link is None:
            raise
        return _render(request, link, token, Form(), status_of(link, posted=True))
    if view.frozen:
        await app[SESSIONS].end_all(view.account_id, app[CLOCK]() + CLOCK_SKEW, "account_frozen")
        current = request[REQUEST_STATE].session
        if current is not None and current.account_id == view.account_id:
            guards.clear_session_cookie(request)
    return page(
        request, "lost_phone_done.html", frozen=view.frozen, switch_url=url(request, "lost_phone")
    )


async def confirm_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again, with what the page showed."""
    form, stolen = unavailable_form(request, fields), fields["stolen"] == "1"
    link = MailedLinkView(state="valid", stolen=stolen)
    return _render(request, link, fields["token"], form, 503)


def _render(
    request: web.Request, link: MailedLinkView, token: str, form: Form, status: int
) -> web.Response:
    known = TOKEN.fullmatch(token)
    here = url(request, "confirm_lost_phone", jeton=token) if known else url(request, "lost_phone")
    return page(
        request,
        "lost_phone_confirm.html",
        status=status,
        link=link,
        token=token,
        form=form,
        switch_url=here,
    )
