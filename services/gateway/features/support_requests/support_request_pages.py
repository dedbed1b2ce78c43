"""What people tell the desk: a correction, that they leave, that a colleague leaves (B-11, G-36).

Nobody learns from any answer whether an address has an account. What was typed stays on the form
where something is wrong with it, or where nobody can take it now.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.features.support_requests.support_request_forms import (
    check_correction,
    check_departure,
    check_report,
    refused,
)
from services.gateway.features.support_requests.support_requests import TooMuch
from services.gateway.http.forms import Form
from services.gateway.portal import texts
from services.gateway.portal.app_keys import CLOCK, DESK
from services.gateway.portal.form_errors import away_form, wait_values
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import VISIT, idempotency_key, page

CORRECTION, LEAVING, REPORT = "correction_request.html", "leaving.html", "departure_report.html"


async def show_correction(request: web.Request) -> web.Response:
    """What is to be corrected."""
    return page(request, CORRECTION, form=Form())


async def submit_correction(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Tell the desk; the page shows the number of the request."""
    found = guards.full(request)
    errors = check_correction(fields)
    if errors:
        return _again(request, CORRECTION, fields, errors)
    try:
        number = await request.app[DESK].ask_correction(
            found.account_id,
            fields["about"],
            fields["text"],
            key=idempotency_key(request, "correction", fields),
        )
    except TooMuch as problem:
        return _too_much(request, CORRECTION, fields, problem)
    return page(request, "correction_requested.html", number=number)


async def away_correction(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with what was typed."""
    return page(request, CORRECTION, status=503, form=away_form(request, fields))


async def show_leaving(request: web.Request) -> web.Response:
    """« Je quitte l'établissement »: what happens then, and from when."""
    return page(request, LEAVING, form=Form())


async def submit_leaving(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Tell the desk that the holder leaves."""
    found, visit = guards.full(request), request[VISIT]
    errors = check_departure(fields, request.app[CLOCK]())
    if errors:
        return _again(request, LEAVING, fields, errors)
    try:
        number = await request.app[DESK].tell_departure(
            found.account_id,
            {name: fields[name] for name in ("date", "remark")},
            network=visit.network,
            key=idempotency_key(request, "leaving", fields),
        )
    except TooMuch as problem:
        return _too_much(request, LEAVING, fields, problem)
    return page(request, "leaving_told.html", number=number, date=fields["date"])


async def away_leaving(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with what was typed."""
    return page(request, LEAVING, status=503, form=away_form(request, fields))


async def show_report(request: web.Request) -> web.Response:
    """« Signaler un départ », by a colleague, signed in or not."""
    session = request[VISIT].session
    known = (
        {}
        if session is None or not session.full
        else {"reporter_name": session.name.strip(), "reporter_address": session.address}
    )
    return page(request, REPORT, form=Form(values=known))


async def submit_report(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Tell the desk; the answer is the same for whatever address."""
    visit = request[VISIT]
    errors = check_report(fields, request.app[CLOCK]())
    if errors:
        return _again(request, REPORT, fields, errors)
    details = {name: value for name, value in fields.items() if name != "key"}
    try:
        number = await request.app[DESK].report_departure(
            details, network=visit.network, key=idempotency_key(request, "departure", fields)
        )
    except TooMuch as problem:
        return _too_much(request, REPORT, fields, problem, "too_many_requests_network")
    return page(request, "departure_reported.html", number=number)


async def away_report(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with what was typed."""
    return page(request, REPORT, status=503, form=away_form(request, fields))


def _again(
    request: web.Request, template: str, fields: dict[str, str], errors: dict[str, str]
) -> web.Response:
    form = Form.again(fields)
    form.errors = refused(errors, request[VISIT].lang)
    return page(request, template, status=422, form=form)


def _too_much(
    request: web.Request,
    template: str,
    fields: dict[str, str],
    problem: TooMuch,
    slug: str = "too_many_requests",
) -> web.Response:
    lang, form = request[VISIT].lang, Form.again(fields, same=True)
    form.retry_after = problem.wait
    form.alert = texts.alert_text(slug, lang, **wait_values(request, problem.wait))
    return page(request, template, status=429, form=form)
