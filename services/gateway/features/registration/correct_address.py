"""Correct the address of a request; the password is checked again."""

from aiohttp import web

from services.gateway.clients.services import seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect
from services.gateway.portal.email_suggestions import (
    answers_question,
    choose_address,
    typo_form,
    unanswered_form,
)
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.registration_steps import act, due_step, require_registration_step
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    extend_presession,
    flash,
    idempotency_key,
)
from shared.contracts.registration.requests import AnswerAddressQuestion, CorrectAddress
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """The form, with the address as it was given."""
    view = await require_registration_step(request, "validation")
    if not form.typed:
        form.values = {"address": view.address}
    return await show_unavailable(request, form)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form with the address as it was typed."""
    return page(request, "correct_address.html", form=form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Move the request to the corrected address."""
    view = await require_registration_step(request, "validation")
    fields, state = choose_address(fields), request[REQUEST_STATE]
    message: CorrectAddress | AnswerAddressQuestion
    if answers_question(fields):
        message = AnswerAddressQuestion(
            question_id=fields["address_question"],
            request_id=view.request_id,
            address=fields["address"],
            network=state.network,
        )
    else:
        message = CorrectAddress(
            request_id=view.request_id,
            address=fields["address"],
            password=seal(request, CorrectAddress, "password", fields["password"]),
            language=state.lang,
            network=state.network,
            point_out_slip=not fields["kept"],
        )
    key = idempotency_key(request, "correct", fields)
    try:
        renewed = await act(request, message, key)
    except Refused as refused:
        if refused.refusal.slug in ("request_gone", "already_verified"):
            raise Redirect("validation") from refused
        form = typo_form(fields, refused) or unanswered_form(request, fields, refused)
        return form or refused_form(request, fields, refused)
    await extend_presession(request, renewed.expires_at)
    flash(request, "corrected")
    return redirect(request, due_step(renewed))
