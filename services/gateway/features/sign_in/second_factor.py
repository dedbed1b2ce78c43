"""The code at each sign-in, and the recovery code that opens the enrolment of another phone."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import FACTOR, PAGES, SESSIONS
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.contracts.base import FieldError
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

CODE = "/connexion/code"
ENROLMENT = "/connexion/telephone"

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """« Authentification par TOTP application IMPEX » (G-22)."""
    guards.at(request, "code")
    return _render(request, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Check the code; the right one opens the session."""
    found = guards.at(request, "code")
    try:
        view = await request.app[FACTOR].check(
            found.account_id,
            fields["code"],
            device=request[VISIT].device,
            key=idempotency_key(request, "totp", fields),
        )
    except Refused as refused:
        await _leave_if_not_enrolled(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="totp")
        log_refused(request, status)
        return _render(request, form, status)
    failures = found.failures + view.failures
    due = view.recovery_due
    return await guards.promote(request, found, fields["key"], failures=failures, recovery_due=due)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The field again; nothing was counted."""
    return _render(request, away_form(request, fields), 503)


async def show_recovery(request: web.Request) -> web.Response:
    """The field for a recovery code (B-13)."""
    guards.at(request, "code")
    if not request.app[PAGES].brand.recovery_codes:
        raise Elsewhere(CODE)
    return page(request, "sign_in_recovery.html", form=Form())


async def submit_recovery(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Use a recovery code up: a new phone may be enrolled, the old one stays until then."""
    found, lang = guards.at(request, "code"), request[VISIT].lang
    form = Form.again(fields)
    if not fields["recovery_code"].strip():
        form.errors = field_texts((FieldError(field="recovery_code", code="missing"),), lang)
        return page(request, "sign_in_recovery.html", status=422, form=form)
    try:
        enrolment = await request.app[FACTOR].use_recovery(
            found.account_id,
            found.address,
            fields["recovery_code"],
            device=request[VISIT].device,
            key=idempotency_key(request, "recovery", fields),
        )
    except Refused as refused:
        await _leave_if_not_enrolled(request, refused)
        status = refuse_form(request, form, refused)
        log_refused(request, status)
        return page(request, "sign_in_recovery.html", status=status, form=form)
    token = request[VISIT].token or ""
    await request.app[SESSIONS].note_due(token, "enrolment", enrolment.enrolment_id)
    return redirect(ENROLMENT)


async def away_recovery(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The field again; sent again it is the same act."""
    form = away_form(request, fields)
    return page(request, "sign_in_recovery.html", status=503, form=form)


def log_refused(request: web.Request, status: int) -> None:
    """Say that a second factor was refused, or has to wait."""
    action = "authn_code_lock" if status == 429 else "authn_code_fail"
    visit = request[VISIT]
    log.warning(
        "A second factor was refused.",
        action=action,
        account=visit.session.account_id if visit.session else None,
        network=visit.network,
    )


async def _leave_if_not_enrolled(request: web.Request, refused: Refused) -> None:
    """The phone was removed meanwhile: another one is due."""
    if refused.refusal.slug == "not_enrolled":
        await request.app[SESSIONS].note_due(request[VISIT].token or "", "enrolment")
        note(request, "phone_due")
        raise Elsewhere(ENROLMENT)


def _render(request: web.Request, form: Form, status: int = 200) -> web.Response:
    return page(request, "sign_in_code.html", status=status, form=form)
