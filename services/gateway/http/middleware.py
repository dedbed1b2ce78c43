"""What happens around every view: the visit is recognised, its answer dressed, failures shown.

The outermost layer gives the visit its reference, writes one access line without the query string,
and is the last resort: whatever escapes becomes a page with that reference and nothing else
(LG-07).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from services.gateway.features.language import language
from services.gateway.http import security_headers
from services.gateway.http.client_ip import client_address, network_of
from services.gateway.http.errors import (
    AWAY,
    AWAY_SECONDS,
    RELOAD,
    Elsewhere,
    PageError,
    error_text,
)
from services.gateway.http.metrics import count_request
from services.gateway.http.user_agents import device_of
from services.gateway.i18n import language_choice
from services.gateway.portal.app_keys import CLOCK, FRONT, PAGES, Visit
from services.gateway.sessions import guards, request_state
from services.gateway.sessions.request_state import VISIT
from services.gateway.sessions.tokens import form_token_fits, read_cookie
from shared.i18n.catalogue import translate
from shared.messaging.envelope import new_traceparent, traceparent
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger, log_context

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Longest cookie value that is looked at.
COOKIE_CHARACTERS = 400

log = get_logger("gateway")
access = get_logger("gateway.access")


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Recognise the visit, answer it whatever happens, and say so in the log."""
    visit = _recognise(request)
    request[VISIT] = visit
    trace = new_traceparent()
    traceparent.set(trace)
    with log_context(request_ref=visit.reference, trace_id=trace.split("-")[1]):
        response = await _answer(request, handler)
        if not response.prepared:
            _put_cookies(request, response)
        seconds = time.perf_counter() - visit.started
        count_request(request, response.status, seconds)
        _log_access(request, response, seconds)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        await guards.look_up(request)
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        try:
            return await _failed(request, error)
        except Exception:
            log.exception("An error page failed too.", action="unexpected_error")
            return web.Response(status=500, text=f"Erreur - Error {request[VISIT].reference}\n")


async def _failed(request: web.Request, error: Exception) -> web.StreamResponse:
    """The answer to whatever a view raised."""
    if isinstance(error, Elsewhere):
        return request_state.redirect(error.location)
    if isinstance(error, web.HTTPException):
        allow = error.headers.get("Allow")
        return error_page(request, PageError(error.status, allow=allow))
    if isinstance(error, PageError):
        return error_page(request, error)
    if isinstance(error, (*AWAY, TimeoutError)):
        log.warning("A service is away.", action="dependency_away", reason=str(error))
        return error_page(request, PageError(503, retry_after=AWAY_SECONDS))
    if isinstance(error, Refused) and error.refusal.retry_after:
        return error_page(request, PageError(429, retry_after=error.refusal.retry_after))
    log.error("A view failed.", action="unexpected_error", exc_info=error)
    return error_page(request, PageError(500))


def error_page(request: web.Request, error: PageError) -> web.Response:
    """One of the house's error pages, with its way on."""
    visit = request[VISIT]
    if error.event:
        log.warning(
            "A request was refused.",
            action=error.event,
            reason=error.reason,
            path=request.path,
            network=visit.network,
        )
    elif error.status == 500 and error.reason:
        log.error("A request failed.", action="unexpected_error", reason=error.reason)
    text = error_text(error.status)
    href, label = _way_on(request, error.status)
    brand = request.app[PAGES].brand
    phone = brand.phone_international if visit.lang == "en" else brand.phone
    response = request_state.page(
        request,
        "error.html",
        status=error.status,
        heading=translate(text.heading, visit.lang),
        text=error.text or translate(text.text, visit.lang, reference=visit.reference, phone=phone),
        reference=visit.reference if error.status >= 500 else None,
        retry_after=error.retry_after,
        way_on=(href, translate(label, visit.lang)),
        switch_url="/",
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.allow is not None:
        response.headers["Allow"] = error.allow
    if error.status in (408, 413):
        response.force_close()
    return response


def _way_on(request: web.Request, status: int) -> tuple[str, str]:
    """The same page again where that may help, else what the error's text proposes."""
    if status in (403, 503) and request.path in language.PAGES:
        return request.path, RELOAD
    return error_text(status).way_on


def require_same_origin(request: web.Request) -> None:
    """Refuse what another site made the browser send: Sec-Fetch-Site decides, Origin only where it
    is absent (WF-05). A client that sends neither is judged by the form's token alone."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise PageError(403, event="malicious_csrf", reason=f"Sec-Fetch-Site is {site[:20]}")
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.app[FRONT].origin:
        raise PageError(403, event="malicious_csrf", reason="another Origin")


async def require_form_token(request: web.Request, token: str, *, public: bool = False) -> None:
    """Refuse a form that was not made for this browser's session or pre-session (WF-05).

    A `public` page may have been opened without the session that its form is posted with: browsers
    send no strict cookie with a link of another site, such as a mail read there. What such a page
    is bound to is the pre-session.
    """
    visit, ring = request[VISIT], request.app[FRONT].session_keys
    cookie = None if visit.session is None else visit.token
    if cookie is not None and form_token_fits(ring, cookie, token):
        visit.bound = cookie
        return
    if visit.session is None or public:
        await request_state.presession(request)
        cookie = visit.cookie.cookie if visit.cookie else None
    if cookie is None or not form_token_fits(ring, cookie, token):
        reason = "no pre-session" if cookie is None else "the form's token does not fit"
        raise PageError(403, event="malicious_csrf", reason=reason)
    visit.bound = cookie


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Signal of every answer about to leave: security headers and the reference."""
    visit = request.get(VISIT)
    nonce = visit.nonce if visit else security_headers.new_nonce()
    security_headers.put_headers(response, nonce=nonce, secure=request.app[FRONT].secure)
    if visit:
        response.headers["X-Request-Id"] = visit.reference


def _recognise(request: web.Request) -> Visit:
    front = request.app[FRONT]
    address = client_address(
        request.remote, request.headers.getall("X-Forwarded-For", []), front.trusted
    )
    cookies = request.cookies
    carried = cookies.get(request_state.presession_name(front.secure), "")
    known = None
    if carried and len(carried) <= COOKIE_CHARACTERS:
        known = read_cookie(front.session_keys, carried, request.app[CLOCK]())
    visit = Visit(
        reference=secrets.token_hex(6),
        nonce=security_headers.new_nonce(),
        lang=language_choice.choose_language(
            cookies.get(request_state.LANGUAGE_COOKIE), request.headers.get("Accept-Language", "")
        ),
        address=address,
        network=network_of(address),
        cookie=known,
        started=time.perf_counter(),
        device=device_of(request.headers.get("User-Agent", "")),
        flash=cookies.get(request_state.flash_name(front.secure)),
    )
    if carried and known is None:
        log.warning(
            "A browser came with a pre-session that is not ours.",
            action="session_unknown",
            network=visit.network,
        )
    return visit


def _put_cookies(request: web.Request, response: web.StreamResponse) -> None:
    secure = request.app[FRONT].secure
    # Mails lead to what a pre-session reaches; what a session reaches is only reached from here.
    strict = (request_state.session_name(secure), request_state.browser_name(secure))
    for name, (value, seconds) in request[VISIT].cookies.items():
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=secure,
            httponly=True,
            samesite="Strict" if name in strict else "Lax",
        )


def _log_access(request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    visit = request[VISIT]
    access.info(
        "A request was answered.",
        action="http_request",
        method=request.method[:20],
        path=request.path[:200],
        status=response.status,
        milliseconds=round(seconds * 1000, 1),
        network=visit.network,
        language=visit.lang,
    )
