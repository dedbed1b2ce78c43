"""Who may reach which page: the session of a request, its guards, its cookies.

The session is read once per request. Public pages go on while the database is unavailable; the
others answer 503. Steps are taken in order: a jump is logged and answered with the due step
(AU-06, AU-13).
"""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aiohttp import web

from services.gateway.http.errors import Redirect
from services.gateway.http.routes import ROUTES, redirect, url
from services.gateway.http.security_headers import REPORTS
from services.gateway.http.site import CLOCK, SITE
from services.gateway.sessions import request_state
from services.gateway.sessions.model import Session, browser_token, promoted_token
from services.gateway.sessions.request_state import (
    BROWSER_COOKIE,
    REQUEST_STATE,
    SESSION_COOKIE,
    cookie_value,
    flash,
    set_cookie,
)
from services.gateway.sessions.session_table import NewSession
from services.gateway.sessions.sessions import SESSIONS, PasswordSignIn
from shared.database import TRANSIENT_ERRORS
from shared.runtime.telemetry import get_logger

#: How long after its press a lost answer may still be had by the same press.
RESUME_TIME = timedelta(seconds=60)
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}|[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class SessionPages:
    """The pages that sessions lead to, by name; `next_step` is what a partial session must give
    next, `after_login` where both factors lead.

    `before_full` is asked before both factors open a session (its last argument: whether the second
    one was enrolled now); it may raise `Redirect`.
    """

    sign_in: str
    home: str
    after_change: str
    recovery_codes: str
    new_terms: str
    next_step: Callable[[web.Request, Session], str]
    after_login: Callable[[web.Request, Session], Awaitable[Redirect]]
    after_lost_answer: Callable[[web.Request, Session], Awaitable[Redirect]]
    before_full: Callable[[web.Request, Session, bool], Awaitable[None]] | None = None


SESSION_PAGES = web.AppKey("session_pages", SessionPages)

log = get_logger("gateway")


async def load_session(request: web.Request) -> None:
    """Find the session, or the pre-session, and the known browser of the request's cookies.

    Where the database is unavailable the guards of the pages say so.
    """
    state = request[REQUEST_STATE]
    browser = cookie_value(request, BROWSER_COOKIE)
    state.browser = browser if TOKEN.fullmatch(browser) else None
    if request.path.startswith("/static/"):
        return
    token = cookie_value(request, SESSION_COOKIE)
    try:
        if token:
            await _find_session(request, token)
        if state.session is None:
            await request_state.look_up(request)
    except TRANSIENT_ERRORS as problem:
        state.problem = problem


async def _find_session(request: web.Request, token: str) -> None:
    state = request[REQUEST_STATE]
    page = request.app[ROUTES].at(request.path)
    used = request.path != REPORTS and (page is None or not page.background)
    found = None
    if TOKEN.fullmatch(token):
        found = await request.app[SESSIONS].find(token, used=used)
    if found is not None:
        state.token, state.session = token, found
        return
    log.warning(
        "A browser sent a session that does not exist or has ended.",
        action="session_use_after_expire",
        network=state.network,
    )
    state.ended = True
    clear_session_cookie(request)


async def resume_promoted(request: web.Request, account_id: str) -> None:
    """Resume the session that this very press opened, whose answer was lost.

    A second click, or a gateway that stopped before it answered. The former token is not enough:
    the same form's token, of this browser and account, and the same fields are needed too, and
    within `RESUME_TIME`.
    """
    state, app = request[REQUEST_STATE], request.app
    former = cookie_value(request, SESSION_COOKIE)
    if not state.ended:
        return
    new = promoted_token(app[SITE].session_keys, former, state.press)
    found = await app[SESSIONS].find(new, used=False)
    if found is None or found.account_id != account_id:
        return
    if app[CLOCK]() - max(found.opened_at, found.proved_at) >= RESUME_TIME:
        return
    state.ended, state.token, state.session = False, new, found
    set_cookie(request, SESSION_COOKIE, new)
    page, pages = app[ROUTES].at(request.path), app[SESSION_PAGES]
    if page is not None and page.replayed_flash:
        flash(request, page.replayed_flash)
        raise Redirect(pages.after_change)
    raise await pages.after_lost_answer(request, found)


def require_session(request: web.Request) -> Session:
    """The session with the password, and perhaps the second factor."""
    state = request[REQUEST_STATE]
    if state.problem is not None:
        raise state.problem
    if state.session is None:
        if state.ended:
            flash(request, "session_closed")
        target = request.app[ROUTES].login_target_above(request.path)
        sign_in = request.app[SESSION_PAGES].sign_in
        raise Redirect(sign_in, suite=target) if target else Redirect(sign_in)
    return state.session


def require_signed_in(request: web.Request) -> Session:
    """The session with both factors; otherwise redirects to the due step.

    Terms that bind and are not accepted come first, on every page but those that `before_terms`
    leaves open.
    """
    found = require_session(request)
    if not found.full:
        raise out_of_order(request, found)
    page = request.app[ROUTES].at(request.path)
    if found.terms_are_due(request.app[CLOCK]()) and (page is None or not page.before_terms):
        raise Redirect(request.app[SESSION_PAGES].new_terms)
    return found


def require_password_step(request: web.Request) -> Session:
    """The session with the password only."""
    found = require_session(request)
    if found.full:
        raise Redirect(request.app[SESSION_PAGES].home)
    return found


def require_step(request: web.Request, due: str) -> Session:
    """A partial session at one step; a jump leads to the due step."""
    found = require_password_step(request)
    if found.due != due or (due == "enrolment" and found.address_is_due(request.app[CLOCK]())):
        raise out_of_order(request, found)
    return found


def out_of_order(request: web.Request, found: Session) -> Redirect:
    """The redirect to the due step; the jump is logged."""
    there = request.app[SESSION_PAGES].next_step(request, found)
    log.info(
        "A step was requested out of order.",
        action="sequence_fail",
        path=request.path,
        due=url(request, there),
    )
    return Redirect(there)


def clear_session_cookie(request: web.Request) -> None:
    """Clear the session cookie."""
    state = request[REQUEST_STATE]
    state.token, state.session = None, None
    set_cookie(request, SESSION_COOKIE, "", 0)


async def start_partial(request: web.Request, sign_in: PasswordSignIn) -> Session:
    """The password was right: the pre-session ends, a partial session begins (SE-11).

    It is proved from when the password was checked. The reply may be a stored one: whatever ended
    the account's sessions since then also ends this one.
    """
    state, sessions = request[REQUEST_STATE], request.app[SESSIONS]
    if state.token is not None:
        await sessions.end(state.token, "signed_out")
    if request.app[ROUTES].find_login_target(sign_in.next) is None:
        sign_in = replace(sign_in, next="")
    token, made = await sessions.start_partial(sign_in, state.device, state.network)
    await request_state.end_presession(request)
    set_cookie(request, SESSION_COOKIE, token)
    log.info(
        "A password was accepted.",
        action="session_created",
        account=made.account_id,
        session=made.id,
        level="password",
    )
    return made


async def promote(
    request: web.Request,
    found: Session,
    *,
    code_at: datetime,
    failures: int,
    recovery_due: bool,
    first: bool = False,
    replaced_at: datetime | None = None,
) -> web.Response:
    """Both factors were given: set a new token and the known browser, and redirect.

    `code_at` is when the code was found right. With `recovery_due` the recovery codes come first.
    `first` is the sign-in that enrolled; `replaced_at` is when a new phone replaced the old one,
    which ends every other session.
    """
    app, state = request.app, request[REQUEST_STATE]
    token, now, sessions = state.token or "", app[CLOCK](), app[SESSIONS]
    before_full = app[SESSION_PAGES].before_full
    if before_full is not None:
        await before_full(request, found, first or replaced_at is not None)
    ring = app[SITE].session_keys
    new = promoted_token(ring, token, state.press)
    known = await sessions.known_accounts(state.browser) if state.browser else ()
    # A token that we did not issue, or that has expired, is never adopted (SE-01).
    browser = state.browser if state.browser and known else browser_token(ring, token, state.press)
    opened = NewSession(
        session_id=str(uuid.uuid4()),
        device=state.device,
        network=state.network,
        # A phone that this sign-in enrolled has a mail of its own.
        new_device=not first and replaced_at is None and found.account_id not in known,
        failures=failures,
        opened_at=now,
        phone_replaced=replaced_at is not None,
    )
    # Asking where it leads takes as long as storing the session, and neither waits for the other.
    leading = asyncio.create_task(_after_second_factor(request, found, recovery_due))
    try:
        if not await sessions.promote(
            token, new, found, opened, browser, code_at=code_at, replaced_at=replaced_at
        ):
            clear_session_cookie(request)
            flash(request, "too_late")
            return redirect(request, app[SESSION_PAGES].sign_in)
        set_cookie(request, SESSION_COOKIE, new)
        seconds = int(sessions.limits.browser.total_seconds())
        set_cookie(request, BROWSER_COOKIE, browser, seconds)
        log.info(
            "A user signed in.",
            action="authn_login_success",
            account=found.account_id,
            session=opened.session_id,
        )
        there = await leading
        return redirect(request, there.name, **there.query)
    finally:
        # Where storing fails it is waited for: a request that is cut while it is sent costs the
        # others their reply channel.
        await asyncio.gather(leading, return_exceptions=True)


async def _after_second_factor(
    request: web.Request, found: Session, recovery_due: bool
) -> Redirect:
    pages = request.app[SESSION_PAGES]
    if recovery_due:
        return Redirect(pages.recovery_codes)
    return await pages.after_login(request, found)


async def rotate_session(
    request: web.Request, found: Session, changed_at: datetime, reason: str
) -> None:
    """A credential was changed: the session continues under a new token, others end."""
    app, state = request.app, request[REQUEST_STATE]
    token, browser = state.token or "", state.browser or ""
    new = promoted_token(app[SITE].session_keys, token, state.press)
    await app[SESSIONS].renew(token, new, found, changed_at, reason, browser)
    set_cookie(request, SESSION_COOKIE, new)
