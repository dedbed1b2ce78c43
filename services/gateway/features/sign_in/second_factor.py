"""The code at each sign-in, and the recovery code that opens the enrolment of another phone."""

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import redirect
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import (
    log_refused_code,
    refuse_form,
    unavailable_form,
    unavailable_page,
)
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.base import FieldError
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """« Authentification par TOTP application IMPEX » (G-22)."""
    guards.require_step(request, "code")
    return _render(request, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Check the code; the right one opens the session."""
    found = guards.require_step(request, "code")
    try:
        view = await request.app[CLIENTS].mfa.check(
            found.account_id,
            fields["code"],
            device=request[REQUEST_STATE].device,
            key=idempotency_key(request, "totp", fields),
        )
    except Refused as refused:
        await _leave_if_not_enrolled(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="totp")
        log_refused_code(request, status)
        return _render(request, form, status)
    return await guards.promote(
        request,
        found,
        fields["key"],
        code_at=view.accepted_at,
        failures=found.failures + view.failures,
        recovery_due=view.recovery_due,
    )


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The field again; nothing was counted."""
    return _render(request, unavailable_form(request, fields), 503)


async def show_recovery(request: web.Request) -> web.Response:
    """The field for a recovery code (B-13)."""
    guards.require_step(request, "code")
    if not request.app[RENDERER].brand.recovery_codes:
        raise Redirect("sign_in_code")
    return page(request, "sign_in_recovery.html", form=Form())


async def submit_recovery(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Use a recovery code up: a new phone may be enrolled, the old one stays until then."""
    found, lang = guards.require_step(request, "code"), request[REQUEST_STATE].lang
    form = Form.again(fields)
    if not fields["recovery_code"].strip():
        form.errors = field_texts((FieldError(field="recovery_code", code="missing"),), lang)
        return page(request, "sign_in_recovery.html", status=422, form=form)
    try:
        enrolment = await request.app[CLIENTS].mfa.use_recovery(
            found.account_id,
            found.address,
            fields["recovery_code"],
            device=request[REQUEST_STATE].device,
            key=idempotency_key(request, "recovery", fields),
        )
    except Refused as refused:
        await _leave_if_not_enrolled(request, refused)
        status = refuse_form(request, form, refused)
        log_refused_code(request, status)
        return page(request, "sign_in_recovery.html", status=status, form=form)
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].set_due(token, "enrolment", enrolment.enrolment_id)
    return redirect(request, "sign_in_enrolment")


recovery_unavailable = unavailable_page("sign_in_recovery.html")


async def _leave_if_not_enrolled(request: web.Request, refused: Refused) -> None:
    """The phone was removed meanwhile: another one is due."""
    if refused.refusal.slug == "not_enrolled":
        await request.app[SESSIONS].set_due(request[REQUEST_STATE].token or "", "enrolment")
        flash(request, "phone_due")
        raise Redirect("sign_in_enrolment")


def _render(request: web.Request, form: Form, status: int = 200) -> web.Response:
    return page(request, "sign_in_code.html", status=status, form=form)
