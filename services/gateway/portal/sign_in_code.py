"""The code at each sign-in, of both front ends."""

from aiohttp import web

from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER
from services.gateway.portal.credentials import check_code
from services.gateway.portal.form_errors import form_page, refused_code
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from services.gateway.sessions.sessions import SESSIONS
from shared.messaging.handlers import Refused

show_unavailable = form_page("sign_in_code.html")


async def show(request: web.Request, form: Form) -> web.StreamResponse:
    """« Authentification par TOTP application IMPEX » (G-22)."""
    guards.require_step(request, "code")
    return await show_unavailable(request, form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Check the code; the right one opens the session."""
    found = guards.require_step(request, "code")
    try:
        view = await check_code(request, found, fields, "totp")
    except Refused as refused:
        await leave_if_not_enrolled(request, refused)
        return refused_code(request, fields, refused)
    return await guards.promote(
        request,
        found,
        code_at=view.accepted_at,
        failures=found.failures + view.failures,
        recovery_due=view.recovery_due and request.app[RENDERER].brand.recovery_codes,
    )


async def leave_if_not_enrolled(request: web.Request, refused: Refused) -> None:
    """The phone was removed meanwhile: another one is due."""
    if refused.refusal.slug == "not_enrolled":
        await request.app[SESSIONS].set_due(request[REQUEST_STATE].token or "", "enrolment")
        flash(request, "phone_due")
        raise Redirect("sign_in_enrolment")
