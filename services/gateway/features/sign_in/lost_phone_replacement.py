"""Another phone enrolled with the password alone, once a lost one has waited and nobody objected.

Registration judges password and address again, mfa the phone: neither the page nor its session
opens anything by itself (OT-15).
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import redirect
from services.gateway.portal.credentials import describe_factor
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.sign_in_code import leave_if_not_enrolled
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.requests import StartReplacementAfterDelay
from shared.contracts.mfa.views import EnrolmentView
from shared.contracts.registration.requests import CheckPhoneReplacement
from shared.contracts.registration.views import Done
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """Until when another phone may be enrolled, or that none may."""
    found = _at_code(request)
    factor = await describe_factor(request, found.account_id)
    return page(request, "sign_in_replacement.html", form=form, until=factor.replacement_until)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Begin; the old phone stays until the first right code of the new one."""
    found = _at_code(request)
    message = StartReplacementAfterDelay(
        account_id=found.account_id,
        label=seal(request, StartReplacementAfterDelay, "label", found.address),
    )
    key = idempotency_key(request, "lost-phone-replacement", fields)
    try:
        await ask(request, CheckPhoneReplacement(account_id=found.account_id), Done)
        enrolment = await ask(request, message, EnrolmentView, key)
    except Refused as refused:
        await leave_if_not_enrolled(request, refused)
        return refused_form(request, fields, refused)
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].set_due(token, "enrolment", enrolment.enrolment_id)
    return redirect(request, "sign_in_enrolment")


def _at_code(request: web.Request) -> Session:
    """The session at the page of the code, where lost phones need no agent."""
    found = guards.require_step(request, "code")
    if not request.app[RENDERER].brand.lost_phone_minutes:
        raise Redirect("sign_in_code")
    return found
