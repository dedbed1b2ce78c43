"""A new password within a session: by the present one, and a code if the last is old (SE-09)."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from services.gateway.features.registration.register import password_rules
from services.gateway.features.sign_in.second_factor import log_refused
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import ACCESS, CLOCK, FACTOR, SESSIONS
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """The form, with the rules that change as one types."""
    return await _render(request, _needs_code(request, guards.full(request)), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Change it; every other session ends before this answers (settled 7)."""
    found, app, visit = guards.full(request), request.app, request[VISIT]
    needs_code = _needs_code(request, found)
    try:
        if needs_code:
            await app[FACTOR].check(
                found.account_id,
                fields["code"],
                device=visit.device,
                key=idempotency_key(request, "password-totp", fields),
            )
            await app[SESSIONS].note_code(visit.token or "")
            found, needs_code = replace(found, code_at=app[CLOCK]()), False
        view = await app[ACCESS].change_password(
            found.account_id,
            fields["current_password"],
            fields["password"],
            device=visit.device,
            key=idempotency_key(request, "password", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="totp")
        log_refused(request, status)
        return await _render(request, needs_code, form, status)
    await guards.go_on(request, found, fields["key"], view.changed_at, "password_changed")
    note(request, "password_changed")
    return redirect("/compte")


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form again; sent again it is the same act."""
    form = away_form(request, fields)
    return await _render(request, _needs_code(request, guards.full(request)), form, 503)


def _needs_code(request: web.Request, found: Session) -> bool:
    return not found.code_is_fresh(request.app[SESSIONS].limits, request.app[CLOCK]())


async def _render(
    request: web.Request, needs_code: bool, form: Form, status: int = 200
) -> web.Response:
    rules = await password_rules(request, form)
    return page(
        request,
        "account_password.html",
        status=status,
        form=form,
        needs_code=needs_code,
        **rules,
    )
