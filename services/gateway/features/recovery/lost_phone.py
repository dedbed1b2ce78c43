"""A lost phone: a neutral answer for anybody, and a mailed link that confirms it (G-26, issue of
the desk for what follows). Opening the link changes nothing; its button does."""

from __future__ import annotations

from aiohttp import web

from services.gateway.features.recovery.mailed_links import (
    MALFORMED,
    TOKEN,
    spent,
    status_of,
    token_of,
)
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import ACCESS, CLOCK, SESSIONS
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import CLOCKS
from services.gateway.sessions.request_state import VISIT, idempotency_key, page
from shared.contracts.registration import MailedLinkView
from shared.messaging.handlers import Refused

HERE = "/telephone-perdu"
CONFIRM = "/telephone-perdu/confirmer"


async def show(request: web.Request) -> web.Response:
    """First the ways that need nobody: a recovery code, the old phone; then the form."""
    return page(request, "lost_phone.html", form=Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Have a confirming link sent, if there is an account."""
    visit = request[VISIT]
    try:
        await request.app[ACCESS].claim_lost_phone(
            fields["address"],
            stolen=fields["stolen"] == "1",
            language=visit.lang,
            network=visit.network,
            key=idempotency_key(request, "lost-phone", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        status = refuse_form(request, form, refused)
        return page(request, "lost_phone.html", status=status, form=form)
    return page(request, "lost_phone_sent.html", address=fields["address"])


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with what was typed."""
    form = away_form(request, fields)
    return page(request, "lost_phone.html", status=503, form=form)


async def show_confirm(request: web.Request) -> web.Response:
    """What the link is worth; nothing else happens, however often it is opened."""
    token, link = token_of(request), MALFORMED
    if TOKEN.fullmatch(token):
        link = await request.app[ACCESS].describe_lost_phone(token)
    return _render(request, link, token, Form(), status_of(link))


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Record the loss; a stolen phone freezes the account, whose sessions end first."""
    token, app = fields["token"], request.app
    if not TOKEN.fullmatch(token):
        return _render(request, MALFORMED, "", Form(), 400)
    try:
        key = idempotency_key(request, "lost-phone-confirm", fields)
        view = await app[ACCESS].confirm_lost_phone(token, key=key)
    except Refused as refused:
        link = spent(refused)
        if link is None:
            raise
        return _render(request, link, token, Form(), status_of(link, posted=True))
    if view.frozen:
        await app[SESSIONS].end_all(view.account_id, app[CLOCK]() + CLOCKS, "account_frozen")
        current = request[VISIT].session
        if current is not None and current.account_id == view.account_id:
            guards.forget_cookie(request)
    return page(request, "lost_phone_done.html", frozen=view.frozen, switch_url=HERE)


async def away_confirm(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The button again, with what the page said of it."""
    form, stolen = away_form(request, fields), fields["stolen"] == "1"
    link = MailedLinkView(state="valid", stolen=stolen)
    return _render(request, link, fields["token"], form, 503)


def _render(
    request: web.Request, link: MailedLinkView, token: str, form: Form, status: int
) -> web.Response:
    here = f"{CONFIRM}?jeton={token}" if TOKEN.fullmatch(token) else HERE
    return page(
        request,
        "lost_phone_confirm.html",
        status=status,
        link=link,
        token=token,
        form=form,
        switch_url=here,
    )
