"""The code at each sign-in, and the recovery code that opens the enrolment of another phone."""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.rendering import RENDERER
from services.gateway.http.routes import redirect
from services.gateway.portal.credentials import check_code
from services.gateway.portal.form_errors import (
    form_page,
    invalid_form,
    refused_code,
    when_unavailable,
)
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.requests import UseRecoveryCode
from shared.contracts.mfa.views import EnrolmentView
from shared.messaging.handlers import Refused

code_page = form_page("sign_in_code.html")
recovery_page = form_page("sign_in_recovery.html")
on_unavailable = when_unavailable(code_page)
recovery_unavailable = when_unavailable(recovery_page)


async def show(request: web.Request) -> web.Response:
    """« Authentification par TOTP application IMPEX » (G-22)."""
    guards.require_step(request, "code")
    return await code_page(request)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Check the code; the right one opens the session."""
    found = guards.require_step(request, "code")
    try:
        view = await check_code(request, found, fields, "totp")
    except Refused as refused:
        await _leave_if_not_enrolled(request, refused)
        return await code_page(request, refused_code(request, fields, refused))
    return await guards.promote(
        request,
        found,
        fields["key"],
        code_at=view.accepted_at,
        failures=found.failures + view.failures,
        recovery_due=view.recovery_due,
    )


async def show_recovery(request: web.Request) -> web.Response:
    """The field for a recovery code (B-13)."""
    guards.require_step(request, "code")
    if not request.app[RENDERER].brand.recovery_codes:
        raise Redirect("sign_in_code")
    return await recovery_page(request)


async def submit_recovery(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Use a recovery code up: a new phone may be enrolled, the old one stays until then."""
    found, state = guards.require_step(request, "code"), request[REQUEST_STATE]
    if not fields["recovery_code"]:
        return await recovery_page(request, invalid_form(request, fields, "recovery_code"))
    message = UseRecoveryCode(
        account_id=found.account_id,
        label=seal(request, UseRecoveryCode, "label", found.address),
        recovery_code=seal(request, UseRecoveryCode, "recovery_code", fields["recovery_code"]),
        device=state.device,
    )
    key = idempotency_key(request, "recovery", fields)
    try:
        enrolment = await ask(request, message, EnrolmentView, key)
    except Refused as refused:
        await _leave_if_not_enrolled(request, refused)
        return await recovery_page(request, refused_code(request, fields, refused, prefix=""))
    await request.app[SESSIONS].set_due(state.token or "", "enrolment", enrolment.enrolment_id)
    return redirect(request, "sign_in_enrolment")


async def _leave_if_not_enrolled(request: web.Request, refused: Refused) -> None:
    """The phone was removed meanwhile: another one is due."""
    if refused.refusal.slug == "not_enrolled":
        await request.app[SESSIONS].set_due(request[REQUEST_STATE].token or "", "enrolment")
        flash(request, "phone_due")
        raise Redirect("sign_in_enrolment")
