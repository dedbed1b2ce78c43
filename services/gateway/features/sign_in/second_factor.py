"""The recovery code that opens the enrolment of another phone."""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER
from services.gateway.http.routes import redirect
from services.gateway.portal.form_errors import form_page, invalid_form, refused_code
from services.gateway.portal.sign_in_code import leave_if_not_enrolled
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.requests import UseRecoveryCode
from shared.contracts.mfa.views import EnrolmentView
from shared.messaging.handlers import Refused

recovery_unavailable = form_page("sign_in_recovery.html")


async def show_recovery(request: web.Request, form: Form) -> web.StreamResponse:
    """The field for a recovery code (B-13)."""
    guards.require_step(request, "code")
    if not request.app[RENDERER].brand.recovery_codes:
        raise Redirect("sign_in_code")
    return await recovery_unavailable(request, form)


async def submit_recovery(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Use a recovery code up: a new phone may be enrolled, the old one stays until then."""
    found, state = guards.require_step(request, "code"), request[REQUEST_STATE]
    if not fields["recovery_code"]:
        return invalid_form(request, fields, "recovery_code")
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
        await leave_if_not_enrolled(request, refused)
        return refused_code(request, fields, refused, prefix="")
    await request.app[SESSIONS].set_due(state.token or "", "enrolment", enrolment.enrolment_id)
    return redirect(request, "sign_in_enrolment")
