"""The account page: who it is, what protects it, and its sessions (B-11, SE-07)."""

import asyncio
import re

from aiohttp import web

from services.gateway.features.account.address_change import pending_change
from services.gateway.http.errors import UNAVAILABLE_ERRORS, HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, see_other, url
from services.gateway.portal import profile_form
from services.gateway.portal.credentials import code_is_fresh, describe_factor
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.fresh_code import give_code
from services.gateway.portal.my_requests import open_requests
from services.gateway.portal.profile_form import ProfileSummary
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from services.gateway.sessions.saved_forms import SAVED_FORMS
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.views import AddressChangeView
from shared.messaging.handlers import Refused

#: What the last closed session is saved as: a second press says the same as the first.
CLOSED = "closed session"
#: Messages that stand beside the list of sessions.
ABOUT_SESSIONS = ("session_ended", "sessions_ended")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def show(request: web.Request) -> web.Response:
    """Everything at a glance, each with its way to change it."""
    found, app = guards.require_signed_in(request), request.app
    factor = await describe_factor(request, found.account_id)
    limits = app[SESSIONS].limits
    (state, listed), pending, requests = await asyncio.gather(
        _information(request, found),
        _pending(request),
        open_requests(request, found.account_id),
    )
    return page(
        request,
        "account.html",
        factor=factor,
        sessions=await app[SESSIONS].of_account(found.account_id),
        current=found.id,
        pending=pending,
        about_sessions=request[REQUEST_STATE].flash in ABOUT_SESSIONS,
        information_state=state,
        listed=listed,
        requests=requests,
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
    if not ID.fullmatch(fields["session"]):
        raise HttpError(404)
    return await _end(request, fields["session"])


async def end_others(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Close every session but this one."""
    return await _end(request, "")


async def show_code(request: web.Request, form: Form) -> web.Response:
    """The code that closing sessions needs, where the last one is old (SE-07)."""
    guards.require_signed_in(request)
    if not form.typed:
        form.values = {"session": request.query.get("session", "")}
    return await code_unavailable(request, form)


async def submit_code(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Check the code, then close what was chosen."""
    found = guards.require_signed_in(request)
    refused = await give_code(request, found, fields, "sessions-totp")
    if refused is not None:
        return refused
    return await _close(request, found, fields["session"])


async def code_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form for a code."""
    one = form.values.get("session", "")
    if one and not ID.fullmatch(one):
        raise HttpError(404)
    switch_url = url(request, "close_sessions", **({"session": one} if one else {}))
    return page(request, "account_sessions_code.html", form=form, switch_url=switch_url)


def code_query(fields: dict[str, str]) -> dict[str, str]:
    """What the URL of the code's page needs to show its form again."""
    return {"session": fields["session"]} if ID.fullmatch(fields["session"]) else {}


def keep_session(query: str) -> str | None:
    """What the language switch keeps of the query of the code's page: the session, if any."""
    name, _, value = query.partition("=")
    return query if not query or (name == "session" and ID.fullmatch(value)) else None


async def _end(request: web.Request, one: str) -> web.Response:
    """Close a session, the others where `one` is empty; a code first, where the last one is old."""
    found = guards.require_signed_in(request)
    if not code_is_fresh(request, found):
        return redirect(request, "close_sessions", **({"session": one} if one else {}))
    return await _close(request, found, one)


async def _close(request: web.Request, found: Session, one: str) -> web.Response:
    sessions = request.app[SESSIONS]
    if not one:
        await sessions.end_others(found.account_id, request[REQUEST_STATE].token or "")
        return _back_to_the_list(request, "sessions_ended")
    if not ID.fullmatch(one):
        raise HttpError(404)
    saved = request.app[SAVED_FORMS]
    if one in {open_one.id for open_one in await sessions.of_account(found.account_id)}:
        await saved.save_for_account(Form(values={"session": one}), CLOSED, found.account_id)
        await sessions.end_one(found.account_id, one)
    else:
        closed = await saved.find_for_account(CLOSED, found.account_id)
        if closed is None or closed.values["session"] != one:
            raise HttpError(404)  # not pressed twice: never one of this account
    if one == found.id:
        guards.clear_session_cookie(request)
        return redirect_with_flash(request, "sign_in", "signed_out")
    return _back_to_the_list(request, "session_ended")


def _back_to_the_list(request: web.Request, code: str) -> web.Response:
    flash(request, code)
    return see_other(f"{url(request, 'account')}#sessions")
