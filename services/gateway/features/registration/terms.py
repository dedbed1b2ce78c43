"""The verified address, and the terms of use (G-12, G-13)."""

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import redirect
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import refuse_form, unavailable_form
from services.gateway.portal.plain_text import as_html
from services.gateway.portal.registration_steps import require_registration_step
from services.gateway.sessions.presessions import PRESESSIONS
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from shared.contracts.base import FieldError
from shared.contracts.registration.views import RequestView
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused


async def address_verified(request: web.Request) -> web.Response:
    """The address is proved; the terms come next."""
    view = await require_registration_step(request, "terms")
    return page(request, "verified.html", view=view)


async def show(request: web.Request) -> web.Response:
    """The whole text of the terms in force, and the tick box."""
    return await _render(request, await require_registration_step(request, "terms"), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Accept what was shown: version and hash come back from the form (RE-13)."""
    view = await require_registration_step(request, "terms")
    state = request[REQUEST_STATE]
    if fields["accept"] != "1":
        form = Form.again(fields)
        form.errors = field_texts((FieldError(field="accept", code="missing"),), state.lang)
        return await _render(request, view, form, 422)
    try:
        await request.app[CLIENTS].registration.accept_terms(
            view.request_id,
            version=fields["version"],
            sha256=fields["sha256"],
            language=state.lang,
            key=idempotency_key(request, "terms", fields),
        )
    except Refused as refused:
        if refused.refusal.slug in ("request_gone", "not_verified"):
            raise Redirect("validation") from refused
        form = Form.again(fields)
        form.values.pop("accept", None)  # the tick was for another version
        return await _render(request, view, form, refuse_form(request, form, refused))
    except RequestTimeout:
        # It may have succeeded: the next page follows, and redirects back here otherwise.
        if state.cookie is not None:
            await request.app[PRESESSIONS].record_accepting(state.cookie.cookie)
    except ServiceUnavailable:
        form = unavailable_form(request, fields)
        return await _render(request, view, form, 503)
    return redirect(request, "creation")


async def _render(
    request: web.Request, view: RequestView, form: Form, status: int = 200
) -> web.Response:
    lang = request[REQUEST_STATE].lang
    terms = await request.app[CLIENTS].registration.terms(lang)
    return page(
        request,
        "terms.html",
        status=status,
        view=view,
        terms=terms,
        terms_html=as_html(terms.text, request.app[RENDERER].names(lang)),
        form=form,
    )
