"""Enrolling a phone at the sign-in: the first one, or another one after a recovery code. Both front
ends have it.
"""

from aiohttp import web

from services.gateway.clients.services import ask, front_end, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER
from services.gateway.http.routes import redirect
from services.gateway.portal import enrolment_page
from services.gateway.portal.credentials import describe_factor
from services.gateway.portal.enrolment_page import SIGNING_IN
from services.gateway.portal.form_errors import refused_code
from services.gateway.portal.recovery_code_list import make_first_list
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.requests import StartEnrolment
from shared.contracts.mfa.views import EnrolmentView
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token


async def show(request: web.Request, form: Form) -> web.Response:
    """The key of this session, made now where there is none.

    Raises `Refused` where a service was unavailable and the enrolment is over: this very press may
    have confirmed it, and leads on when it is sent again.
    """
    found = guards.require_step(request, "enrolment")
    try:
        made = await _current(request, found)
    except Refused as refused:
        if form.status != 503:
            await _leave_if_over(request, found, refused)
        raise
    return enrolment_page.render(request, made, SIGNING_IN, form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The first right code protects the account and opens the session."""
    found = guards.require_step(request, "enrolment")
    try:
        view = await enrolment_page.confirm(request, found, fields)
    except Refused as refused:
        await _leave_if_over(request, found, refused)
        return refused_code(request, fields, refused, prefix="enrolment")
    recovery_due = view.recovery_due and request.app[RENDERER].brand.recovery_codes
    if recovery_due:
        key = idempotency_key(request, "first-codes", fields)
        await make_first_list(request, found.account_id, key)
    flash(request, "phone_changed" if view.replaced else "enrolled")
    return await guards.promote(
        request,
        found,
        code_at=view.enrolled_at,
        failures=found.failures,
        recovery_due=recovery_due,
        first=not view.replaced,
        replaced_at=view.enrolled_at if view.replaced else None,
    )


async def restart(request: web.Request, fields: dict[str, str]) -> web.Response:
    """« Recommencer »: another key; the half-made one is void."""
    found = guards.require_step(request, "enrolment")
    try:
        await enrolment_page.restart(request, found, fields)
    except Refused as refused:
        await _leave_if_over(request, found, refused)
        raise
    return redirect(request, SIGNING_IN.page)


async def _current(request: web.Request, found: Session) -> EnrolmentView:
    message = StartEnrolment(
        account_id=found.account_id,
        label=seal(request, StartEnrolment, "label", found.address),
        front_end=front_end(request),
    )
    if found.enrolment_id is not None:
        return await enrolment_page.describe(request, found)
    made = await ask(request, message, EnrolmentView, new_token())
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].set_due(token, "enrolment", made.enrolment_id)
    return made


async def _leave_if_over(request: web.Request, found: Session, refused: Refused) -> None:
    """Redirect where the enrolment has expired, or another one was confirmed first."""
    sessions, token = request.app[SESSIONS], request[REQUEST_STATE].token or ""
    slug = refused.refusal.slug
    if slug == "enrolment_gone":
        factor = await describe_factor(request, found.account_id)
        if not factor.enrolled_at:
            await sessions.set_due(token, "enrolment")
            flash(request, "enrolment_gone")
            raise Redirect(SIGNING_IN.page)
        # Its entry in the authenticator may be the one that counts: it is not to be deleted.
        slug = "already_enrolled"
    if slug == "already_enrolled":
        await sessions.set_due(token, "code")
        flash(request, "already_enrolled")
        raise Redirect("sign_in_code")
