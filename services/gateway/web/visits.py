"""One visit: what the views may ask of the browser in front of them, and answer it.

Reads the cookie, looks the pre-session up, makes pages and redirects. Cookies are only noted here;
the middleware puts them on whatever answer goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web

from services.gateway import presessions
from services.gateway.presessions import Anonymous, Reference
from services.gateway.store import Presession
from services.gateway.web import texts
from services.gateway.web.errors import Elsewhere, PageError
from services.gateway.web.field_texts import field_texts
from services.gateway.web.forms import Form
from services.gateway.web.i18n import format_time
from services.gateway.web.keys import CLOCK, FRONT, PAGES, PRESESSIONS, REGISTRATION, Visit
from services.gateway.web.sayings import pick
from shared.contracts.registration import RequestView
from shared.messaging.handlers import Refused
from shared.telemetry import get_logger

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
            cookie = ensure_cookie(self._request)
            ring = self._request.app[FRONT].session_keys
            self._text = presessions.form_token(ring, cookie)
        return self._text

    __html__ = __str__


def ensure_cookie(request: web.Request) -> str:
    """The browser's pre-session cookie, a new anonymous one if it has none."""
    visit = request[VISIT]
    if visit.cookie is None:
        app = request.app
        value = presessions.new_anonymous(app[FRONT].session_keys, app[CLOCK]())
        visit.cookie = Anonymous(value)
        visit.cookies[presession_name(app[FRONT].secure)] = (value, None)
    return visit.cookie.cookie


def idempotency_key(request: web.Request, form: str, fields: Mapping[str, str]) -> str:
    """The key of one form as filled in, for this browser."""
    given = {name: value for name, value in fields.items() if name not in ("csrf", "key")}
    ring = request.app[FRONT].session_keys
    return presessions.idempotency_key(
        ring, ensure_cookie(request), form, fields.get("key", ""), given
    )


async def presession(request: web.Request) -> Presession | None:
    """What this browser asked for, or None.

    An unknown token is dropped and logged (SE-01); whoever came back too late is told so.
    """
    visit = request[VISIT]
    if isinstance(visit.cookie, Reference) and not visit.looked_up:
        visit.presession = await request.app[PRESESSIONS].find(visit.cookie.cookie)
        visit.looked_up = True
        if visit.presession is None:
            log.warning(
                "A browser came with a pre-session that does not exist or has run out.",
                action="session_use_after_expire",
            )
            drop_cookie(request)
            note(request, "gone")
    return visit.presession


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
        "flash": _flash(request, variables.get("view")),
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


def _flash(request: web.Request, view: RequestView | None) -> list[tuple[str, str]]:
    visit = request[VISIT]
    if visit.flash is None or visit.flash not in texts.FLASHES:
        return []
    kind, pair = texts.FLASHES[visit.flash]
    visit.cookies[flash_name(request.app[FRONT].secure)] = ("", 0)
    text = pick(pair, visit.lang)
    if view is not None:
        text = (
            text.replace("{address}", view.address)
            .replace("{sent}", format_time(view.code_sent_at))
            .replace("{step}", pick(texts.STEPS.get(view.due, ("", "")), visit.lang))
        )
    return [] if "{" in text else [(kind, text)]


def redirect(location: str) -> web.Response:
    """Go on to another page of ours, by GET."""
    return web.Response(status=303, headers={"Location": location})


#: Refusals that are about one field of their form (AX-04).
ALERT_FIELDS = {
    "wrong_code": "code",
    "code_void": "code",
    "code_expired": "code",
    "wrong_password": "password",
}


def refuse_form(request: web.Request, form: Form, refused: Refused, **values: object) -> int:
    """Put an owner's refusal into a form; returns the status of the page."""
    refusal, lang = refused.refusal, request[VISIT].lang
    if refusal.slug == "internal_error":
        raise PageError(500, reason="the owner failed")
    if refusal.slug == "invalid_fields":
        form.errors = field_texts(refusal.errors, lang)
        if any(error.code == "forbidden_characters" for error in refusal.errors):
            log.warning("A name holds characters not allowed.", action="input_validation_fail")
        return 422
    if refusal.retry_after is not None:
        form.retry_after = refusal.retry_after
        values |= _wait(request, refusal.retry_after)
    known = {name: value for name, value in refusal.params.items() if name not in ("at", "date")}
    at = refusal.params.get("at") or refusal.params.get("date")
    date = texts.date_text(at, lang) if at else ""
    form.alert = texts.alert_text(refusal.slug, lang, date=date, **{**known, **values})
    form.alert_field = ALERT_FIELDS.get(refusal.slug)
    if refusal.slug in ("too_soon", "too_many_requests", "too_many_tries"):
        log.warning(
            "Somebody asks too often.", action="excess_rate_limit_exceeded", limit=refusal.slug
        )
        return 429
    return 422


def _wait(request: web.Request, seconds: int) -> dict[str, object]:
    at = request.app[CLOCK]() + timedelta(seconds=seconds)
    return {"wait": texts.wait_text(seconds, request[VISIT].lang), "time": format_time(at)}
