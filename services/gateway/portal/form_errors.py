"""Refusals of other services as messages of the form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import msgspec
from aiohttp import web

from services.gateway.http.errors import HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import FormPageView
from services.gateway.http.site import CLOCK
from services.gateway.portal import texts
from services.gateway.portal.alert_texts import ALERTS
from services.gateway.portal.field_texts import field_text, field_texts
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import FieldError, Refusal
from shared.i18n.dates import format_time, format_time_from
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

log = get_logger("gateway")


@dataclass(frozen=True)
class ErrorTexts:
    """The messages of one front end: alerts by slug, and the text of a field's error."""

    alerts: Mapping[str, str]
    field_text: Callable[[FieldError, str], str]

    def alert(self, code: str, lang: str) -> str:
        """The alert of a code that needs no values."""
        return texts.alert_of(self.alerts, code, lang)


ERROR_TEXTS = web.AppKey("error_texts", ErrorTexts)
APPLICANT_TEXTS = ErrorTexts(ALERTS, field_text)
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
    "recovery_address_wrong_code": "code",
    "recovery_address_code_void": "code",
    "recovery_address_code_expired": "code",
    "link_wrong_code": "code",
    "link_code_void": "code",
    "resumption_wrong_code": "code",
    "resumption_code_void": "code",
    "resumption_code_expired": "code",
    "resumption_not_told": "code",
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

    `prefix` chooses among the messages that one slug has on different pages; `values` fill them in.
    """
    refusal, form, lang = refused.refusal, Form.again(fields), request[REQUEST_STATE].lang
    if refusal.slug == "internal_error":
        raise HttpError(500, reason="the owner failed")
    if refusal.slug in LOCKING_CODES and refusal.retry_after is not None:
        # This wrong code locks: the message says how long.
        refusal = msgspec.structs.replace(refusal, slug="too_many_codes")
    form.status = 429 if refusal.slug in RATE_LIMIT_SLUGS else 422
    if refusal.slug == "invalid_fields":
        form.explain(lang, errors=lambda language: _field_texts(request, refusal.errors, language))
        if any(error.code == "forbidden_characters" for error in refusal.errors):
            log.warning("A name holds characters not allowed.", action="input_validation_fail")
        return form
    form.retry_after = refusal.retry_after
    slug = _message_key(request.app[ERROR_TEXTS].alerts, refusal, prefix)
    form.explain(lang, alert=lambda language: _alert(request, refusal, slug, values, language))
    form.alert_field = ALERT_FIELDS.get(slug)
    if form.status == 429:
        log.warning(
            "A request is rate-limited.", action="excess_rate_limit_exceeded", limit=refusal.slug
        )
    return form


def _alert(
    request: web.Request, refusal: Refusal, slug: str, given: Mapping[str, object], lang: str
) -> str:
    """The message of a refusal in one language; moments in `given` are shown as times of day."""
    known = {name: value for name, value in refusal.params.items() if name not in ("at", "date")}
    at = refusal.params.get("at") or refusal.params.get("date")
    values = {
        name: format_time(value, lang) if isinstance(value, datetime) else value
        for name, value in given.items()
    }
    if refusal.retry_after is not None:
        values |= retry_values(request, refusal.retry_after, lang)
    names = request.app[RENDERER].brand.names(lang)
    date = texts.date_text(at, lang) if at else ""
    alerts = request.app[ERROR_TEXTS].alerts
    return texts.alert_of(alerts, slug, lang, date=date, **{**names, **known, **values})


def _field_texts(
    request: web.Request, errors: tuple[FieldError, ...], lang: str
) -> dict[str, list[str]]:
    return field_texts(errors, lang, request.app[ERROR_TEXTS].field_text)


def refused_code(
    request: web.Request, fields: Mapping[str, str], refused: Refused, *, prefix: str = "totp"
) -> Form:
    """The form with the refusal of a second factor, which is logged, or of what goes with it."""
    form, state = refused_form(request, fields, refused, prefix=prefix), request[REQUEST_STATE]
    if refused.refusal.slug == "invalid_fields":
        return form
    log.warning(
        "A second factor was refused.",
        action="authn_code_lock" if form.status == 429 else "authn_code_fail",
        account=state.session.account_id if state.session else None,
        network=state.network,
    )
    return form


def invalid_form(request: web.Request, fields: Mapping[str, str], *missing: str) -> Form:
    """The form with what was typed, where fields are missing."""
    form = Form.again(fields)
    errors = tuple(FieldError(field=name, code="missing") for name in missing)
    lang = request[REQUEST_STATE].lang
    form.explain(lang, errors=lambda language: _field_texts(request, errors, language))
    return form


def _message_key(alerts: Mapping[str, str], refusal: Refusal, prefix: str) -> str:
    if refusal.slug == "clock_off":
        return f"clock_off_{refusal.params.get('direction')}"
    of_limit = f"{refusal.slug}_{refusal.params.get('limit')}"
    if of_limit in ALERTS:
        return of_limit
    key = f"{prefix}_{refusal.slug}"
    return key if key in alerts else refusal.slug


def retry_values(request: web.Request, seconds: int, lang: str) -> dict[str, object]:
    """What a sentence about waiting is filled in with."""
    now = request.app[CLOCK]()
    time = format_time_from(now, now + timedelta(seconds=seconds), lang)
    return {"wait": texts.wait_text(seconds, lang), "time": time}


def seconds_until(request: web.Request, moment: datetime) -> int:
    """The seconds to a moment, rounded up; 0 where it has passed."""
    return max(0, ceil((moment - request.app[CLOCK]()).total_seconds()))


def form_page(template: str) -> FormPageView:
    """A page that shows its form and nothing else."""

    async def show(request: web.Request, form: Form) -> web.Response:
        return page(request, template, form=form)

    return show


def leave_out_code_alert(form: Form) -> None:
    """Leave out the alert about a code on a page that asks for none: its state says the same."""
    if form.alert_field == "code":
        form.alert = form.alert_field = None
