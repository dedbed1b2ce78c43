"""The address verified again before a late enrolment: a code valid for ten minutes (OT-13)."""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal import session_pages
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import leave_out_code_alert, refused_form, seconds_until
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.requests import SendAddressCode, VerifyAddressCode
from shared.contracts.registration.views import AddressCodeView, AddressProofView
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token


async def show(request: web.Request, form: Form) -> web.Response:
    """Where the code went; it is sent when the page is first opened."""
    try:
        view = await _send(request, new_token(), renew=False)
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        raise
    if not view.tries_left:
        leave_out_code_alert(form)
    return page(
        request,
        "address_code.html",
        form=form,
        view=view,
        resend_in=seconds_until(request, view.resend_at),
        switch_url=url(request, "sign_in_address"),
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The right code leads to the enrolment."""
    message = VerifyAddressCode(
        account_id=_required(request).account_id,
        code=seal(request, VerifyAddressCode, "code", fields["code"]),
    )
    key = idempotency_key(request, "address", fields)
    try:
        view = await ask(request, message, AddressProofView, key)
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        return refused_form(request, fields, refused, prefix="address")
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].set_enrol_before(token, view.enrol_before)
    return redirect_with_flash(request, "sign_in_enrolment", "address_proved")


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Send another code; the former one is no longer valid."""
    key = idempotency_key(request, "address-again", fields)
    try:
        await _send(request, key, renew=True)
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        return refused_form(request, fields, refused)
    return redirect_with_flash(request, "sign_in_address", "resent_address")


def _required(request: web.Request) -> Session:
    found = guards.require_password_step(request)
    if not found.address_is_due(request.app[CLOCK]()):
        raise Redirect(session_pages.next_step(request, found))
    return found


async def _send(request: web.Request, key: str, *, renew: bool) -> AddressCodeView:
    """The code that is valid, sent now where there is none or with `renew`."""
    message = SendAddressCode(
        account_id=_required(request).account_id, language=request[REQUEST_STATE].lang, renew=renew
    )
    return await ask(request, message, AddressCodeView, key)
