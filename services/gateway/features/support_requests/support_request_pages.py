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
from services.gateway.portal.form_errors import form_page, retry_values, when_unavailable
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key

#: What is to be corrected.
show_correction = form_page("correction_request.html")
correction_unavailable = when_unavailable(show_correction)
#: « Je quitte l'établissement »: what happens then, and from when.
show_leaving = form_page("leaving.html")
leaving_unavailable = when_unavailable(show_leaving)


async def submit_correction(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Submit the request; the page shows its number."""
    found = guards.require_signed_in(request)
    if errors := check_correction(fields):
        return await show_correction(request, _invalid(request, fields, errors))
    try:
        number = await request.app[SUPPORT_REQUESTS].request_correction(
            found.account_id,
            fields["about"],
            fields["text"],
            key=idempotency_key(request, "correction", fields),
        )
    except RateLimited as problem:
        return await show_correction(request, _rate_limited(request, fields, problem))
    return page(request, "correction_requested.html", number=number)


async def submit_leaving(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Submit that the holder leaves."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    if errors := check_departure(fields, request.app[CLOCK]()):
        return await show_leaving(request, _invalid(request, fields, errors))
    try:
        number = await request.app[SUPPORT_REQUESTS].report_departure(
            found.account_id,
            {name: fields[name] for name in ("date", "remark")},
            network=state.network,
            key=idempotency_key(request, "leaving", fields),
        )
    except RateLimited as problem:
        return await show_leaving(request, _rate_limited(request, fields, problem))
    return page(request, "leaving_submitted.html", number=number, date=fields["date"])


async def show_report(request: web.Request, form: Form | None = None) -> web.Response:
    """« Signaler un départ », by a colleague, signed in or not."""
    session, form = request[REQUEST_STATE].session, form or Form()
    if session is not None and session.full and not form.values:
        form.values = {
            "reporter_name": session.name.strip(),
            "reporter_address": session.address,
        }
    return page(request, "departure_report.html", form=form)


report_unavailable = when_unavailable(show_report)


async def submit_report(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Submit the report; the answer is the same for any address."""
    state = request[REQUEST_STATE]
    if errors := check_report(fields, request.app[CLOCK]()):
        return await show_report(request, _invalid(request, fields, errors))
    details = {name: value for name, value in fields.items() if name != "key"}
    try:
        number = await request.app[SUPPORT_REQUESTS].report_departure(
            None, details, network=state.network, key=idempotency_key(request, "departure", fields)
        )
    except RateLimited as problem:
        form = _rate_limited(request, fields, problem, "too_many_requests_network")
        return await show_report(request, form)
    return page(request, "departure_reported.html", number=number)


def _invalid(request: web.Request, fields: dict[str, str], errors: Errors) -> Form:
    form = Form.again(fields)
    form.errors, form.status = refused(errors, request[REQUEST_STATE].lang), 422
    return form


def _rate_limited(
    request: web.Request,
    fields: dict[str, str],
    problem: RateLimited,
    slug: str = "too_many_requests",
) -> Form:
    lang, form = request[REQUEST_STATE].lang, Form.again(fields, same=True)
    form.retry_after, form.status = problem.wait, 429
    form.alert = texts.alert_text(slug, lang, **retry_values(request, problem.wait))
    return form
