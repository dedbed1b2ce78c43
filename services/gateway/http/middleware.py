"""What happens around every view: request state, cookies, headers, error pages, access log.

An exception that no view handles becomes an error page with the request's reference and nothing
else (LG-07). The access log leaves out the query string.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from services.gateway.http import security_headers
from services.gateway.http.client_ip import is_in, network_of, resolve_client_ip
from services.gateway.http.errors import (
    ERROR_LINKS,
    OTHER_NETWORK,
    RELOAD,
    UNAVAILABLE_ERRORS,
    UNAVAILABLE_RETRY_SECONDS,
    ErrorText,
    HttpError,
    Redirect,
    error_text,
)
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import ROUTES, see_other, url
from services.gateway.http.site import SITE
from services.gateway.http.user_agents import device_of
from services.gateway.i18n import language_choice
from services.gateway.sessions import guards, request_state
from services.gateway.sessions.presession_store import PRESESSIONS
from services.gateway.sessions.request_state import REQUEST_STATE, RequestState
from services.gateway.sessions.tokens import REFERENCE, read_cookie
from shared.database import limit_waits
from shared.errors import plain_reason
from shared.i18n.catalogue import translate
from shared.messaging.handlers import Refused
from shared.runtime.metrics import counter, histogram
from shared.runtime.telemetry import get_logger, log_context
from shared.runtime.tracing import new_traceparent, root_span, traceparent

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Seconds that a statement may keep a person waiting. One more shows whether it is the database:
#: together the three of a request to a service.
STATEMENT_SECONDS = 2.0
#: Longer cookie values are ignored.
COOKIE_CHARACTERS = 400

METHODS = ("GET", "HEAD", "POST")
ROUTE = "pattern of the page's path; `none` where there is no such page"
REQUESTS = counter(
    "impex_http_requests",
    "Answers of the front end.",
    method=(*METHODS, "other"),
    route=ROUTE,
    status="HTTP status",
)
SECONDS = histogram(
    "impex_http_seconds",
    "Seconds from a request's head to its answer; live pages are left out.",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    route=ROUTE,
)

log = get_logger("gateway")
access = get_logger("gateway.access")


@web.middleware
async def handle_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Load the request state, answer whatever happens, and write the access log."""
    state = _load_request_state(request)
    request[REQUEST_STATE] = state
    limit_waits(STATEMENT_SECONDS)
    trace = new_traceparent()
    traceparent.set(trace)
    name = f"{_method(request)} {_route(request)}"
    with (
        log_context(request_ref=state.reference, trace_id=trace.split("-")[1]),
        root_span(request.app[SITE].service, name, "server") as span,
    ):
        response = await _answer(request, handler)
        span.set("http.response.status_code", response.status)
        # Another tab may have newer cookies by now than a script sent: its answer clears none.
        by_script = request.path == security_headers.REPORTS or request.app[ROUTES].is_for_scripts(
            request.path
        )
        if not response.prepared and not by_script:
            _put_cookies(request, response)
        seconds = time.perf_counter() - state.started
        _count_request(request, response.status, seconds)
        _log_access(request, response, seconds)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        _require_network(request)
        await guards.load_session(request)
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        try:
            return await _failed(request, error)
        except Exception:
            log.exception("An error page failed too.", action="unexpected_error")
            return web.Response(
                status=500, text=f"Erreur - Error {request[REQUEST_STATE].reference}\n"
            )


def _require_network(request: web.Request) -> None:
    """Refuse clients of other networks than those of the setting, whatever they ask for."""
    networks, state = request.app[SITE].networks, request[REQUEST_STATE]
    if networks and not is_in(state.client_ip, networks):
        raise HttpError(403, event="authz_fail", reason="another network", texts=OTHER_NETWORK)


async def _failed(request: web.Request, error: Exception) -> web.StreamResponse:
    """The answer to whatever a view raised."""
    if isinstance(error, Redirect):
        return see_other(url(request, error.name, **error.query))
    if isinstance(error, web.HTTPException):
        allow = error.headers.get("Allow")
        return error_page(request, HttpError(error.status, allow=allow))
    if isinstance(error, HttpError):
        return error_page(request, error)
    if isinstance(error, UNAVAILABLE_ERRORS):
        log.info("A service is unavailable.", action="dependency_away", reason=plain_reason(error))
        declared = request.app[ROUTES].at(request.path)
        texts = declared.unavailable(error) if declared and declared.unavailable else None
        if texts and declared and declared.background:
            return _unavailable_data(request, texts)
        return error_page(
            request, HttpError(503, retry_after=UNAVAILABLE_RETRY_SECONDS, texts=texts)
        )
    if isinstance(error, Refused) and error.refusal.retry_after:
        return error_page(request, HttpError(429, retry_after=error.refusal.retry_after))
    log.error("A view failed.", action="unexpected_error", exc_info=error)
    return error_page(request, HttpError(500))


def _unavailable_data(request: web.Request, texts: ErrorText) -> web.Response:
    """What a page's script is answered where something is unavailable: {"away": what}."""
    why = translate(texts.heading, request[REQUEST_STATE].lang, name=texts.name)
    retry = {"Retry-After": str(UNAVAILABLE_RETRY_SECONDS)}
    return web.json_response({"away": why}, status=503, headers=retry)


def error_page(request: web.Request, error: HttpError) -> web.Response:
    """The error page of a status, with a link to where the person may go on."""
    state = request[REQUEST_STATE]
    if error.event:
        log.warning(
            "A request was refused.",
            action=error.event,
            reason=error.reason,
            path=request.path,
            network=state.network,
        )
    elif error.status == 500 and error.reason:
        log.error("A request failed.", action="unexpected_error", reason=error.reason)
    text = error.texts or error_text(error.status)
    href, label = _next_link(request, error.status)
    brand = request.app[RENDERER].brand
    phone = brand.phone_international if state.lang == "en" else brand.phone
    response = page(
        request,
        "error.html",
        status=error.status,
        heading=translate(text.heading, state.lang, name=text.name),
        text=translate(
            text.text, state.lang, name=text.name, reference=state.reference, phone=phone
        ),
        steps=[translate(one, state.lang, name=text.name) for one in text.steps],
        reference=state.reference if error.status >= 500 else None,
        retry_after=error.retry_after,
        way_on=(href, translate(label, state.lang)),
        switch_url=url(request, request.app[ERROR_LINKS].home[0]),
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.allow is not None:
        response.headers["Allow"] = error.allow
    if error.status in (408, 413):
        response.force_close()
    return response


def _next_link(request: web.Request, status: int) -> tuple[str, str]:
    """The same page again where that may help, else where the front end leads on."""
    if status in (403, 503) and request.app[ROUTES].can_reload(request.path):
        # With the form that the page was to show again.
        return request.path_qs if request.method == "GET" else request.path, RELOAD
    name, label = request.app[ERROR_LINKS].of(status)
    return url(request, name), label


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal of every answer about to leave: security headers and the reference."""
    state = request.get(REQUEST_STATE)
    nonce = state.nonce if state else security_headers.new_nonce()
    security_headers.put_headers(response, nonce=nonce, secure=request.app[SITE].secure)
    if state:
        response.headers["X-Request-Id"] = state.reference


def _load_request_state(request: web.Request) -> RequestState:
    front = request.app[SITE]
    address = resolve_client_ip(
        request.remote, request.headers.getall("X-Forwarded-For", []), front.trusted
    )
    cookies = request.cookies
    form = _cookie(request, request_state.FORM_COOKIE)
    presession = _cookie(request, request_state.PRESESSION_COOKIE)
    presession = presession if PRESESSIONS in request.app else ""
    language = request_state.plain_cookie_name(request.app, request_state.LANGUAGE_COOKIE)
    form_browser = read_cookie(front.session_keys, form)
    state = RequestState(
        reference=secrets.token_hex(6),
        nonce=security_headers.new_nonce(),
        lang=language_choice.choose_language(
            cookies.get(language), request.headers.get("Accept-Language", "")
        ),
        client_ip=address,
        network=network_of(address),
        form_browser=form_browser,
        presession_token=presession if REFERENCE.fullmatch(presession) else None,
        started=time.perf_counter(),
        device=device_of(request.headers.get("User-Agent", "")),
        flash=request_state.cookie_value(request, request_state.FLASH_COOKIE) or None,
    )
    if form and form_browser is None:
        log.warning(
            "A browser sent a form cookie with a wrong signature.",
            action="session_unknown",
            network=state.network,
        )
    return state


def _cookie(request: web.Request, name: str) -> str:
    value = request_state.cookie_value(request, name)
    return value if len(value) <= COOKIE_CHARACTERS else ""


def _put_cookies(request: web.Request, response: web.StreamResponse) -> None:
    secure = request.app[SITE].secure
    # Links in mails need the pre-session and the form cookie; what a session reaches is linked from
    # our own pages only.
    strict = [
        request_state.cookie_name(request.app, name)
        for name in (request_state.SESSION_COOKIE, request_state.BROWSER_COOKIE)
    ]
    for name, (value, seconds) in request[REQUEST_STATE].cookies.items():
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=secure,
            httponly=True,
            samesite="Strict" if name in strict else "Lax",
        )


def _count_request(request: web.Request, status: int, seconds: float) -> None:
    """Count one response; labels are ours, never what a client sent."""
    route = _route(request)
    REQUESTS.labels(_method(request), route, str(status)).inc()
    page = request.app[ROUTES].at(route)
    if page is None or not page.stream:
        SECONDS.labels(route).observe(seconds)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _method(request: web.Request) -> str:
    return request.method if request.method in METHODS else "other"


def _log_access(request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    state = request[REQUEST_STATE]
    access.info(
        "A request was answered.",
        action="http_request",
        method=request.method[:20],
        path=request.path[:200],
        status=response.status,
        milliseconds=round(seconds * 1000, 1),
        network=state.network,
        language=state.lang,
    )
