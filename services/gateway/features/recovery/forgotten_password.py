"""« Mot de passe oublié » and the new password by a mailed link (G-44, RE-05, RE-06, OT-16).

The same page in the same time for known and unknown addresses. Only the POST with a valid new
password uses the link up; nobody is signed in by it, and the second factor is still asked.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.features.recovery.mailed_links import (
    MALFORMED,
    TOKEN,
    spent,
    status_of,
    token_of,
)
from services.gateway.features.registration.register import password_rules
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import ACCESS, LINK_MINUTES, SESSIONS
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.contracts.registration import MailedLinkView
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """The form for the address."""
    return page(request, "forgotten.html", form=Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Have a link sent, if there is an account."""
    visit = request[VISIT]
    try:
        await request.app[ACCESS].request_reset(
            fields["address"],
            language=visit.lang,
            network=visit.network,
            key=idempotency_key(request, "forgotten", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        status = refuse_form(request, form, refused)
        return page(request, "forgotten.html", status=status, form=form)
    minutes = request.app[LINK_MINUTES]
    return page(request, "forgotten_sent.html", address=fields["address"], minutes=minutes)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with the address that was typed."""
    form = away_form(request, fields)
    return page(request, "forgotten.html", status=503, form=form)


async def show_reset(request: web.Request) -> web.Response:
    """What the link is worth; nothing else happens, however often it is opened."""
    token = token_of(request)
    link = MALFORMED
    if TOKEN.fullmatch(token):
        link = await request.app[ACCESS].describe_reset(token)
    return await _render(request, link, token, Form(), status_of(link))


async def submit_reset(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Set the new password; every session of the account ends before this answers (settled 7)."""
    token, visit = fields["token"], request[VISIT]
    if not TOKEN.fullmatch(token):
        return await _render(request, MALFORMED, "", Form(), 400)
    try:
        view = await request.app[ACCESS].reset_password(
            token,
            fields["password"],
            device=visit.device,
            key=idempotency_key(request, "reset", fields),
        )
    except Refused as refused:
        form, link = Form.again(fields), spent(refused)
        if link is not None:
            return await _render(request, link, token, form, status_of(link, posted=True))
        status = refuse_form(request, form, refused)
        return await _render(request, MailedLinkView(state="valid"), token, form, status)
    await request.app[SESSIONS].end_all(view.account_id, view.changed_at, "password_changed")
    if visit.session is not None and visit.session.account_id == view.account_id:
        guards.forget_cookie(request)
    note(request, "password_reset")
    return redirect(guards.SIGN_IN)


async def away_reset(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form again; sent again it is the same act."""
    form = away_form(request, fields)
    return await _render(request, MailedLinkView(state="valid"), fields["token"], form, 503)


async def _render(
    request: web.Request, link: MailedLinkView, token: str, form: Form, status: int
) -> web.Response:
    rules = await password_rules(request, form) if link.state == "valid" else NO_RULES
    here = f"/mot-de-passe?jeton={token}" if TOKEN.fullmatch(token) else "/mot-de-passe-oublie"
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
