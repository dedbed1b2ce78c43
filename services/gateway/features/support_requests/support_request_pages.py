"""Requests to the support desk: a correction, leaving, a colleague's departure (B-11, G-36).

No answer discloses whether an address has an account. What was typed stays on the form where
something is wrong with it, or where a service is unavailable.
"""

from aiohttp import web

from services.gateway.features.support_requests.support_request_forms import (
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
from services.gateway.portal.form_errors import retry_values, unavailable_page
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key

CORRECTION, LEAVING, REPORT = "correction_request.html", "leaving.html", "departure_report.html"


async def show_correction(request: web.Request) -> web.Response:
    """What is to be corrected."""
    return page(request, CORRECTION, form=Form())


async def submit_correction(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Submit the request; the page shows its number."""
    found = guards.require_signed_in(request)
    errors = check_correction(fields)
    if errors:
        return _again(request, CORRECTION, fields, errors)
    try:
        number = await request.app[SUPPORT_REQUESTS].request_correction(
            found.account_id,
            fields["about"],
            fields["text"],
            key=idempotency_key(request, "correction", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, CORRECTION, fields, problem)
    return page(request, "correction_requested.html", number=number)


correction_unavailable = unavailable_page(CORRECTION)


async def show_leaving(request: web.Request) -> web.Response:
    """« Je quitte l'établissement »: what happens then, and from when."""
    return page(request, LEAVING, form=Form())


async def submit_leaving(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Submit that the holder leaves."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    errors = check_departure(fields, request.app[CLOCK]())
    if errors:
        return _again(request, LEAVING, fields, errors)
    try:
        number = await request.app[SUPPORT_REQUESTS].submit_departure(
            found.account_id,
            {name: fields[name] for name in ("date", "remark")},
            network=state.network,
            key=idempotency_key(request, "leaving", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, LEAVING, fields, problem)
    return page(request, "leaving_told.html", number=number, date=fields["date"])


leaving_unavailable = unavailable_page(LEAVING)


async def show_report(request: web.Request) -> web.Response:
    """« Signaler un départ », by a colleague, signed in or not."""
    session = request[REQUEST_STATE].session
    known = (
        {}
        if session is None or not session.full
        else {"reporter_name": session.name.strip(), "reporter_address": session.address}
    )
    return page(request, REPORT, form=Form(values=known))


async def submit_report(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Submit the report; the answer is the same for any address."""
    state = request[REQUEST_STATE]
    errors = check_report(fields, request.app[CLOCK]())
    if errors:
        return _again(request, REPORT, fields, errors)
    details = {name: value for name, value in fields.items() if name != "key"}
    try:
        number = await request.app[SUPPORT_REQUESTS].report_departure(
            details, network=state.network, key=idempotency_key(request, "departure", fields)
        )
    except RateLimited as problem:
        return _rate_limited(request, REPORT, fields, problem, "too_many_requests_network")
    return page(request, "departure_reported.html", number=number)


report_unavailable = unavailable_page(REPORT)


def _again(
    request: web.Request, template: str, fields: dict[str, str], errors: dict[str, str]
) -> web.Response:
    form = Form.again(fields)
    form.errors = refused(errors, request[REQUEST_STATE].lang)
    return page(request, template, status=422, form=form)


def _rate_limited(
    request: web.Request,
    template: str,
    fields: dict[str, str],
    problem: RateLimited,
    slug: str = "too_many_requests",
) -> web.Response:
    lang, form = request[REQUEST_STATE].lang, Form.again(fields, same=True)
    form.retry_after = problem.wait
    form.alert = texts.alert_text(slug, lang, **retry_values(request, problem.wait))
    return page(request, template, status=429, form=form)
