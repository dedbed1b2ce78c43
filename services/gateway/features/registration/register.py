"""The account form (G-03 to G-09)."""

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
from services.gateway.portal.password_rules import password_rules
from services.gateway.portal.registration_steps import act, current_request, due_step
from services.gateway.sessions.request_state import REQUEST_STATE, bind_to_request, idempotency_key
from shared.contracts.registration.requests import AnswerAddressQuestion, RequestAccount
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """The empty form; a browser with a pending request goes on with that."""
    view = None if form.typed else await current_request(request)
    if view is not None and view.due != "created":
        raise Redirect(due_step(view))
    return await show_unavailable(request, form)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form, without looking for a pending request."""
    return page(request, "register.html", form=form, **await password_rules(request, form))


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Request the account; a double click requests it once (RE-12)."""
    fields = choose_address(fields)
    message = _answer(request, fields) if answers_question(fields) else _form_of(request, fields)
    # Without the form's key: filled in alike in two tabs, it is requested once.
    key = idempotency_key(request, "register", {**fields, "key": ""})
    try:
        view = await act(request, message, key)
    except Refused as refused:
        form = typo_form(fields, refused) or unanswered_form(request, fields, refused)
        return form or refused_form(request, fields, refused)
    await bind_to_request(request, view.request_id, view.expires_at)
    return redirect(request, due_step(view))


def _form_of(request: web.Request, fields: dict[str, str]) -> RequestAccount:
    state = request[REQUEST_STATE]
    return RequestAccount(
        first_name=fields["first_name"],
        last_name=fields["last_name"],
        address=fields["address"],
        password=seal(request, RequestAccount, "password", fields["password"]),
        language=state.lang,
        network=state.network,
        point_out_slip=not fields["kept"],
    )


def _answer(request: web.Request, fields: dict[str, str]) -> AnswerAddressQuestion:
    return AnswerAddressQuestion(
        question_id=fields["address_question"],
        address=fields["address"],
        network=request[REQUEST_STATE].network,
        first_name=fields["first_name"],
        last_name=fields["last_name"],
    )
