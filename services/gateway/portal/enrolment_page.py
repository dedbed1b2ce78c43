"""The page that enrols an authenticator, at the sign-in and in the account (G-20, OT-11).

The key belongs to this session and stays the same after a reload or a wrong code, until the first
right code, thirty minutes, or « Recommencer ».
"""

from dataclasses import dataclass

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.clients.mfa import Enrolment
from services.gateway.http.errors import UNAVAILABLE_RETRY_SECONDS, HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import url
from services.gateway.portal import qr
from services.gateway.portal.form_errors import log_refused_code, refuse_form, unavailable_form
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.views import EnrolledView
from shared.messaging.handlers import Refused

#: Characters of the key in one group.
GROUP = 4


@dataclass(frozen=True)
class EnrolmentRoutes:
    """The page, by name, and the form that starts again."""

    page: str
    restart: str


SIGNING_IN = EnrolmentRoutes("sign_in_enrolment", "restart_sign_in_enrolment")
IN_ACCOUNT = EnrolmentRoutes("new_phone", "restart_new_phone")


async def describe(request: web.Request, found: Session) -> Enrolment:
    """The enrolment of this session. Raises `Refused` with `enrolment_gone`."""
    return await request.app[CLIENTS].mfa.describe_enrolment(
        found.account_id, found.enrolment_id or "", found.address
    )


async def confirm(request: web.Request, found: Session, fields: dict[str, str]) -> EnrolledView:
    """Give the first code. Raises `Refused`."""
    return await request.app[CLIENTS].mfa.confirm(
        found.account_id,
        found.enrolment_id or "",
        fields["code"],
        device=request[REQUEST_STATE].device,
        key=idempotency_key(request, "enrolment", fields),
    )


async def restart(request: web.Request, found: Session, fields: dict[str, str]) -> None:
    """Another key in place of this session's. Raises `Refused` with `enrolment_gone`."""
    made = await request.app[CLIENTS].mfa.restart(
        found.account_id,
        found.enrolment_id or "",
        found.address,
        key=idempotency_key(request, "restart", fields),
    )
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].set_due(token, found.due, made.enrolment_id)


def refused_form(
    request: web.Request, fields: dict[str, str], refused: Refused
) -> tuple[Form, int]:
    """The form with the refusal of the code, and the page's status."""
    form = Form.again(fields)
    status = refuse_form(request, form, refused, prefix="enrolment")
    log_refused_code(request, status)
    return form, status


async def on_unavailable(
    request: web.Request, found: Session, fields: dict[str, str], place: EnrolmentRoutes
) -> web.Response:
    """The same page, where it can be shown; the code has to be typed again.

    Where it cannot, the code may have been accepted and its answer lost: the same form finds out.
    """
    form = unavailable_form(request, fields)
    try:
        enrolment = await describe(request, found)
    except Refused as refused:
        reason = refused.refusal.slug
        raise HttpError(503, reason=reason, retry_after=UNAVAILABLE_RETRY_SECONDS) from refused
    return render(request, enrolment, place, form, 503)


def render(
    request: web.Request,
    enrolment: Enrolment,
    place: EnrolmentRoutes,
    form: Form,
    status: int = 200,
) -> web.Response:
    """The QR code, the key as text, and the field for the first code."""
    key = enrolment.key
    return page(
        request,
        "enrol.html",
        status=status,
        form=form,
        qr=qr.svg(enrolment.uri, request.app[RENDERER].brand.service_name),
        key_groups=[key[at : at + GROUP] for at in range(0, len(key), GROUP)],
        uri=enrolment.uri,
        action=url(request, place.page),
        restart=url(request, place.restart),
        replaces=enrolment.replaces,
        signing_in=place is SIGNING_IN,
        expires_at=enrolment.expires_at,
        switch_url=url(request, place.page),
    )
