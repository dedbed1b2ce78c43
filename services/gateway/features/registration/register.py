"""The account form (G-03 to G-09)."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import REGISTRATION
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions.request_state import (
    VISIT,
    bind,
    current_view,
    due_url,
    idempotency_key,
    page,
    redirect,
)
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """The empty form; somebody with a request on its way goes on with that."""
    view = await current_view(request)
    if view is not None and view.due != "created":
        raise Elsewhere(due_url(view))
    return await _form(request, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Ask for the account; a double click asks once (RE-12)."""
    fields = choose_address(fields)
    visit = request[VISIT]
    try:
        view = await request.app[REGISTRATION].request_account(
            first_name=fields["first_name"],
            last_name=fields["last_name"],
            address=fields["address"],
            password=fields["password"],
            language=visit.lang,
            network=visit.network,
            point_out_slip=not fields["kept"],
            key=idempotency_key(request, "register", fields),
        )
    except Refused as refused:
        if (form := slip_form(fields, refused)) is not None:
            return await _form(request, form)
        form = Form.again(fields)
        return await _form(request, form, refuse_form(request, form, refused))
    await bind(request, view)
    return redirect(due_url(view))


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with what was typed: the same key makes sending it again the same act."""
    form = away_form(request, choose_address(fields))
    return await _form(request, form, 503)


def choose_address(fields: dict[str, str]) -> dict[str, str]:
    """What the buttons beside a suggestion mean: the corrected address, or keep what was typed."""
    choice = fields.pop("address_choice", "")
    kept = fields.pop("address_kept", "")
    if choice and choice != "keep":
        fields["address"] = choice
    # Pointed out once for one spelling, never forced: sending the form again keeps the address.
    return fields | {"kept": "1" if choice or kept in ("1", fields["address"]) else ""}


def slip_form(fields: dict[str, str], refused: Refused) -> Form | None:
    """The form with a likely slip put right beside it, where that is all (G-05)."""
    if refused.refusal.slug != "likely_slip":
        return None
    form = Form.again(fields, same=True)
    form.suggestion = str(refused.refusal.params["suggestion"])
    return form


async def _form(request: web.Request, form: Form, status: int = 200) -> web.Response:
    rules = await password_rules(request, form)
    return page(request, "register.html", status=status, form=form, **rules)


async def password_rules(request: web.Request, form: Form) -> dict[str, Any]:
    """The rules for a page with a new password: as data for its script, and to be read."""
    try:
        document = await request.app[REGISTRATION].password_rules()
    except (ServiceUnavailable, RequestTimeout):
        if not form.alert:
            raise
        document = "{}"  # the form with what was typed, without the live rules
    return {"rules": document, "policy": visible_rules(document)}


def visible_rules(document: str) -> list[tuple[str, dict[str, Any]]]:
    """The rules that the page shows, in their order, each with its figures."""
    rules = json.loads(document)
    figures: dict[str, dict[str, Any]] = {
        "min_length": {"min": rules.get("min_length")},
        "max_length": {"max": rules.get("max_length")},
        "forbidden_words": {"words": rules.get("forbidden_words")},
    }
    return [(name, figures.get(name, {})) for name in rules.get("shown", [])]
