"""Sign-in: the form, and where a right password leads.

An account goes on to its second factor; a pending request at its due step, in any browser.
"""

from collections.abc import Collection

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import ROUTES, redirect
from services.gateway.portal import session_pages
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import refuse_form, unavailable_page
from services.gateway.portal.registration_steps import due_step
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    bind_to_request,
    flash,
    idempotency_key,
)
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.base import FieldError
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """The form (G-02); a session that has begun goes on with its due step."""
    _resume(request)
    name = request.query.get("suite", "")
    known = name if name in request.app[ROUTES].login_targets else ""
    return page(request, "sign_in.html", form=Form(values={"next": known}))


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Check the password; answers are alike for known and unknown addresses (AU-08, B-03)."""
    state, app = request[REQUEST_STATE], request.app
    if state.session is not None and state.session.full:
        raise Redirect("home")
    missing = _missing(fields)
    if missing:
        form = Form.again(fields)
        form.errors = field_texts(missing, state.lang)
        return page(request, "sign_in.html", status=422, form=form)
    known = await app[SESSIONS].known_accounts(state.browser) if state.browser else ()
    try:
        signed = await app[CLIENTS].auth.sign_in(
            fields["address"],
            fields["password"],
            network=state.network,
            known=known,
            key=idempotency_key(request, "sign-in", fields),
        )
        if signed.due == "request" and signed.request_id is not None:
            view = await app[CLIENTS].registration.describe(signed.request_id)
            await bind_to_request(request, view.request_id, view.expires_at)
            flash(request, "back")
            return redirect(request, due_step(view))
    except Refused as refused:
        if refused.refusal.slug == "request_gone":
            raise HttpError(503, retry_after=5) from refused
        return _refused(request, fields, refused)
    due = await _due(request, signed.account_id or "", known)
    found = await guards.start_partial(request, signed, due, fields["next"])
    return redirect(request, session_pages.next_step(request, found))


on_unavailable = unavailable_page("sign_in.html")


def _missing(fields: dict[str, str]) -> tuple[FieldError, ...]:
    """Empty fields: not an attempt, so nothing is counted."""
    typed = {"address": fields["address"].strip(), "password": fields["password"]}
    return tuple(FieldError(field=name, code="missing") for name in typed if not typed[name])


async def _due(request: web.Request, account_id: str, known: Collection[str]) -> str:
    # A browser is known for an account once it gave a code: there is a phone. Where it was removed
    # since, the page of the code says so.
    if account_id in known:
        return "code"
    factor = await request.app[CLIENTS].mfa.describe(account_id)
    return "code" if factor.enrolled_at else "enrolment"


def _resume(request: web.Request) -> None:
    found = request[REQUEST_STATE].session
    if found is not None and found.full:
        raise Redirect(session_pages.login_target(request, request.query.get("suite", "")))
    if found is not None:
        raise Redirect(session_pages.next_step(request, found))


def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> web.Response:
    form = Form.again(fields)
    status = refuse_form(request, form, refused)
    action = "authn_login_lock" if status == 429 else "authn_login_fail"
    log.warning("A sign-in was refused.", action=action, network=request[REQUEST_STATE].network)
    return page(request, "sign_in.html", status=status, form=form)
