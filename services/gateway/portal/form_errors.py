"""An owner's refusal, said on the form that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec
from aiohttp import web

from services.gateway.http.errors import AWAY_SECONDS, PageError
from services.gateway.http.forms import Form
from services.gateway.portal import texts
from services.gateway.portal.app_keys import CLOCK, PAGES
from services.gateway.portal.field_texts import field_texts
from services.gateway.sessions.request_state import VISIT
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
#: Wrong codes, the last of which closes the door.
CLOSING = ("wrong_code", "recovery_refused")
#: Refusals that only time lifts.
PATIENCE = ("too_soon", "too_many_requests", "too_many_tries", "too_many_codes")


def refuse_form(
    request: web.Request, form: Form, refused: Refused, *, prefix: str = "", **values: object
) -> int:
    """Put an owner's refusal into a form; returns the status of the page.

    `prefix` chooses among the sentences that one slug has on different pages.
    """
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
        values |= wait_values(request, refusal.retry_after)
    known = {name: value for name, value in refusal.params.items() if name not in ("at", "date")}
    at = refusal.params.get("at") or refusal.params.get("date")
    date = texts.date_text(at, lang) if at else ""
    if refusal.slug in CLOSING and refusal.retry_after is not None:
        # The wrong code that closed the door: what counts now is how long (wording 18).
        refusal = msgspec.structs.replace(refusal, slug="too_many_codes")
    slug = _sentence(refusal, prefix)
    names = request.app[PAGES].names(lang)
    form.alert = texts.alert_text(slug, lang, date=date, **{**names, **known, **values})
    form.alert_field = ALERT_FIELDS.get(slug)
    if refusal.slug in PATIENCE:
        log.warning(
            "Somebody asks too often.", action="excess_rate_limit_exceeded", limit=refusal.slug
        )
        return 429
    return 422


def away_form(request: web.Request, fields: Mapping[str, str]) -> Form:
    """The form with what was typed, secrets aside, where nobody can take it now: sent again it is
    the same act."""
    form = Form.again(fields, same=True)
    form.alert = texts.alert_text("away", request[VISIT].lang)
    form.retry_after = AWAY_SECONDS
    return form


def _sentence(refusal: Refusal, prefix: str) -> str:
    if refusal.slug == "clock_off":
        return f"clock_off_{refusal.params.get('direction')}"
    said = f"{prefix}_{refusal.slug}"
    return said if said in texts.ALERTS else refusal.slug


def wait_values(request: web.Request, seconds: int) -> dict[str, object]:
    """What a sentence about waiting is filled in with."""
    lang = request[VISIT].lang
    at = request.app[CLOCK]() + timedelta(seconds=seconds)
    return {"wait": texts.wait_text(seconds, lang), "time": format_time(at, lang)}
