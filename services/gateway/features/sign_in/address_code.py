"""The address verified again before a late enrolment: a code valid for ten minutes (OT-13)."""

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.http.site import CLOCK
from services.gateway.portal import session_pages
from services.gateway.portal.form_errors import refuse_form, unavailable_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.views import AddressCodeView
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token


async def show(request: web.Request) -> web.Response:
    """Where the code went; it is sent when the page is first opened."""
    return _render(request, await _described(request, _required(request)), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The right code leads to the enrolment."""
    found, app = _required(request), request.app
    try:
        view = await app[CLIENTS].auth.verify_address_code(
            found.account_id, fields["code"], key=idempotency_key(request, "address", fields)
        )
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="address")
        return _render(request, await _described(request, found), form, status)
    await app[SESSIONS].set_enrol_before(request[REQUEST_STATE].token or "", view.enrol_before)
    flash(request, "address_proved")
    return redirect(request, "sign_in_enrolment")


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Send another code; the former one is no longer valid."""
    found, state = _required(request), request[REQUEST_STATE]
    try:
        await request.app[CLIENTS].auth.send_address_code(
            found.account_id,
            language=state.lang,
            renew=True,
            key=idempotency_key(request, "address-again", fields),
        )
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused)
        return _render(request, await _described(request, found), form, status)
    flash(request, "resent_address")
    return redirect(request, "sign_in_address")


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The page as soon as it can be shown; the code is to be typed again."""
    form = unavailable_form(request, fields)
    return _render(request, await _described(request, _required(request)), form, 503)


def _required(request: web.Request) -> Session:
    found = guards.require_password_step(request)
    if not found.address_is_due(request.app[CLOCK]()):
        raise Redirect(session_pages.next_step(request, found))
    return found


async def _described(request: web.Request, found: Session) -> AddressCodeView:
    lang = request[REQUEST_STATE].lang
    try:
        return await request.app[CLIENTS].auth.send_address_code(
            found.account_id, language=lang, renew=False, key=new_token()
        )
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
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
        switch_url=url(request, "sign_in_address"),
    )
