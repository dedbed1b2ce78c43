"""« Mot de passe oublié » and the new password by a mailed link (G-44, RE-05, RE-06, OT-16).

Known and unknown addresses get the same page in the same time. Only the POST with a valid new
password uses the link up; it signs nobody in, and the second factor is still needed.
"""

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal.form_errors import refuse_form, unavailable_form, unavailable_page
from services.gateway.portal.mailed_links import (
    MALFORMED,
    TOKEN,
    spent_link,
    status_of,
    token_of,
)
from services.gateway.portal.password_rules import password_rules
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.views import MailedLinkView
from shared.messaging.handlers import Refused

#: Lifetime of links for a new password or a lost phone, in minutes.
LINK_MINUTES = web.AppKey("link_minutes", int)


async def show(request: web.Request) -> web.Response:
    """The form for the address."""
    return page(request, "forgotten.html", form=Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Have a link sent, if there is an account."""
    state = request[REQUEST_STATE]
    try:
        await request.app[CLIENTS].auth.request_reset(
            fields["address"],
            language=state.lang,
            network=state.network,
            key=idempotency_key(request, "forgotten", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        status = refuse_form(request, form, refused)
        return page(request, "forgotten.html", status=status, form=form)
    minutes = request.app[LINK_MINUTES]
    return page(request, "forgotten_sent.html", address=fields["address"], minutes=minutes)


on_unavailable = unavailable_page("forgotten.html")


async def show_reset(request: web.Request) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token = token_of(request)
    link = MALFORMED
    if TOKEN.fullmatch(token):
        link = await request.app[CLIENTS].auth.describe_reset(token)
    return await _render(request, link, token, Form(), status_of(link))


async def submit_reset(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Set the new password; every session of the account ends before the response."""
    token, state = fields["token"], request[REQUEST_STATE]
    if not TOKEN.fullmatch(token):
        return await _render(request, MALFORMED, "", Form(), 400)
    try:
        view = await request.app[CLIENTS].auth.reset_password(
            token,
            fields["password"],
            device=state.device,
            key=idempotency_key(request, "reset", fields),
        )
    except Refused as refused:
        form, link = Form.again(fields), spent_link(refused)
        if link is not None:
            return await _render(request, link, token, form, status_of(link, posted=True))
        status = refuse_form(request, form, refused)
        return await _render(request, MailedLinkView(state="valid"), token, form, status)
    await request.app[SESSIONS].end_all(view.account_id, view.changed_at, "password_changed")
    if state.session is not None and state.session.account_id == view.account_id:
        guards.clear_session_cookie(request)
    flash(request, "password_reset")
    return redirect(request, "sign_in")


async def reset_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form again; sent again it is the same act."""
    form = unavailable_form(request, fields)
    return await _render(request, MailedLinkView(state="valid"), fields["token"], form, 503)


async def _render(
    request: web.Request, link: MailedLinkView, token: str, form: Form, status: int
) -> web.Response:
    rules = await password_rules(request, form) if link.state == "valid" else NO_RULES
    known = TOKEN.fullmatch(token)
    here = (
        url(request, "reset_password", jeton=token) if known else url(request, "forgotten_password")
    )
    return page(
        request,
        "reset.html",
        status=status,
        link=link,
        token=token,
        form=form,
        switch_url=here,
        **rules,
    )


NO_RULES: dict[str, object] = {"rules": "{}", "policy": []}
