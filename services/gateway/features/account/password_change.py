"""A new password within a session: by the present one, and a code if the last is old (SE-09)."""

from dataclasses import replace

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.portal.credentials import check_code, code_is_fresh
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import refused_code
from services.gateway.portal.password_rules import password_rules
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.requests import ChangePassword
from shared.contracts.registration.views import PasswordChangedView
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """The form, with the rules that change as one types."""
    found = guards.require_signed_in(request)
    return page(
        request,
        "account_password.html",
        form=form,
        needs_code=not code_is_fresh(request, found),
        **await password_rules(request, form),
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Change it; every other session ends before the response."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    message = ChangePassword(
        account_id=found.account_id,
        current_password=seal(
            request, ChangePassword, "current_password", fields["current_password"]
        ),
        password=seal(request, ChangePassword, "password", fields["password"]),
        device=state.device,
    )
    try:
        if not code_is_fresh(request, found):
            checked = await check_code(request, found, fields, "password-totp")
            await request.app[SESSIONS].record_code(state.token or "", checked.accepted_at)
            found = replace(found, code_at=checked.accepted_at)
        key = idempotency_key(request, "password", fields)
        view = await ask(request, message, PasswordChangedView, key)
    except Refused as refused:
        return refused_code(request, fields, refused)
    await guards.rotate_session(request, found, view.changed_at, "password_changed")
    return redirect_with_flash(request, "account", "password_changed")
