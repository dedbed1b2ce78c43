"""A new password within a session: by the present one, and a code if the last is old (SE-09)."""

from dataclasses import replace

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect
from services.gateway.http.site import CLOCK
from services.gateway.portal.form_errors import log_refused_code, refuse_form, unavailable_form
from services.gateway.portal.password_rules import password_rules
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """The form, with the rules that change as one types."""
    return await _render(request, _needs_code(request, guards.require_signed_in(request)), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Change it; every other session ends before the response."""
    found, app, state = guards.require_signed_in(request), request.app, request[REQUEST_STATE]
    needs_code = _needs_code(request, found)
    try:
        if needs_code:
            checked = await app[CLIENTS].mfa.check(
                found.account_id,
                fields["code"],
                device=state.device,
                key=idempotency_key(request, "password-totp", fields),
            )
            await app[SESSIONS].record_code(state.token or "", checked.accepted_at)
            found, needs_code = replace(found, code_at=checked.accepted_at), False
        view = await app[CLIENTS].auth.change_password(
            found.account_id,
            fields["current_password"],
            fields["password"],
            device=state.device,
            key=idempotency_key(request, "password", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="totp")
        log_refused_code(request, status)
        return await _render(request, needs_code, form, status)
    await guards.rotate_session(request, found, fields["key"], view.changed_at, "password_changed")
    flash(request, "password_changed")
    return redirect(request, "account")


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form again; sent again it is the same act."""
    form = unavailable_form(request, fields)
    return await _render(
        request, _needs_code(request, guards.require_signed_in(request)), form, 503
    )


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
