"""The page that enrols an authenticator, at the sign-in and in the account (G-20, OT-11).

The key belongs to this session and stays the same after a reload or a wrong code, until the first
right code, thirty minutes, or « Recommencer ».
"""

from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from services.gateway.clients.services import ask, front_end, open_sealed, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal.qr import ENROLMENT_CODES
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.base import Reply
from shared.contracts.mfa.requests import ConfirmEnrolment, DescribeEnrolment, RestartEnrolment
from shared.contracts.mfa.views import EnrolledView, EnrolmentView
from shared.messaging.handlers import Refused
from shared.messaging.rpc_codec import KEY_MISMATCH

#: Characters of the key in one group.
GROUP = 4
#: Refusals that say that the enrolment is over.
OVER = ("enrolment_gone", "already_enrolled")

R = TypeVar("R", bound=Reply)


@dataclass(frozen=True)
class EnrolmentRoutes:
    """The page, by name, and the form that starts again."""

    page: str
    restart: str


SIGNING_IN = EnrolmentRoutes("sign_in_enrolment", "restart_sign_in_enrolment")
IN_ACCOUNT = EnrolmentRoutes("new_phone", "restart_new_phone")


async def describe(request: web.Request, found: Session) -> EnrolmentView:
    """The enrolment of this session. Raises `Refused` with `enrolment_gone`."""
    message = DescribeEnrolment(
        account_id=found.account_id,
        enrolment_id=found.enrolment_id or "",
        label=seal(request, DescribeEnrolment, "label", found.address),
        front_end=front_end(request),
    )
    return await _ask(request, message, EnrolmentView)


async def confirm(request: web.Request, found: Session, fields: dict[str, str]) -> EnrolledView:
    """Give the first code. Raises `Refused`."""
    message = ConfirmEnrolment(
        account_id=found.account_id,
        enrolment_id=found.enrolment_id or "",
        code=seal(request, ConfirmEnrolment, "code", fields["code"]),
        device=request[REQUEST_STATE].device,
    )
    key = idempotency_key(request, "enrolment", fields)
    enrolled = await _ask(request, message, EnrolledView, key)
    request.app[ENROLMENT_CODES].delete(message.enrolment_id)
    return enrolled


async def restart(request: web.Request, found: Session, fields: dict[str, str]) -> None:
    """Another key in place of this session's. Raises `Refused` with `enrolment_gone`."""
    message = RestartEnrolment(
        account_id=found.account_id,
        enrolment_id=found.enrolment_id or "",
        label=seal(request, RestartEnrolment, "label", found.address),
        front_end=front_end(request),
    )
    key = idempotency_key(request, "restart", fields)
    try:
        made = await _ask(request, message, EnrolmentView, key)
    except Refused as refused:
        if refused.refusal.slug == KEY_MISMATCH:
            return  # pressed twice: the first press has made the key that the page shows
        raise
    request.app[ENROLMENT_CODES].delete(message.enrolment_id)
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].set_due(token, found.due, made.enrolment_id)


async def _ask(
    request: web.Request,
    message: DescribeEnrolment | ConfirmEnrolment | RestartEnrolment,
    reply: type[R],
    key: str | None = None,
) -> R:
    """As `ask`; where the enrolment is over, its drawing goes."""
    try:
        return await ask(request, message, reply, key)
    except Refused as refused:
        if refused.refusal.slug in OVER:
            request.app[ENROLMENT_CODES].delete(message.enrolment_id)
        raise


def render(
    request: web.Request, enrolment: EnrolmentView, place: EnrolmentRoutes, form: Form
) -> web.Response:
    """The QR code, the key as text, and the field for the first code."""
    key = open_sealed(request, EnrolmentView, "key", enrolment.key)
    uri = open_sealed(request, EnrolmentView, "uri", enrolment.uri)
    qr = request.app[ENROLMENT_CODES].svg(
        enrolment.enrolment_id,
        uri,
        request.app[RENDERER].brand.service_name,
        expires_at=enrolment.expires_at,
        now=request.app[CLOCK](),
    )
    return page(
        request,
        "enrol.html",
        form=form,
        qr=qr,
        key_groups=[key[at : at + GROUP] for at in range(0, len(key), GROUP)],
        uri=uri,
        action=url(request, place.page),
        restart=url(request, place.restart),
        replaces=enrolment.replaces,
        by_recovery_code=enrolment.by == "recovery",
        signing_in=place is SIGNING_IN,
        expires_at=enrolment.expires_at,
        switch_url=url(request, place.page),
    )
