"""Where the sessions of applicants lead: the due step of a sign-in, and the page after it."""

from datetime import datetime

from aiohttp import web

from services.gateway.http.errors import UNAVAILABLE_ERRORS, Redirect
from services.gateway.http.routes import ROUTES
from services.gateway.http.site import CLOCK
from services.gateway.portal.credentials import describe_factor
from services.gateway.portal.profile_form import describe_profile
from services.gateway.sessions.guards import SessionPages, clear_session_cookie
from services.gateway.sessions.model import CLOCK_SKEW, Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from services.gateway.sessions.sessions import SESSIONS
from shared.messaging.handlers import Refused

#: Seconds that a sign-in waits to know whether the complementary information is validated.
LOOKUP_TIMEOUT = 1.0


def next_step(request: web.Request, session: Session) -> str:
    """The page of what a person must give next to be signed in."""
    if session.full:
        return PAGES.new_terms if session.terms_are_due(request.app[CLOCK]()) else PAGES.home
    if session.due == "code":
        return "sign_in_code"
    if session.address_is_due(request.app[CLOCK]()):
        return "sign_in_address"
    return "sign_in_enrolment"


def login_target(request: web.Request, target: str) -> Redirect:
    """The page of a login target, else the home page."""
    found = request.app[ROUTES].find_login_target(target)
    return Redirect(found[0].name, **found[1]) if found else Redirect(PAGES.home)


async def after_login(request: web.Request, session: Session) -> Redirect:
    """New terms, where the holder has not accepted them; else `page_after_terms`."""
    if session.terms_bind_at is not None:
        return Redirect(PAGES.new_terms)
    return await page_after_terms(request, session)


async def page_after_terms(request: web.Request, session: Session) -> Redirect:
    """The page that was asked for, else the complementary information as long as it is not
    validated (G-30), else the home page.

    Sessions of an account known to be validated ask no service; where the service is unavailable
    the home page shows what is left to do.
    """
    app = request.app
    if session.validated or app[ROUTES].find_login_target(session.next):
        return login_target(request, session.next)
    try:
        known = await describe_profile(request, session.account_id, timeout=LOOKUP_TIMEOUT)
    except UNAVAILABLE_ERRORS:
        return Redirect(PAGES.home)
    if known.state != "validated":
        return Redirect("information")
    at = known.validated_at or app[CLOCK]()
    await app[SESSIONS].record_validated(session.account_id, at)
    return Redirect(PAGES.home)


async def after_lost_answer(request: web.Request, session: Session) -> Redirect:
    """The page that the lost answer of a sign-in led to."""
    try:
        factor = await describe_factor(request, session.account_id)
    except UNAVAILABLE_ERRORS:
        return login_target(request, session.next)
    due = factor.recovery_on and not factor.recovery_kept
    return Redirect(PAGES.recovery_codes) if due else await after_login(request, session)


PAGES = SessionPages(
    sign_in="sign_in",
    home="home",
    after_change="account",
    recovery_codes="first_recovery_codes",
    new_terms="new_terms",
    next_step=next_step,
    after_login=after_login,
    after_lost_answer=after_lost_answer,
)


async def end_if_account_closed(request: web.Request, refused: Refused) -> None:
    """End the session where the account was frozen or deactivated meanwhile."""
    if refused.refusal.slug == "account_closed":
        await request.app[SESSIONS].end(request[REQUEST_STATE].token or "", "account_frozen")
        clear_session_cookie(request)
        flash(request, "session_closed")
        raise Redirect(PAGES.sign_in)


async def end_account_sessions(
    request: web.Request, account_id: str, until: datetime, reason: str
) -> None:
    """End the sessions of an account that were proved before `until`, this browser's included."""
    await request.app[SESSIONS].end_all(account_id, until, reason)
    current = request[REQUEST_STATE].session
    if current is not None and current.account_id == account_id:
        clear_session_cookie(request)


async def end_frozen(request: web.Request, account_id: str) -> None:
    """End every session of an account that is frozen now."""
    until = request.app[CLOCK]() + CLOCK_SKEW
    await end_account_sessions(request, account_id, until, "account_frozen")
