"""Correct the address of a request; the password is judged again (wording 7)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.features.registration.register import choose_address, slip_form
from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import REGISTRATION
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions.request_state import (
    VISIT,
    due,
    due_url,
    idempotency_key,
    note,
    page,
    prolong,
    redirect,
)
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """The form, with the address as it was given."""
    view = await due(request, "validation")
    return _render(request, Form(values={"address": view.address}))


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Move the request to the corrected address."""
    view = await due(request, "validation")
    fields, visit = choose_address(fields), request[VISIT]
    try:
        renewed = await request.app[REGISTRATION].correct_address(
            view.request_id,
            address=fields["address"],
            password=fields["password"],
            language=visit.lang,
            network=visit.network,
            point_out_slip=not fields["kept"],
            key=idempotency_key(request, "correct", fields),
        )
    except Refused as refused:
        if (form := slip_form(fields, refused)) is not None:
            return _render(request, form)
        if refused.refusal.slug in ("request_gone", "already_verified"):
            raise Elsewhere("/inscription/validation") from refused
        form = Form.again(fields)
        return _render(request, form, refuse_form(request, form, refused))
    await prolong(request, renewed)
    note(request, "corrected")
    return redirect(due_url(renewed))


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with the address as it was typed."""
    form = away_form(request, choose_address(fields))
    return _render(request, form, 503)


def _render(request: web.Request, form: Form, status: int = 200) -> web.Response:
    return page(request, "correct_address.html", status=status, form=form)
