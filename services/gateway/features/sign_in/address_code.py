"""The address proved again before a phone is enrolled late: a code of ten minutes (OT-13)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import ACCESS, CLOCK, SESSIONS
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.contracts.registration import AddressCodeView
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token

HERE = "/connexion/adresse"
ENROLMENT = "/connexion/telephone"


async def show(request: web.Request) -> web.Response:
    """Where the code went; it is sent when the page is first opened."""
    return _render(request, await _described(request, _required(request)), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The right code leads to the enrolment."""
    found, app = _required(request), request.app
    try:
        view = await app[ACCESS].verify_address_code(
            found.account_id, fields["code"], key=idempotency_key(request, "address", fields)
        )
    except Refused as refused:
        await guards.leave_closed(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="address")
        return _render(request, await _described(request, found), form, status)
    await app[SESSIONS].note_address(request[VISIT].token or "", view.enrol_before)
    note(request, "address_proved")
    return redirect(ENROLMENT)


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Another code; the former one is worth nothing."""
    found, visit = _required(request), request[VISIT]
    try:
        await request.app[ACCESS].send_address_code(
            found.account_id,
            language=visit.lang,
            renew=True,
            key=idempotency_key(request, "address-again", fields),
        )
    except Refused as refused:
        await guards.leave_closed(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused)
        return _render(request, await _described(request, found), form, status)
    note(request, "resent_address")
    return redirect(HERE)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The page as soon as it can be shown; the code is to be typed again."""
    form = away_form(request, fields)
    return _render(request, await _described(request, _required(request)), form, 503)


def _required(request: web.Request) -> Session:
    found = guards.half(request)
    if not found.address_is_due(request.app[CLOCK]()):
        raise Elsewhere(guards.due_path(request, found))
    return found


async def _described(request: web.Request, found: Session) -> AddressCodeView:
    lang = request[VISIT].lang
    try:
        return await request.app[ACCESS].send_address_code(
            found.account_id, language=lang, renew=False, key=new_token()
        )
    except Refused as refused:
        await guards.leave_closed(request, refused)
        raise


def _render(
    request: web.Request, view: AddressCodeView, form: Form, status: int = 200
) -> web.Response:
    wait = (view.resend_at - request.app[CLOCK]()).total_seconds()
    return page(
        request,
        "address_code.html",
        status=status,
        form=form,
        view=view,
        resend_in=max(0, -int(-wait // 1)),
        switch_url=HERE,
    )
