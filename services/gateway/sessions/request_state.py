"""The state of one request: its cookies, pre-session and session, flash message, form token.

Cookies are only noted here; the middleware sets them on whatever response goes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from services.gateway.http.site import CLOCK, SITE
from services.gateway.sessions import tokens
from services.gateway.sessions.model import Session
from services.gateway.sessions.presession_store import PRESESSIONS, Presession
from services.gateway.sessions.tokens import AnonymousCookie, PresessionCookie
from shared.runtime.telemetry import get_logger

LANGUAGE_COOKIE = "impex-lang"
LANGUAGE_SECONDS = 365 * 24 * 3600
#: The cookies by their names without the prefix of https. The session's ends with the browser
#: (SE-02), the browser's says that it signed in before (AU-16), a flash lasts over a redirect.
PRESESSION_COOKIE = "impex-presession"
SESSION_COOKIE = "impex-session"
BROWSER_COOKIE = "impex-browser"
FLASH_COOKIE = "impex-flash"
FLASH_SECONDS = 60

log = get_logger("gateway")


@dataclass
class RequestState:
    """What is known of a request and its browser, and which cookies the response will set.

    `cookie` is the pre-session cookie where it is valid; `presession` its row, once looked up.
    `token` is the session cookie, `session` its row; `problem` says why the row could not be read,
    `ended` that there is none any more. `browser` is the cookie of a browser that signed in before,
    `bound` the cookie that a posted form was made for.
    """

    reference: str
    nonce: str
    lang: str
    client_ip: str
    network: str
    cookie: AnonymousCookie | PresessionCookie | None
    started: float
    device: str = ""
    token: str | None = None
    browser: str | None = None
    session: Session | None = None
    problem: Exception | None = None
    ended: bool = False
    bound: str | None = None
    presession: Presession | None = None
    looked_up: bool = False
    gone: bool = False
    flash: str | None = None
    cookies: dict[str, tuple[str, int | None]] = field(default_factory=dict)


REQUEST_STATE = web.RequestKey("visit", RequestState)


def cookie_name(app: web.Application, name: str) -> str:
    """A cookie's full name: the prefix makes browsers insist on Secure and host (SE-02)."""
    return f"__Host-{name}" if app[SITE].secure else name


def cookie_value(request: web.Request, name: str) -> str:
    """What the browser sent; empty where it has no such cookie."""
    return request.cookies.get(cookie_name(request.app, name), "")


def set_cookie(request: web.Request, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie with the answer; without `seconds` it ends with the browser, 0 clears it."""
    request[REQUEST_STATE].cookies[cookie_name(request.app, name)] = (value, seconds)


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
            ring = self._request.app[SITE].session_keys
            self._text = tokens.form_token(ring, cookie)
        return self._text

    __html__ = __str__


def ensure_cookie(request: web.Request) -> str:
    """The browser's pre-session cookie, a new anonymous one if it has none."""
    state = request[REQUEST_STATE]
    if state.cookie is None:
        value = tokens.new_anonymous(request.app[SITE].session_keys, request.app[CLOCK]())
        state.cookie = AnonymousCookie(value)
        set_cookie(request, PRESESSION_COOKIE, value)
    return state.cookie.cookie


def form_cookie(request: web.Request) -> str:
    """What this browser's forms are bound to: its session, else its pre-session."""
    state = request[REQUEST_STATE]
    if state.session is not None and state.token is not None:
        return state.token
    return ensure_cookie(request)


def idempotency_key(request: web.Request, form: str, fields: Mapping[str, str]) -> str:
    """The key of one form as filled in, for this browser.

    It depends on what the form is bound to, which may outlive the session that it was posted with.
    """
    given = {name: value for name, value in fields.items() if name not in ("csrf", "key")}
    ring = request.app[SITE].session_keys
    cookie = request[REQUEST_STATE].bound or form_cookie(request)
    return tokens.idempotency_key(ring, cookie, form, fields.get("key", ""), given)


async def presession(request: web.Request) -> Presession | None:
    """The request that this browser is bound to, or None.

    An unknown token is dropped and logged (SE-01); a message says so where it has expired.
    """
    state = request[REQUEST_STATE]
    await look_up(request)
    if state.gone:
        state.gone = False
        flash(request, "gone")
    return state.presession


async def look_up(request: web.Request) -> None:
    """Find the pre-session behind the cookie; the cookie of an expired one is cleared, so that no
    form is bound to it."""
    state = request[REQUEST_STATE]
    if not isinstance(state.cookie, PresessionCookie) or state.looked_up:
        return
    state.presession = await request.app[PRESESSIONS].find(state.cookie.cookie)
    state.looked_up = True
    if state.presession is None:
        log.warning(
            "A browser sent a pre-session that does not exist or has expired.",
            action="session_use_after_expire",
        )
        clear_presession_cookie(request)
        state.gone = True


def clear_presession_cookie(request: web.Request) -> None:
    """Clear the pre-session cookie."""
    state = request[REQUEST_STATE]
    state.cookie, state.presession = None, None
    set_cookie(request, PRESESSION_COOKIE, "", 0)


async def bind_to_request(request: web.Request, request_id: str, expires_at: datetime) -> None:
    """Bind this browser to a request, under a new token."""
    state = request[REQUEST_STATE]
    former = state.cookie.cookie if isinstance(state.cookie, PresessionCookie) else None
    token = await request.app[PRESESSIONS].bind(former, request_id, expires_at)
    state.cookie = PresessionCookie(token)
    set_cookie(request, PRESESSION_COOKIE, token)
    log.info("A browser is bound to a request.", action="session_created", request=request_id)


async def extend_presession(request: web.Request, expires_at: datetime) -> None:
    """The request was renewed: its pre-session lives as long."""
    cookie = request[REQUEST_STATE].cookie
    if isinstance(cookie, PresessionCookie):
        await request.app[PRESESSIONS].extend(cookie.cookie, expires_at)


async def end_presession(request: web.Request) -> None:
    """End this browser's pre-session."""
    cookie = request[REQUEST_STATE].cookie
    if isinstance(cookie, PresessionCookie):
        await request.app[PRESESSIONS].delete(cookie.cookie)
    clear_presession_cookie(request)


def flash(request: web.Request, code: str) -> None:
    """Show a message on the next page, by its code."""
    request[REQUEST_STATE].flash = code
    set_cookie(request, FLASH_COOKIE, code, FLASH_SECONDS)
