"""A new phone within a session, of both front ends: its key, its first code (G-25, OT-12).

The new phone replaces the old one once its first code is right.
"""

from aiohttp import web

from services.gateway.clients.services import ask, front_end, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.routes import redirect
from services.gateway.portal import enrolment_page
from services.gateway.portal.enrolment_page import IN_ACCOUNT
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import refused_code
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.requests import StartReplacement
from shared.contracts.mfa.views import EnrolmentView
from shared.messaging.handlers import Refused


async def start(request: web.Request, found: Session, fields: dict[str, str]) -> web.Response:
    """Begin with a code of the old phone, and go on to the new one's key. Raises `Refused`."""
    state = request[REQUEST_STATE]
    message = StartReplacement(
        account_id=found.account_id,
        label=seal(request, StartReplacement, "label", found.address),
        code=seal(request, StartReplacement, "code", fields["code"]),
        device=state.device,
        front_end=front_end(request),
    )
    made = await ask(request, message, EnrolmentView, idempotency_key(request, "phone", fields))
    await request.app[SESSIONS].set_due(state.token or "", found.due, made.enrolment_id)
    return redirect(request, IN_ACCOUNT.page)


async def show_new(request: web.Request, form: Form) -> web.Response:
    """The new phone's key.

    Raises `Refused` where a service was unavailable and the enrolment is over: this very press may
    have confirmed it, and leads on when it is sent again.
    """
    found = _begun(request)
    try:
        made = await enrolment_page.describe(request, found)
    except Refused as refused:
        if form.status == 503:
            raise
        raise _over(request, refused) from refused
    return enrolment_page.render(request, made, IN_ACCOUNT, form)


async def submit_new(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The first right code: the old phone is out, and so is every other session."""
    found = guards.require_signed_in(request)
    if found.enrolment_id is None:
        raise Redirect("account")  # pressed twice: the first one has enrolled it
    try:
        view = await enrolment_page.confirm(request, found, fields)
    except Refused as refused:
        if refused.refusal.slug == "enrolment_gone":
            raise _over(request, refused) from refused
        return refused_code(request, fields, refused, prefix="enrolment")
    await guards.rotate_session(request, found, view.enrolled_at, "phone_replaced")
    return redirect_with_flash(request, "account", "phone_changed")


async def restart(request: web.Request, fields: dict[str, str]) -> web.Response:
    """« Recommencer »: another key; the half-made one is void."""
    try:
        await enrolment_page.restart(request, _begun(request), fields)
    except Refused as refused:
        raise _over(request, refused) from refused
    return redirect(request, IN_ACCOUNT.page)


def _begun(request: web.Request) -> Session:
    found = guards.require_signed_in(request)
    if found.enrolment_id is None:
        raise Redirect("change_phone")
    return found


def _over(request: web.Request, refused: Refused) -> Exception:
    """Redirect to the form where the enrolment has expired."""
    if refused.refusal.slug != "enrolment_gone":
        return refused
    flash(request, "enrolment_gone")
    return Redirect("change_phone")
