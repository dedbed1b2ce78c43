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
from services.gateway.sessions.sealed_state import SEALED_STATE
from shared.runtime.telemetry import get_logger

LANGUAGE_COOKIE = "lang"
LANGUAGE_SECONDS = 365 * 24 * 3600
#: The cookies by their names without the prefixes of https and of their front end. Forms are bound
#: to the form cookie, a browser that requested an account has a pre-session. The session's cookie
#: ends with the browser (SE-02), the browser's says that it signed in before (AU-16), a flash lasts
#: over a redirect.
FORM_COOKIE = "form"
PRESESSION_COOKIE = "presession"
SESSION_COOKIE = "session"
BROWSER_COOKIE = "browser"
FLASH_COOKIE = "flash"
FLASH_SECONDS = 60

log = get_logger("gateway")


@dataclass
class RequestState:
    """What is known of a request and its browser, and which cookies the response will set.

    `form_browser` is the random id in the cookie that the browser's forms are bound to, where it
    is valid. `presession_token` is the pre-session cookie, `presession` its row, once looked up.
    `token` is the session cookie, `session` its row; `problem` says why the row could not be read,
    `ended` that there is none any more. `browser` is the cookie of a browser that signed in before.
    Of a posted form, `bound` is what it belongs to, and `press` says which press of which page.
    """

    reference: str
    nonce: str
    lang: str
    client_ip: str
    network: str
    started: float
    form_browser: str | None = None
    presession_token: str | None = None
    device: str = ""
    token: str | None = None
    browser: str | None = None
    session: Session | None = None
    problem: Exception | None = None
    ended: bool = False
    bound: str = ""
    press: str = ""
    presession: Presession | None = None
    looked_up: bool = False
    gone: bool = False
    flash: str | None = None
    cookies: dict[str, tuple[str, int | None]] = field(default_factory=dict)


REQUEST_STATE = web.RequestKey("visit", RequestState)


def cookie_name(app: web.Application, name: str) -> str:
    """A cookie's full name: https adds the prefix that makes browsers insist on Secure (SE-02)."""
    name = plain_cookie_name(app, name)
    return f"__Host-{name}" if app[SITE].secure else name


def plain_cookie_name(app: web.Application, name: str) -> str:
    """The name of a cookie that may go over http too: two front ends on one host differ."""
    return f"{app[SITE].cookie_prefix}-{name}"


def cookie_value(request: web.Request, name: str) -> str:
    """What the browser sent; empty where it has no such cookie."""
    return request.cookies.get(cookie_name(request.app, name), "")


def set_cookie(request: web.Request, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie with the answer; without `seconds` it ends with the browser, 0 clears it."""
    request[REQUEST_STATE].cookies[cookie_name(request.app, name)] = (value, seconds)


class PageToken:
    """The token of a page's forms, made when a template first prints it.

    Only then does a browser without a cookie get one, so that a page without a form sets none.
    """

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._text: str | None = None

    def __str__(self) -> str:
        if self._text is None:
            app, session = self._request.app, self._request[REQUEST_STATE].session
            self._text = tokens.form_token(
                app[SEALED_STATE],
                ensure_form_cookie(self._request),
                session.account_id if session else "",
                app[CLOCK](),
            )
        return self._text

    __html__ = __str__


def ensure_form_cookie(request: web.Request) -> str:
    """The id that this browser's forms are bound to, a new one if it has none."""
    state = request[REQUEST_STATE]
    if state.form_browser is None:
        state.form_browser, cookie = tokens.new_cookie(request.app[SITE].session_keys)
        set_cookie(request, FORM_COOKIE, cookie)
    return state.form_browser


def read_form_token(request: web.Request, token: str) -> tokens.FormToken | None:
    """What a form's token says; None where it was not made for this browser."""
    browser = request[REQUEST_STATE].form_browser
    if browser is None:
        return None
    app = request.app
    return tokens.read_form_token(app[SEALED_STATE], browser, token, app[CLOCK]())


def idempotency_key(request: web.Request, form: str, fields: Mapping[str, str]) -> str:
    """The key of one form as filled in, for this browser and what the form is bound to."""
    given = {name: value for name, value in fields.items() if name not in ("csrf", "key")}
    ring, bound = request.app[SITE].session_keys, request[REQUEST_STATE].bound
    assert bound, "an idempotency key belongs to a posted form"
    return tokens.idempotency_key(ring, bound, form, fields.get("key", ""), given)


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
    """Find the pre-session behind the cookie; the cookie of an expired one is cleared."""
    state = request[REQUEST_STATE]
    if state.presession_token is None or state.looked_up:
        return
    state.presession = await request.app[PRESESSIONS].find(state.presession_token)
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
    state.presession_token, state.presession = None, None
    set_cookie(request, PRESESSION_COOKIE, "", 0)


async def bind_to_request(request: web.Request, request_id: str, expires_at: datetime) -> None:
    """Bind this browser to a request, under a new token."""
    state = request[REQUEST_STATE]
    former = state.presession_token
    token = await request.app[PRESESSIONS].bind(former, request_id, expires_at)
    state.presession_token = token
    set_cookie(request, PRESESSION_COOKIE, token)
    log.info("A browser is bound to a request.", action="session_created", request=request_id)


async def extend_presession(request: web.Request, expires_at: datetime) -> None:
    """The request was renewed: its pre-session lives as long."""
    token = request[REQUEST_STATE].presession_token
    if token is not None:
        await request.app[PRESESSIONS].extend(token, expires_at)


async def end_presession(request: web.Request) -> None:
    """End this browser's pre-session."""
    if PRESESSIONS not in request.app:
        return  # a front end without registration
    token = request[REQUEST_STATE].presession_token
    if token is not None:
        await request.app[PRESESSIONS].delete(token)
    clear_presession_cookie(request)


def flash(request: web.Request, code: str) -> None:
    """Show a message on the next page, by its code."""
    request[REQUEST_STATE].flash = code
    set_cookie(request, FLASH_COOKIE, code, FLASH_SECONDS)
