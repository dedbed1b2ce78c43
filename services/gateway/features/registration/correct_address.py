"""Correct the address of a request; the password is checked again."""

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect
from services.gateway.portal.email_suggestions import choose_address, typo_form
from services.gateway.portal.form_errors import refuse_form, unavailable_form
from services.gateway.portal.registration_steps import due_step, require_registration_step
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    extend_presession,
    flash,
    idempotency_key,
)
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """The form, with the address as it was given."""
    view = await require_registration_step(request, "validation")
    return _render(request, Form(values={"address": view.address}))


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Move the request to the corrected address."""
    view = await require_registration_step(request, "validation")
    fields, state = choose_address(fields), request[REQUEST_STATE]
    try:
        renewed = await request.app[CLIENTS].registration.correct_address(
            view.request_id,
            address=fields["address"],
            password=fields["password"],
            language=state.lang,
            network=state.network,
            point_out_slip=not fields["kept"],
            key=idempotency_key(request, "correct", fields),
        )
    except Refused as refused:
        if (form := typo_form(fields, refused)) is not None:
            return _render(request, form)
        if refused.refusal.slug in ("request_gone", "already_verified"):
            raise Redirect("validation") from refused
        form = Form.again(fields)
        return _render(request, form, refuse_form(request, form, refused))
    await extend_presession(request, renewed.expires_at)
    flash(request, "corrected")
    return redirect(request, due_step(renewed))


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with the address as it was typed."""
    form = unavailable_form(request, choose_address(fields))
    return _render(request, form, 503)


def _render(request: web.Request, form: Form, status: int = 200) -> web.Response:
    return page(request, "correct_address.html", status=status, form=form)
