"""The verified address, and the terms of use (G-12, G-13)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.features.legal.legal_texts import as_html
from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import PRESESSIONS, REGISTRATION
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions.request_state import VISIT, due, idempotency_key, page, redirect
from shared.contracts.base import FieldError
from shared.contracts.registration import RequestView
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused

CREATION = "/inscription/creation"


async def verified(request: web.Request) -> web.Response:
    """The address is proved; the terms come next."""
    view = await due(request, "terms")
    return page(request, "verified.html", view=view)


async def show(request: web.Request) -> web.Response:
    """The whole text of the terms in force, and the tick box."""
    return await _render(request, await due(request, "terms"), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Accept what was shown: version and hash come back from the form (RE-13)."""
    view = await due(request, "terms")
    visit = request[VISIT]
    if fields["accept"] != "1":
        form = Form.again(fields)
        form.errors = field_texts((FieldError(field="accept", code="missing"),), visit.lang)
        return await _render(request, view, form, 422)
    try:
        await request.app[REGISTRATION].accept_terms(
            view.request_id,
            version=fields["version"],
            sha256=fields["sha256"],
            language=visit.lang,
            key=idempotency_key(request, "terms", fields),
        )
    except Refused as refused:
        if refused.refusal.slug in ("request_gone", "not_verified"):
            raise Elsewhere("/inscription/validation") from refused
        form = Form.again(fields)
        form.values.pop("accept", None)  # what was ticked is no longer what is shown
        return await _render(request, view, form, refuse_form(request, form, refused))
    except RequestTimeout:
        # It may have been done: the next page follows, and comes back here if it was not.
        if visit.cookie is not None:
            await request.app[PRESESSIONS].note_accepting(visit.cookie.cookie)
    except ServiceUnavailable:
        form = away_form(request, fields)
        return await _render(request, view, form, 503)
    return redirect(CREATION)


async def _render(
    request: web.Request, view: RequestView, form: Form, status: int = 200
) -> web.Response:
    terms = await request.app[REGISTRATION].terms(request[VISIT].lang)
    return page(
        request,
        "terms.html",
        status=status,
        view=view,
        terms=terms,
        terms_html=as_html(terms.text),
        form=form,
    )
