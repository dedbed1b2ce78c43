"""Refusals of other services as messages of the form."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

import msgspec
from aiohttp import web

from services.gateway.http.errors import UNAVAILABLE_RETRY_SECONDS, HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import FormView
from services.gateway.http.site import CLOCK
from services.gateway.portal import texts
from services.gateway.portal.alert_texts import ALERTS
from services.gateway.portal.field_texts import field_texts
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import FieldError, Refusal
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
    "totp_wrong_password": "password",
}
#: Refusals of a code, the last of which locks.
LOCKING_CODES = ("wrong_code", "recovery_refused")
#: Refusals that only time lifts.
RATE_LIMIT_SLUGS = ("too_soon", "too_many_requests", "too_many_tries", "too_many_codes")


def refused_form(
    request: web.Request,
    fields: Mapping[str, str],
    refused: Refused,
    *,
    prefix: str = "",
    **values: object,
) -> Form:
    """The form with what was typed and why another service refused it.

    `prefix` chooses among the messages that one slug has on different pages.
    """
    refusal, form = refused.refusal, Form.again(fields)
    if refusal.slug == "internal_error":
        raise HttpError(500, reason="the owner failed")
    if refusal.slug in LOCKING_CODES and refusal.retry_after is not None:
        # This wrong code locks: the message says how long.
        refusal = msgspec.structs.replace(refusal, slug="too_many_codes")
    form.status = 429 if refusal.slug in RATE_LIMIT_SLUGS else 422
    if refusal.slug == "invalid_fields":
        form.errors = field_texts(refusal.errors, request[REQUEST_STATE].lang)
        if any(error.code == "forbidden_characters" for error in refusal.errors):
            log.warning("A name holds characters not allowed.", action="input_validation_fail")
        return form
    if refusal.retry_after is not None:
        form.retry_after = refusal.retry_after
        values |= retry_values(request, refusal.retry_after)
    _put_alert(request, form, refusal, prefix, values)
    if form.status == 429:
        log.warning(
            "A request is rate-limited.", action="excess_rate_limit_exceeded", limit=refusal.slug
        )
    return form


def _put_alert(
    request: web.Request, form: Form, refusal: Refusal, prefix: str, values: dict[str, object]
) -> None:
    lang = request[REQUEST_STATE].lang
    known = {name: value for name, value in refusal.params.items() if name not in ("at", "date")}
    at = refusal.params.get("at") or refusal.params.get("date")
    date = texts.date_text(at, lang) if at else ""
    slug = _message_key(refusal, prefix)
    names = request.app[RENDERER].brand.names(lang)
    form.alert = texts.alert_text(slug, lang, date=date, **{**names, **known, **values})
    form.alert_field = ALERT_FIELDS.get(slug)


def refused_code(
    request: web.Request, fields: Mapping[str, str], refused: Refused, *, prefix: str = "totp"
) -> Form:
    """The form with the refusal of a second factor, which is logged."""
    form, state = refused_form(request, fields, refused, prefix=prefix), request[REQUEST_STATE]
    log.warning(
        "A second factor was refused.",
        action="authn_code_lock" if form.status == 429 else "authn_code_fail",
        account=state.session.account_id if state.session else None,
        network=state.network,
    )
    return form


def invalid_form(request: web.Request, fields: Mapping[str, str], *missing: str) -> Form:
    """The form with what was typed, where fields are missing."""
    form, lang = Form.again(fields), request[REQUEST_STATE].lang
    errors = tuple(FieldError(field=name, code="missing") for name in missing)
    form.errors, form.status = field_texts(errors, lang), 422
    return form


def unavailable_form(request: web.Request, fields: Mapping[str, str]) -> Form:
    """The form with what was typed, secrets excepted, where a service is unavailable: sent again it
    is the same request.
    """
    form = Form.again(fields, same=True)
    form.alert = texts.alert_text("unavailable", request[REQUEST_STATE].lang)
    form.retry_after, form.status = UNAVAILABLE_RETRY_SECONDS, 503
    return form


def _message_key(refusal: Refusal, prefix: str) -> str:
    if refusal.slug == "clock_off":
        return f"clock_off_{refusal.params.get('direction')}"
    key = f"{prefix}_{refusal.slug}"
    return key if key in ALERTS else refusal.slug


def retry_values(request: web.Request, seconds: int) -> dict[str, object]:
    """What a sentence about waiting is filled in with."""
    lang = request[REQUEST_STATE].lang
    at = request.app[CLOCK]() + timedelta(seconds=seconds)
    return {"wait": texts.wait_text(seconds, lang), "time": format_time(at, lang)}


def seconds_until(request: web.Request, moment: datetime) -> int:
    """The seconds to a moment, rounded up; 0 where it has passed."""
    return max(0, ceil((moment - request.app[CLOCK]()).total_seconds()))


class FormPage(Protocol):
    """A page with a form, an empty one where none is given."""

    async def __call__(self, request: web.Request, form: Form | None = None) -> web.Response: ...


def form_page(template: str) -> FormPage:
    """A page that shows its form and nothing else."""

    async def show(request: web.Request, form: Form | None = None) -> web.Response:
        return page(request, template, form=form or Form())

    return show


def when_unavailable(
    show: Callable[[web.Request, Form], Awaitable[web.StreamResponse]],
) -> FormView:
    """What a page shows where a service is unavailable: the form again."""

    async def show_again(request: web.Request, fields: dict[str, str]) -> web.StreamResponse:
        return await show(request, unavailable_form(request, fields))

    return show_again
