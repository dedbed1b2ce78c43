"""« Suivre une demande »: a number, for which a link goes to the address that made the request; and
the cancellation of a request that this browser has just sent.

The answer never tells whether a number exists (B-03).
"""

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.sent_requests import read_sent
from services.gateway.portal.texts import alert_text
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from shared.contracts.support.people_requests import (
    CancelMyRequest,
    FollowUpDone,
    PersonRequestView,
    SendFollowUpLink,
)
from shared.domain.support_requests import read_number
from shared.messaging.handlers import Refused

#: Why a request is not cancelled: the message, by the slug of the refusal.
NOT_CANCELLED = {
    "not_found": "request_not_there_yet",
    "request_closed": "request_closed",
    "too_late": "request_too_late",
}


async def show(request: web.Request, form: Form) -> web.Response:
    """The form for the number; then that a link was sent, if there is such a request."""
    if form.result is None:
        return page(request, "follow_up.html", form=form)
    return page(request, "follow_up_sent.html", **form.result)


async def submit(request: web.Request, fields: dict[str, str]) -> Form:
    """Have a link sent, if there is such a request."""
    number = read_number(fields["number"]) or fields["number"][:40]
    message = SendFollowUpLink(number=number, network=request[REQUEST_STATE].network)
    try:
        await ask(request, message, FollowUpDone, idempotency_key(request, "follow-up", fields))
    except Refused as refused:
        return refused_form(request, fields, refused, prefix="follow_up")
    return Form.accepted(number=number)


async def show_cancelled(request: web.Request, form: Form) -> web.Response:
    """What became of « Annuler ma demande »; without a form there is nothing to show."""
    if form.result is not None:
        return page(request, "request_cancelled.html", **form.result)
    if not form.typed:
        raise Redirect("follow_up")
    return page(request, "cancel_sent_request.html", form=form)


def no_query(_fields: dict[str, str]) -> dict[str, str]:
    """The URL of the page needs nothing but its form."""
    return {}


async def cancel_sent(request: web.Request, fields: dict[str, str]) -> Form:
    """Cancel a request that this browser sent."""
    number = read_sent(request, fields["sent"])
    if number is None:
        flash(request, "request_by_link")
        raise Redirect("follow_up")
    message = CancelMyRequest(number=number, by_sender=True)
    key = idempotency_key(request, "cancel-sent", {**fields, "key": number})
    try:
        await ask(request, message, PersonRequestView, key)
    except Refused as refused:
        return _not_cancelled(request, fields, refused)
    return Form.accepted(number=number)


def _not_cancelled(request: web.Request, fields: dict[str, str], refused: Refused) -> Form:
    """The button again: the request has not arrived at the desk yet, or it cannot be cancelled any
    more."""
    code = NOT_CANCELLED.get(refused.refusal.slug)
    if code is None:
        return refused_form(request, fields, refused)
    form = Form.again(fields, same=True)
    form.explain(request[REQUEST_STATE].lang, alert=lambda lang: alert_text(code, lang))
    return form
