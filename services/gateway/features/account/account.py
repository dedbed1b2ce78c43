"""The account page: who it is, what protects it, and its sessions (B-11, SE-07)."""

import asyncio
import re

from aiohttp import web

from services.gateway.features.account.address_change import pending_change
from services.gateway.http.errors import UNAVAILABLE_ERRORS, HttpError
from services.gateway.http.rendering import page
from services.gateway.portal import profile_form
from services.gateway.portal.credentials import describe_factor
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.profile_form import ProfileSummary
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.views import AddressChangeView
from shared.messaging.handlers import Refused

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def show(request: web.Request) -> web.Response:
    """Everything at a glance, each with its way to change it."""
    found, app = guards.require_signed_in(request), request.app
    factor = await describe_factor(request, found.account_id)
    limits = app[SESSIONS].limits
    (state, listed), pending = await asyncio.gather(_information(request, found), _pending(request))
    return page(
        request,
        "account.html",
        factor=factor,
        sessions=await app[SESSIONS].of_account(found.account_id),
        current=found.id,
        pending=pending,
        information_state=state,
        listed=listed,
        idle_minutes=int(limits.idle.total_seconds() // 60),
        hours=int(limits.absolute.total_seconds() // 3600),
    )


async def _information(request: web.Request, found: Session) -> tuple[str, ProfileSummary | None]:
    """The state of the complementary information, and what it holds once validated."""
    try:
        known = await profile_form.describe_profile(request, found.account_id)
    except UNAVAILABLE_ERRORS:
        return "unavailable", None
    fields = profile_form.open_fields(request, known)
    if known.state != "validated" or fields is None:
        return known.state, None
    return known.state, profile_form.summarize(fields, found.address, request[REQUEST_STATE].lang)


async def _pending(request: web.Request) -> AddressChangeView | None:
    """The pending change of address; None where the service is unavailable."""
    try:
        return await pending_change(request)
    except (*UNAVAILABLE_ERRORS, Refused):
        return None


async def end_one(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Close one session; another account's is not found (AZ-02)."""
    found = guards.require_signed_in(request)
    one = fields["session"]
    if not ID.fullmatch(one) or not await request.app[SESSIONS].end_one(found.account_id, one):
        raise HttpError(404)
    if one == found.id:
        guards.clear_session_cookie(request)
        return redirect_with_flash(request, "sign_in", "signed_out")
    return redirect_with_flash(request, "account", "session_ended")


async def end_others(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Close every session but this one."""
    found = guards.require_signed_in(request)
    await request.app[SESSIONS].end_others(found.account_id, request[REQUEST_STATE].token or "")
    return redirect_with_flash(request, "account", "sessions_ended")
