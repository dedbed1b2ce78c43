"""One visit: what the views may ask of the browser in front of them, and answer it.

Reads the cookie, looks the pre-session up, makes pages and redirects. Cookies are only noted here;
the middleware puts them on whatever answer goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal import texts
from services.gateway.portal.app_keys import (
    CLOCK,
    FRONT,
    PAGES,
    PRESESSIONS,
    REGISTRATION,
    SESSIONS,
    Visit,
)
from services.gateway.sessions import tokens
from services.gateway.sessions.presession_store import Presession
from services.gateway.sessions.tokens import Anonymous, Reference
from shared.contracts.registration import RequestView
from shared.i18n.catalogue import translate
from shared.i18n.dates import format_time
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

VISIT = web.RequestKey("visit", Visit)
LANGUAGE_COOKIE = "impex-lang"
LANGUAGE_SECONDS = 365 * 24 * 3600
FLASH_SECONDS = 60

#: What a page that follows a request is told where there is none any more.
GONE = "gone"
#: Where each due step is.
STEPS = {
    "validation": "/inscription/validation",
    "terms": "/inscription/conditions",
    "created": "/inscription/creation",
}

log = get_logger("gateway")


def presession_name(secure: bool) -> str:
    """The pre-session's cookie; its prefix makes browsers insist on Secure and host (SE-02)."""
    return "__Host-impex-presession" if secure else "impex-presession"


def session_name(secure: bool) -> str:
    """The session's cookie: no life of its own, no other site, no script (SE-02)."""
    return "__Host-impex-session" if secure else "impex-session"


def browser_name(secure: bool) -> str:
    """The cookie of a browser that signed in before (AU-16)."""
    return "__Host-impex-browser" if secure else "impex-browser"


def flash_name(secure: bool) -> str:
    """The cookie that carries a notice over a redirect."""
    return "__Host-impex-flash" if secure else "impex-flash"


class FormToken:
    """The token of a page's forms, made when a template first prints it.

    Only then does a browser without a cookie get one, so that a page without a form sets none.
    """

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._text: str | None = None

    def __str__(self) -> str:
        if self._text is None:
            cookie = form_cookie(self._request)
            ring = self._request.app[FRONT].session_keys
            self._text = tokens.form_token(ring, cookie)
        return self._text

    __html__ = __str__


def ensure_cookie(request: web.Request) -> str:
    """The browser's pre-session cookie, a new anonymous one if it has none."""
    visit = request[VISIT]
    if visit.cookie is None:
        app = request.app
        value = tokens.new_anonymous(app[FRONT].session_keys, app[CLOCK]())
        visit.cookie = Anonymous(value)
        visit.cookies[presession_name(app[FRONT].secure)] = (value, None)
    return visit.cookie.cookie


def form_cookie(request: web.Request) -> str:
    """What this browser's forms are bound to: its session, else its pre-session."""
    visit = request[VISIT]
    if visit.session is not None and visit.token is not None:
        return visit.token
    return ensure_cookie(request)


def idempotency_key(request: web.Request, form: str, fields: Mapping[str, str]) -> str:
    """The key of one form as filled in, for this browser.

    It hangs on what the form is bound to, which may outlive the session that it was posted with.
    """
    given = {name: value for name, value in fields.items() if name not in ("csrf", "key")}
    ring = request.app[FRONT].session_keys
    cookie = request[VISIT].bound or form_cookie(request)
    return tokens.idempotency_key(ring, cookie, form, fields.get("key", ""), given)


async def presession(request: web.Request) -> Presession | None:
    """What this browser asked for, or None.

    An unknown token is dropped and logged (SE-01); whoever came back too late is told so.
    """
    visit = request[VISIT]
    await look_up(request)
    if visit.gone:
        visit.gone = False
        note(request, "gone")
    return visit.presession


async def look_up(request: web.Request) -> None:
    """Find the pre-session behind the cookie; one that has run out is taken from the browser, so
    that no form is bound to it."""
    visit = request[VISIT]
    if not isinstance(visit.cookie, Reference) or visit.looked_up:
        return
    visit.presession = await request.app[PRESESSIONS].find(visit.cookie.cookie)
    visit.looked_up = True
    if visit.presession is None:
        log.warning(
            "A browser came with a pre-session that does not exist or has run out.",
            action="session_use_after_expire",
        )
        drop_cookie(request)
        visit.gone = True


def drop_cookie(request: web.Request) -> None:
    """Take the pre-session cookie from the browser."""
    visit = request[VISIT]
    visit.cookie, visit.presession = None, None
    visit.cookies[presession_name(request.app[FRONT].secure)] = ("", 0)


async def bind(request: web.Request, view: RequestView) -> None:
    """Tie this browser to a request, under a new token."""
    visit = request[VISIT]
    former = visit.cookie.cookie if isinstance(visit.cookie, Reference) else None
    token = await request.app[PRESESSIONS].bind(former, view.request_id, view.expires_at)
    visit.cookie = Reference(token)
    visit.cookies[presession_name(request.app[FRONT].secure)] = (token, None)
    log.info("A browser is bound to a request.", action="session_created", request=view.request_id)


async def prolong(request: web.Request, view: RequestView) -> None:
    """The request was renewed: keep its pre-session as long."""
    cookie = request[VISIT].cookie
    if isinstance(cookie, Reference):
        await request.app[PRESESSIONS].prolong(cookie.cookie, view.expires_at)


async def forget(request: web.Request) -> None:
    """End this browser's pre-session."""
    cookie = request[VISIT].cookie
    if isinstance(cookie, Reference):
        await request.app[PRESESSIONS].forget(cookie.cookie)
    drop_cookie(request)


async def current_view(request: web.Request) -> RequestView | None:
    """The request of this browser, or None; one that is gone is forgotten, with a notice."""
    found = await presession(request)
    if found is None:
        return None
    try:
        return await request.app[REGISTRATION].describe(found.request_id)
    except Refused as refused:
        if refused.refusal.slug != "request_gone":
            raise
    await forget(request)
    note(request, "gone")
    return None


async def due(request: web.Request, *steps: str) -> RequestView:
    """The request of this browser at one of `steps`; anybody else is sent where they belong.

    Steps are taken in order: a jump is logged and answered with the due step (AU-13).
    """
    view = await current_view(request)
    if view is not None and view.due in steps:
        return view
    raise out_of_order(request, view)


def out_of_order(request: web.Request, view: RequestView | None) -> Elsewhere:
    """The way to the step that is due; the jump is logged."""
    log.info(
        "A step was asked for out of its order.",
        action="sequence_fail",
        path=request.path,
        due=view.due if view else None,
    )
    return Elsewhere(STEPS[view.due] if view else "/inscription")


def due_url(view: RequestView) -> str:
    """The page of the step that comes next."""
    return STEPS.get(view.due, "/")


def note(request: web.Request, code: str) -> None:
    """Say something on the next page that is shown: a code of `texts.FLASHES`."""
    visit = request[VISIT]
    visit.flash = code
    visit.cookies[flash_name(request.app[FRONT].secure)] = (code, FLASH_SECONDS)


def page(
    request: web.Request, template: str, *, status: int = 200, **variables: Any
) -> web.Response:
    """A page of ours, in the visitor's language."""
    visit = request[VISIT]
    given: dict[str, Any] = {
        "csrf": FormToken(request),
        "nonce": visit.nonce,
        "status": status,
        "switch_url": request.path,
        "form": None,
        "reference": None,
        "flash": _flash(request, variables.get("view"), variables.get("saved_at")),
        "me": _me(request),
        **variables,
    }
    html = request.app[PAGES].render(template, visit.lang, given)
    response = web.Response(text=html, status=status, content_type="text/html", charset="utf-8")
    response.headers["Content-Language"] = visit.lang
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.enable_compression()
    form = given["form"]
    if isinstance(form, Form) and form.retry_after is not None:
        response.headers["Retry-After"] = str(form.retry_after)
    return response


@dataclass(frozen=True, kw_only=True)
class Me:
    """Who is signed in, as pages say it; `full` once both factors were given, `validated` once the
    account's complementary information is.

    `left_seconds` is the time to the end of the session, which activity can put off as long as
    `can_extend`; `ends_at` is the end that nothing puts off.
    """

    name: str
    address: str
    full: bool
    validated: bool
    idle_seconds: int
    left_seconds: int
    can_extend: bool
    ends_at: datetime


def _me(request: web.Request) -> Me | None:
    session = request[VISIT].session
    if session is None:
        return None
    limits, now = request.app[SESSIONS].limits, request.app[CLOCK]()
    until = session.until(limits)
    return Me(
        name=session.name,
        address=session.address,
        full=session.full,
        validated=session.validated,
        idle_seconds=int(limits.idle.total_seconds()),
        left_seconds=max(0, int((until - now).total_seconds())),
        can_extend=until < session.ends_at,
        ends_at=session.ends_at,
    )


def _flash(request: web.Request, view: object, saved_at: object) -> list[tuple[str, str]]:
    visit = request[VISIT]
    if visit.flash is None or visit.flash not in texts.FLASHES:
        return []
    kind, text = texts.FLASHES[visit.flash]
    visit.cookies[flash_name(request.app[FRONT].secure)] = ("", 0)
    values: dict[str, object] = dict(request.app[PAGES].names(visit.lang))
    if isinstance(view, RequestView):
        values |= {
            "address": view.address,
            "sent": format_time(view.code_sent_at, visit.lang),
            "step": translate(texts.STEPS.get(view.due, ""), visit.lang),
        }
    if isinstance(saved_at, datetime):
        values["saved"] = format_time(saved_at, visit.lang)
    text = translate(text, visit.lang, **values)
    return [] if "{" in text else [(kind, text)]


def redirect(location: str) -> web.Response:
    """Go on to another page of ours, by GET."""
    return web.Response(status=303, headers={"Location": location})
