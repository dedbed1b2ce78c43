"""Requests to the support desk: a correction, leaving, a colleague's departure (B-11, G-36).

No answer discloses whether an address has an account. What was typed stays on the form where
something is wrong with it, or where a service is unavailable.
"""

from aiohttp import web

from services.gateway.features.support_requests.support_request_forms import (
    Errors,
    check_correction,
    check_departure,
    check_report,
    refused,
)
from services.gateway.features.support_requests.support_requests import (
    SUPPORT_REQUESTS,
    RateLimited,
)
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.site import CLOCK
from services.gateway.portal import texts
from services.gateway.portal.form_errors import retry_values
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key


async def show_correction(request: web.Request, form: Form) -> web.Response:
    """What is to be corrected; then the number of the request."""
    if form.result is None:
        return page(request, "correction_request.html", form=form)
    return page(request, "correction_requested.html", **form.result)


async def show_leaving(request: web.Request, form: Form) -> web.Response:
    """« Je quitte l'établissement »: what happens then, and from when; then the number."""
    if form.result is None:
        return page(request, "leaving.html", form=form)
    return page(request, "leaving_submitted.html", **form.result)


async def show_report(request: web.Request, form: Form) -> web.Response:
    """« Signaler un départ », by a colleague, signed in or not; then the number of the report."""
    if form.result is not None:
        return page(request, "departure_reported.html", **form.result)
    session = request[REQUEST_STATE].session
    if session is not None and session.full and not form.typed:
        form.values = {
            "reporter_name": session.name.strip(),
            "reporter_address": session.address,
        }
    return page(request, "departure_report.html", form=form)


async def submit_correction(request: web.Request, fields: dict[str, str]) -> Form:
    """Submit the request; the page shows its number."""
    found = guards.require_signed_in(request)
    if errors := check_correction(fields):
        return _invalid(request, fields, errors)
    try:
        number = await request.app[SUPPORT_REQUESTS].request_correction(
            found.account_id,
            fields["about"],
            fields["text"],
            key=idempotency_key(request, "correction", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem)
    return Form.accepted(number=number)


async def submit_leaving(request: web.Request, fields: dict[str, str]) -> Form:
    """Submit that the holder leaves."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    if errors := check_departure(fields, request.app[CLOCK]()):
        return _invalid(request, fields, errors)
    try:
        number = await request.app[SUPPORT_REQUESTS].report_departure(
            found.account_id,
            {name: fields[name] for name in ("date", "remark")},
            network=state.network,
            key=idempotency_key(request, "leaving", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem)
    return Form.accepted(number=number, date=fields["date"])


async def submit_report(request: web.Request, fields: dict[str, str]) -> Form:
    """Submit the report; the answer is the same for any address."""
    state = request[REQUEST_STATE]
    if errors := check_report(fields, request.app[CLOCK]()):
        return _invalid(request, fields, errors)
    details = {name: value for name, value in fields.items() if name != "key"}
    try:
        number = await request.app[SUPPORT_REQUESTS].report_departure(
            None, details, network=state.network, key=idempotency_key(request, "departure", fields)
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem, "too_many_requests_network")
    return Form.accepted(number=number)


def _invalid(request: web.Request, fields: dict[str, str], errors: Errors) -> Form:
    form = Form.again(fields)
    form.explain(request[REQUEST_STATE].lang, errors=lambda lang: refused(errors, lang))
    return form


def _rate_limited(
    request: web.Request,
    fields: dict[str, str],
    problem: RateLimited,
    slug: str = "too_many_requests",
) -> Form:
    form = Form.again(fields, same=True)
    form.retry_after, form.status = problem.wait, 429

    def alert(lang: str) -> str:
        return texts.alert_text(slug, lang, **retry_values(request, problem.wait, lang))

    form.explain(request[REQUEST_STATE].lang, alert=alert)
    return form
