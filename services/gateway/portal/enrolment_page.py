"""The page that enrols an authenticator, at the sign-in and in the account alike (G-20, OT-11).

The key belongs to this session alone and stays the same after a reload or a wrong code, until the
first right code, thirty minutes, or « Recommencer ».
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from services.gateway.clients.mfa import Enrolment
from services.gateway.features.sign_in.second_factor import log_refused
from services.gateway.http.errors import AWAY_SECONDS, PageError
from services.gateway.http.forms import Form
from services.gateway.portal import qr
from services.gateway.portal.app_keys import FACTOR, PAGES, SESSIONS
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, page
from shared.contracts.mfa import EnrolledView
from shared.messaging.handlers import Refused

#: Letters of the key that stand together, for eyes and ears.
GROUP = 4


@dataclass(frozen=True)
class Place:
    """Where the page stands: its form's address, and the one that begins again."""

    action: str
    restart: str


SIGNING_IN = Place("/connexion/telephone", "/connexion/telephone/recommencer")
IN_ACCOUNT = Place("/compte/telephone/nouveau", "/compte/telephone/recommencer")


async def described(request: web.Request, found: Session) -> Enrolment:
    """The enrolment of this session. Raises `Refused` with `enrolment_gone`."""
    return await request.app[FACTOR].describe_enrolment(
        found.account_id, found.enrolment_id or "", found.address
    )


async def confirmed(request: web.Request, found: Session, fields: dict[str, str]) -> EnrolledView:
    """Give the first code. Raises `Refused`."""
    return await request.app[FACTOR].confirm(
        found.account_id,
        found.enrolment_id or "",
        fields["code"],
        device=request[VISIT].device,
        key=idempotency_key(request, "enrolment", fields),
    )


async def restarted(request: web.Request, found: Session, fields: dict[str, str]) -> None:
    """Another key in place of this session's. Raises `Refused` with `enrolment_gone`."""
    made = await request.app[FACTOR].restart(
        found.account_id,
        found.enrolment_id or "",
        found.address,
        key=idempotency_key(request, "restart", fields),
    )
    token = request[VISIT].token or ""
    await request.app[SESSIONS].note_due(token, found.due, made.enrolment_id)


def refused_form(
    request: web.Request, fields: dict[str, str], refused: Refused
) -> tuple[Form, int]:
    """The form that says why the code was refused, and the page's status."""
    form = Form.again(fields)
    status = refuse_form(request, form, refused, prefix="enrolment")
    log_refused(request, status)
    return form, status


async def away(
    request: web.Request, found: Session, fields: dict[str, str], place: Place
) -> web.Response:
    """The same page as soon as it can be shown; the code is to be typed again.

    Where it cannot, the code may have been taken and its answer lost: the same form says so.
    """
    form = away_form(request, fields)
    try:
        enrolment = await described(request, found)
    except Refused as refused:
        reason = refused.refusal.slug
        raise PageError(503, reason=reason, retry_after=AWAY_SECONDS) from refused
    return render(request, enrolment, place, form, 503)


def render(
    request: web.Request, enrolment: Enrolment, place: Place, form: Form, status: int = 200
) -> web.Response:
    """The QR code, the key as text, and the field for the first code."""
    key = enrolment.key
    return page(
        request,
        "enrol.html",
        status=status,
        form=form,
        qr=qr.svg(enrolment.uri, request.app[PAGES].brand.service_name),
        key_groups=[key[at : at + GROUP] for at in range(0, len(key), GROUP)],
        uri=enrolment.uri,
        action=place.action,
        restart=place.restart,
        replaces=enrolment.replaces,
        signing_in=place is SIGNING_IN,
        expires_at=enrolment.expires_at,
        switch_url=place.action,
    )
