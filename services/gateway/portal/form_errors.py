"""Refusals of other services as messages of the form."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec
from aiohttp import web

from services.gateway.http.errors import UNAVAILABLE_RETRY_SECONDS, HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import FormView
from services.gateway.http.site import CLOCK
from services.gateway.portal import texts
from services.gateway.portal.field_texts import field_texts
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import Refusal
from shared.i18n.dates import format_time
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

log = get_logger("gateway")

#: Refusals that are about one field of their form (AX-04).
ALERT_FIELDS = {
    "wrong_code": "code",
    "code_void": "code",
    "code_expired": "code",
    "wrong_password": "password",
    "totp_wrong_code": "code",
    "enrolment_wrong_code": "code",
    "code_used": "code",
    "clock_off_slow": "code",
    "clock_off_fast": "code",
    "too_many_codes": "code",
    "recovery_refused": "recovery_code",
    "address_wrong_code": "code",
    "address_code_void": "code",
    "address_code_expired": "code",
    "confirm_wrong_password": "password",
}
#: Refusals of a code, the last of which locks.
LOCKING_CODES = ("wrong_code", "recovery_refused")
#: Refusals that only time lifts.
RATE_LIMIT_SLUGS = ("too_soon", "too_many_requests", "too_many_tries", "too_many_codes")


def refuse_form(
    request: web.Request, form: Form, refused: Refused, *, prefix: str = "", **values: object
) -> int:
    """Put a refusal into a form; returns the status of the page.

    `prefix` chooses among the messages that one slug has on different pages.
    """
    refusal, lang = refused.refusal, request[REQUEST_STATE].lang
    if refusal.slug == "internal_error":
        raise HttpError(500, reason="the owner failed")
    if refusal.slug == "invalid_fields":
        form.errors = field_texts(refusal.errors, lang)
        if any(error.code == "forbidden_characters" for error in refusal.errors):
            log.warning("A name holds characters not allowed.", action="input_validation_fail")
        return 422
    if refusal.retry_after is not None:
        form.retry_after = refusal.retry_after
        values |= retry_values(request, refusal.retry_after)
    known = {name: value for name, value in refusal.params.items() if name not in ("at", "date")}
    at = refusal.params.get("at") or refusal.params.get("date")
    date = texts.date_text(at, lang) if at else ""
    if refusal.slug in LOCKING_CODES and refusal.retry_after is not None:
        # This wrong code locks: the message says how long.
        refusal = msgspec.structs.replace(refusal, slug="too_many_codes")
    slug = _message_key(refusal, prefix)
    names = request.app[RENDERER].names(lang)
    form.alert = texts.alert_text(slug, lang, date=date, **{**names, **known, **values})
    form.alert_field = ALERT_FIELDS.get(slug)
    if refusal.slug in RATE_LIMIT_SLUGS:
        log.warning(
            "A request is rate-limited.", action="excess_rate_limit_exceeded", limit=refusal.slug
        )
        return 429
    return 422


def unavailable_form(request: web.Request, fields: Mapping[str, str]) -> Form:
    """The form with what was typed, secrets excepted, where a service is unavailable: sent again it
    is the same request.
    """
    form = Form.again(fields, same=True)
    form.alert = texts.alert_text("unavailable", request[REQUEST_STATE].lang)
    form.retry_after = UNAVAILABLE_RETRY_SECONDS
    return form


def _message_key(refusal: Refusal, prefix: str) -> str:
    if refusal.slug == "clock_off":
        return f"clock_off_{refusal.params.get('direction')}"
    key = f"{prefix}_{refusal.slug}"
    return key if key in texts.ALERTS else refusal.slug


def retry_values(request: web.Request, seconds: int) -> dict[str, object]:
    """What a sentence about waiting is filled in with."""
    lang = request[REQUEST_STATE].lang
    at = request.app[CLOCK]() + timedelta(seconds=seconds)
    return {"wait": texts.wait_text(seconds, lang), "time": format_time(at, lang)}


def log_refused_code(request: web.Request, status: int) -> None:
    """Log that a second factor was refused, or is locked."""
    action = "authn_code_lock" if status == 429 else "authn_code_fail"
    state = request[REQUEST_STATE]
    log.warning(
        "A second factor was refused.",
        action=action,
        account=state.session.account_id if state.session else None,
        network=state.network,
    )


def unavailable_page(template: str, **variables: object) -> FormView:
    """What a page with only a form shows where a service is unavailable: the form again."""

    async def show(request: web.Request, fields: dict[str, str]) -> web.StreamResponse:
        form = unavailable_form(request, fields)
        return page(request, template, status=503, form=form, **variables)

    return show
