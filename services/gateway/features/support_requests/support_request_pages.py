"""Requests to the support desk: a correction, leaving, a colleague's departure, a message, a
mailbox that receives nothing (B-11, G-36).

No answer discloses whether an address has an account. What was typed stays on the form where
something is wrong with it, or where a service is unavailable.
"""

from aiohttp import web

from services.gateway.features.support_requests.support_request_forms import (
    Errors,
    check_correction,
    check_departure,
    check_mailbox,
    check_message,
    check_report,
    refused,
)
from services.gateway.features.support_requests.support_requests import (
    MAILBOX,
    MESSAGE,
    OF_ACCOUNT,
    OF_ADDRESS,
    SUPPORT_REQUESTS,
    RateLimited,
    Submitted,
)
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.site import CLOCK
from services.gateway.portal import texts
from services.gateway.portal.form_errors import retry_values
from services.gateway.portal.sent_requests import PROMISES, sent_request
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key

#: The alert of each limit; the others are those of networks.
RATE_LIMITS = {
    OF_ACCOUNT.name: "too_many_requests",
    OF_ADDRESS.name: "too_many_requests_to_desk",
}


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
        submitted = await request.app[SUPPORT_REQUESTS].request_correction(
            found.account_id,
            fields["about"],
            fields["text"],
            key=idempotency_key(request, "correction", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem)
    return _accepted(request, submitted)


async def submit_leaving(request: web.Request, fields: dict[str, str]) -> Form:
    """Submit that the holder leaves."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    if errors := check_departure(fields, request.app[CLOCK]()):
        return _invalid(request, fields, errors)
    try:
        submitted = await request.app[SUPPORT_REQUESTS].report_departure(
            found.account_id,
            {name: fields[name] for name in ("date", "remark")},
            network=state.network,
            language=state.lang,
            key=idempotency_key(request, "leaving", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem)
    return _accepted(request, submitted, date=fields["date"])


async def submit_report(request: web.Request, fields: dict[str, str]) -> Form:
    """Submit the report; the answer is the same for any address."""
    state = request[REQUEST_STATE]
    if errors := check_report(fields, request.app[CLOCK]()):
        return _invalid(request, fields, errors)
    details = {name: value for name, value in fields.items() if name != "key"}
    try:
        submitted = await request.app[SUPPORT_REQUESTS].report_departure(
            None,
            details,
            network=state.network,
            language=state.lang,
            key=idempotency_key(request, "departure", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem)
    return _accepted(request, submitted)


async def show_message(request: web.Request, form: Form) -> web.Response:
    """« Nous écrire »; then number and day."""
    return _show(request, form, "write.html", MESSAGE)


async def show_mailbox(request: web.Request, form: Form) -> web.Response:
    """« Ma messagerie ne reçoit plus rien »; then number and day."""
    return _show(request, form, "mailbox.html", MAILBOX)


async def submit_message(request: web.Request, fields: dict[str, str]) -> Form:
    """Submit a message, of the account where somebody is signed in."""
    state, account_id = request[REQUEST_STATE], _account_id(request)
    if errors := check_message(fields, signed_in=account_id is not None):
        return _invalid(request, fields, errors)
    names = ("text",) if account_id else ("text", "name", "address")
    try:
        submitted = await request.app[SUPPORT_REQUESTS].write_message(
            account_id,
            {name: fields[name] for name in names},
            network=state.network,
            language=state.lang,
            key=idempotency_key(request, "message", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem)
    return _accepted(request, submitted)


async def submit_mailbox(request: web.Request, fields: dict[str, str]) -> Form:
    """Submit that emails do not arrive; the answer is the same for any address."""
    state, account_id = request[REQUEST_STATE], _account_id(request)
    if errors := check_mailbox(fields, signed_in=account_id is not None):
        return _invalid(request, fields, errors)
    names = ("text",) if account_id else ("text", "account_address", "name", "address")
    try:
        submitted = await request.app[SUPPORT_REQUESTS].report_mailbox(
            account_id,
            {name: fields[name] for name in names},
            network=state.network,
            language=state.lang,
            key=idempotency_key(request, "mailbox", fields),
        )
    except RateLimited as problem:
        return _rate_limited(request, fields, problem)
    return _accepted(request, submitted)


def _account_id(request: web.Request) -> str | None:
    """The account of whoever is signed in with both factors."""
    session = request[REQUEST_STATE].session
    return session.account_id if session is not None and session.full else None


def _show(request: web.Request, form: Form, template: str, kind: str) -> web.Response:
    if form.result is not None:
        return page(request, "request_sent.html", **form.result)
    answer_by = request.app[PROMISES].answer_by(kind, request.app[CLOCK]())
    return page(request, template, form=form, answer_by=answer_by.isoformat())


def _accepted(request: web.Request, submitted: Submitted, **more: str) -> Form:
    shown = sent_request(request, submitted.number, submitted.answer_by.isoformat())
    return Form.accepted(**shown, **more)


def _invalid(request: web.Request, fields: dict[str, str], errors: Errors) -> Form:
    form = Form.again(fields)
    form.explain(request[REQUEST_STATE].lang, errors=lambda lang: refused(errors, lang))
    return form


def _rate_limited(request: web.Request, fields: dict[str, str], problem: RateLimited) -> Form:
    form = Form.again(fields, same=True)
    form.retry_after, form.status = problem.wait, 429
    slug = RATE_LIMITS.get(problem.limit, "too_many_requests_network")

    def alert(lang: str) -> str:
        return texts.alert_text(slug, lang, **retry_values(request, problem.wait, lang))

    form.explain(request[REQUEST_STATE].lang, alert=alert)
    return form
