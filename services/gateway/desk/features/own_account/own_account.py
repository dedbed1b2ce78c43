"""An agent's own account: sessions, keyboard shortcuts, password."""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.desk.preference_store import PREFERENCES
from services.gateway.desk.support import act_key, agent_of, require_fresh_code
from services.gateway.desk.texts import role_text
from services.gateway.http.errors import HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect
from services.gateway.http.site import CLOCK
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import (
    ERROR_TEXTS,
    invalid_form,
    refused_code,
    refused_form,
)
from services.gateway.portal.new_phone import start
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.support.agents import (
    AgentNoted,
    ChangeAgentPassword,
    CheckAgentPassword,
)
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """Who one is here, one's sessions, and what one can change."""
    found = agent_of(request)
    limits = request.app[SESSIONS].limits
    return page(
        request,
        "own_account.html",
        form=form,
        role=role_text(found.role, request[REQUEST_STATE].lang),
        sessions=await request.app[SESSIONS].of_account(found.account_id),
        current=found.id,
        idle_minutes=int(limits.idle.total_seconds() // 60),
        hours=int(limits.absolute.total_seconds() // 3600),
    )


async def end_others(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Close every session but this one, with a code."""
    found = agent_of(request)
    wrong = await require_fresh_code(request, fields, "end-sessions")
    if wrong is not None:
        return wrong
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].end_others(found.account_id, token)
    return redirect_with_flash(request, "account", "sessions_ended")


async def set_shortcuts(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Keyboard shortcuts on or off."""
    if fields["shortcuts"] not in ("on", "off"):
        raise HttpError(400, event="input_validation_fail", reason="unknown choice")
    on = fields["shortcuts"] == "on"
    await request.app[PREFERENCES].set_shortcuts(agent_of(request).account_id, on)
    return redirect_with_flash(request, "account", "shortcuts_on" if on else "shortcuts_off")


async def show_phone(request: web.Request, form: Form) -> web.Response:
    """What a new phone needs, and the form for it."""
    return page(request, "own_phone.html", form=form)


async def change_phone(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """A code of the old phone leads to the new one's key."""
    if not fields["code"]:
        return invalid_form(request, fields, "code")
    try:
        return await start(request, agent_of(request), fields)
    except Refused as refused:
        return refused_code(request, fields, refused)


async def show_password(request: web.Request, form: Form) -> web.Response:
    """The form for another password."""
    return page(request, "own_password.html", form=form)


async def change_password(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Another password; every session ends, this one too. Both passwords are judged before the
    code, which is valid once."""
    found = agent_of(request)
    names = ("current_password", "password", "code")
    if missing := [name for name in names if not fields[name]]:
        return invalid_form(request, fields, *missing)
    refused = await _ask_with_passwords(request, fields, CheckAgentPassword)
    refused = refused or await require_fresh_code(request, fields, "password")
    refused = refused or await _ask_with_passwords(request, fields, ChangeAgentPassword)
    if refused is not None:
        return refused
    # The event ends the sessions too, but later.
    await request.app[SESSIONS].end_all(found.account_id, request.app[CLOCK](), "password_changed")
    guards.clear_session_cookie(request)
    flash(request, "password_changed")
    return redirect(request, "sign_in")


async def _ask_with_passwords(
    request: web.Request,
    fields: dict[str, str],
    kind: type[CheckAgentPassword | ChangeAgentPassword],
) -> Form | None:
    """The form again where support refuses one of the passwords."""
    state = request[REQUEST_STATE]
    message = kind(
        agent_id=agent_of(request).account_id,
        password=seal(request, kind, "password", fields["current_password"]),
        new_password=seal(request, kind, "new_password", fields["password"]),
        network=state.network,
    )
    try:
        await ask(request, message, AgentNoted, act_key(request, kind.__name__, fields))
    except Refused as refused:
        form = refused_form(request, fields, refused)
        if refused.refusal.slug == "wrong_password":
            text = request.app[ERROR_TEXTS].alert
            form.explain(state.lang, alert=lambda lang: text("wrong_password", lang))
            form.alert_field = "current_password"
        return form
    return None
