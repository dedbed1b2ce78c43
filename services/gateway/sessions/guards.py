"""Who may go where: the session behind a visit, the doors it opens, and its cookies.

A session is looked up once per visit. Pages that anybody may read go on while the database is away;
the others say so. Steps are taken in order: a jump is logged and answered with the due step
(AU-06, AU-13).
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime

from aiohttp import web

from services.gateway.http.errors import AWAY, Elsewhere
from services.gateway.portal.app_keys import CLOCK, FACTOR, FRONT, PROFILE, SESSIONS
from services.gateway.portal.login_redirects import (
    DESTINATIONS,
    HOME,
    INFORMATION,
    destination,
    destination_above,
)
from services.gateway.sessions import request_state
from services.gateway.sessions.model import Session, browser_token, promoted_token
from services.gateway.sessions.request_state import VISIT, note, redirect
from services.gateway.sessions.sessions import Newcomer
from shared.contracts.gateway import SessionOpened
from shared.contracts.registration import SignInView
from shared.database import TRANSIENT_ERRORS
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}|[0-9a-f]{64}")
SIGN_IN = "/connexion"
RECOVERY = "/connexion/codes-de-secours"
#: Seconds that a sign-in waits to know whether the information is validated.
PATIENCE = 1.0
#: What a page's script asks by itself is no sign of life of a person.
UNATTENDED = ("/session/etat", "/csp-rapport")
#: What is said of a change in the account whose answer was lost.
TAKEN = {
    "/compte/mot-de-passe": "password_changed",
    "/compte/telephone/nouveau": "phone_changed",
    "/compte/adresse/validation": "address_changed",
}

log = get_logger("gateway")


async def look_up(request: web.Request) -> None:
    """Find the session, or the pre-session, and the known browser that this visit's cookies name.

    A database that is away is told by the pages that cannot do without it.
    """
    visit, secure = request[VISIT], request.app[FRONT].secure
    browser = request.cookies.get(request_state.browser_name(secure), "")
    visit.browser = browser if TOKEN.fullmatch(browser) else None
    if request.path.startswith("/static/"):
        return
    token = request.cookies.get(request_state.session_name(secure), "")
    try:
        if token:
            await _find(request, token)
        if visit.session is None:
            await request_state.look_up(request)
    except TRANSIENT_ERRORS as problem:
        visit.problem = problem


async def _find(request: web.Request, token: str) -> None:
    visit = request[VISIT]
    used = request.path not in UNATTENDED and not request.path.endswith(("/etat", "/suivi"))
    found = None
    if TOKEN.fullmatch(token):
        found = await request.app[SESSIONS].find(token, used=used)
    if found is not None:
        visit.token, visit.session = token, found
        return
    log.warning(
        "A browser came with a session that does not exist or has ended.",
        action="session_use_after_expire",
        network=visit.network,
    )
    visit.ended = True
    forget_cookie(request)


async def find_again(request: web.Request, form_key: str) -> None:
    """A form sent again once it was taken, whose answer was lost: on to the session that it opened.

    A second click, or a gateway that died before it answered. The former token alone opens nothing:
    it also takes the key of that very form.
    """
    visit, app = request[VISIT], request.app
    former = request.cookies.get(request_state.session_name(app[FRONT].secure), "")
    if not visit.ended or not form_key:
        return
    new = promoted_token(app[FRONT].session_keys, former, form_key)
    found = await app[SESSIONS].find(new, used=True)
    if found is not None:
        visit.ended, visit.token, visit.session = False, new, found
        put_cookie(request, new)
        if request.path in TAKEN:
            note(request, TAKEN[request.path])
            raise Elsewhere("/compte")
        raise Elsewhere(await _opened(request, found))


def full(request: web.Request) -> Session:
    """The session of somebody who gave both factors; anybody else is sent where they belong."""
    found = _required(request)
    if not found.full:
        raise out_of_order(request, found)
    return found


def somebody(request: web.Request) -> Session:
    """The session of whoever has given the password, and perhaps the second factor."""
    return _required(request)


def half(request: web.Request) -> Session:
    """The session of somebody who has given the password only."""
    found = _required(request)
    if found.full:
        raise Elsewhere(HOME)
    return found


def at(request: web.Request, due: str) -> Session:
    """A half session at one step; a jump leads to the step that is due."""
    found = half(request)
    if found.due != due or (due == "enrolment" and found.address_is_due(request.app[CLOCK]())):
        raise out_of_order(request, found)
    return found


def due_path(request: web.Request, found: Session) -> str:
    """The page of what a half signed-in person must give next."""
    if found.full:
        return HOME
    if found.due == "code":
        return "/connexion/code"
    if found.address_is_due(request.app[CLOCK]()):
        return "/connexion/adresse"
    return "/connexion/telephone"


def out_of_order(request: web.Request, found: Session) -> Elsewhere:
    """The way to the step that is due; the jump is logged."""
    there = due_path(request, found)
    log.info(
        "A step was asked for out of its order.",
        action="sequence_fail",
        path=request.path,
        due=there,
    )
    return Elsewhere(there)


async def landing(request: web.Request, found: Session) -> str:
    """Where both factors lead: the page that was asked for, else the complementary information as
    long as it is not validated (G-30), else the home page.

    Whoever is known to have validated costs no question; where its owner is away the home page says
    what is left to do.
    """
    if found.next in DESTINATIONS or found.validated:
        return destination(found.next)
    try:
        known = await request.app[PROFILE].describe(found.account_id, patience=PATIENCE)
    except AWAY:
        return HOME
    if not known.validated:
        return INFORMATION
    at = known.validated_at or request.app[CLOCK]()
    await request.app[SESSIONS].note_validated(found.account_id, at)
    return HOME


def _required(request: web.Request) -> Session:
    visit = request[VISIT]
    if visit.problem is not None:
        raise visit.problem
    if visit.session is None:
        if visit.ended:
            note(request, "session_closed")
        name = destination_above(request.path)
        raise Elsewhere(f"{SIGN_IN}?suite={name}" if name else SIGN_IN)
    return visit.session


async def leave_closed(request: web.Request, refused: Refused) -> None:
    """The account was frozen or deactivated meanwhile: what is left of the session ends."""
    if refused.refusal.slug == "account_closed":
        await request.app[SESSIONS].end(request[VISIT].token or "", "account_frozen")
        forget_cookie(request)
        note(request, "session_closed")
        raise Elsewhere(SIGN_IN)


def put_cookie(request: web.Request, token: str) -> None:
    """Give the browser its session; it has no life of its own (SE-02)."""
    request[VISIT].cookies[request_state.session_name(request.app[FRONT].secure)] = (token, None)


def forget_cookie(request: web.Request) -> None:
    """Take the session's cookie from the browser."""
    visit = request[VISIT]
    visit.token, visit.session = None, None
    visit.cookies[request_state.session_name(request.app[FRONT].secure)] = ("", 0)


async def open_half(
    request: web.Request, signed: SignInView, due: str, destination_name: str, asked_at: datetime
) -> Session:
    """Somebody's password was right: the pre-session ends, a half session begins (SE-11)."""
    visit, sessions = request[VISIT], request.app[SESSIONS]
    if visit.token is not None:
        await sessions.end(visit.token, "signed_out")
    newcomer = Newcomer(
        signed=signed,
        due=due,
        device=visit.device,
        network=visit.network,
        next=destination_name if destination_name in DESTINATIONS else "",
        asked_at=asked_at,
    )
    token, made = await sessions.open_half(newcomer)
    await request_state.forget(request)
    put_cookie(request, token)
    log.info(
        "A password was right.",
        action="session_created",
        account=made.account_id,
        session=made.id,
        level="password",
    )
    return made


async def promote(
    request: web.Request,
    found: Session,
    form_key: str,
    *,
    failures: int,
    recovery_due: bool,
    first: bool = False,
    replaced_at: datetime | None = None,
) -> web.Response:
    """Both factors were given: a new token, the known browser, and the way on.

    With `recovery_due` the way leads to the recovery codes first. `first` is the sign-in that
    enrolled; `replaced_at` when another phone took the place of the one before, which ends every
    other session.
    """
    app, visit = request.app, request[VISIT]
    token, now, sessions = visit.token or "", app[CLOCK](), app[SESSIONS]
    ring = app[FRONT].session_keys
    new = promoted_token(ring, token, form_key)
    known = await sessions.known_accounts(visit.browser) if visit.browser else ()
    # A mark that nobody gave out, or that was forgotten since, is never adopted (SE-01).
    browser = visit.browser if visit.browser and known else browser_token(ring, token, form_key)
    opened = SessionOpened(
        session_id=str(uuid.uuid4()),
        device=visit.device,
        network=visit.network,
        new_device=not first and found.account_id not in known,
        failures=failures,
        opened_at=now,
    )
    if not await sessions.promote(token, new, found, opened, browser, replaced_at):
        forget_cookie(request)
        note(request, "too_late")
        return redirect(SIGN_IN)
    put_cookie(request, new)
    seconds = int(sessions.limits.browser.total_seconds())
    visit.cookies[request_state.browser_name(app[FRONT].secure)] = (browser, seconds)
    log.info(
        "Somebody signed in.",
        action="authn_login_success",
        account=found.account_id,
        session=opened.session_id,
    )
    return redirect(RECOVERY if recovery_due else await landing(request, found))


async def _opened(request: web.Request, found: Session) -> str:
    """Where the answer that was lost led to."""
    try:
        factor = await request.app[FACTOR].describe(found.account_id)
    except AWAY:
        return destination(found.next)
    due = factor.recovery_on and not factor.recovery_kept
    return RECOVERY if due else await landing(request, found)


async def go_on(
    request: web.Request, found: Session, form_key: str, changed_at: datetime, reason: str
) -> None:
    """A credential was changed in this session: it goes on under a new token, others end."""
    app, token = request.app, request[VISIT].token or ""
    new, browser = promoted_token(app[FRONT].session_keys, token, form_key), request[VISIT].browser
    await app[SESSIONS].renew(token, new, found, changed_at, reason, browser or "")
    put_cookie(request, new)
