"""The verified address, and the terms of use (G-12, G-13)."""

from aiohttp import web

from services.gateway.clients.registration_texts import current_terms
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import redirect
from services.gateway.portal.form_errors import invalid_form, refused_form
from services.gateway.portal.plain_text import as_html
from services.gateway.portal.registration_steps import (
    act,
    due_step,
    require_registration_step,
    require_request_id,
)
from services.gateway.sessions.presession_store import PRESESSIONS
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from shared.contracts.registration.requests import AcceptTerms
from shared.messaging.errors import RequestTimeout
from shared.messaging.handlers import Refused


async def address_verified(request: web.Request) -> web.Response:
    """The address is proved; the terms come next."""
    view = await require_registration_step(request, "terms")
    return page(request, "verified.html", view=view)


async def show(request: web.Request, form: Form) -> web.Response:
    """The whole text of the terms in force, and the tick box."""
    view, lang = await require_registration_step(request, "terms"), request[REQUEST_STATE].lang
    terms = await current_terms(request, lang)
    return page(
        request,
        "terms.html",
        view=view,
        terms=terms,
        terms_html=as_html(terms.text, request.app[RENDERER].brand.names(lang)),
        form=form,
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Accept what was shown: version and hash come back from the form (RE-13)."""
    request_id = await require_request_id(request)
    state = request[REQUEST_STATE]
    if fields["accept"] != "1":
        return invalid_form(request, fields, "accept")
    message = AcceptTerms(
        request_id=request_id,
        terms_version=fields["version"],
        terms_sha256=fields["sha256"],
        language=state.lang,
    )
    try:
        after = await act(request, message, idempotency_key(request, "terms", fields))
    except Refused as refused:
        if refused.refusal.slug in ("request_gone", "not_verified"):
            raise Redirect("validation") from refused
        form = refused_form(request, fields, refused)
        form.values.pop("accept", None)  # the tick was for another version
        return form
    except RequestTimeout:
        # It may have succeeded: the next page follows, and redirects back here otherwise.
        if state.presession_token is not None:
            await request.app[PRESESSIONS].record_accepting(state.presession_token)
        return redirect(request, "creation")
    return redirect(request, due_step(after))
