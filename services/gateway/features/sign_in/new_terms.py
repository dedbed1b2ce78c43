"""A new version of the terms, asked of every holder at the next sign-in (RE-13, G-13).

Until the day from which it binds it can be left for later. From then on only what the holder keeps
a right to without accepting stays open: their data, and leaving.
"""

from aiohttp import web

from services.gateway.clients.registration_texts import current_terms
from services.gateway.clients.services import ask
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal import session_pages
from services.gateway.portal.form_errors import invalid_form, refused_form
from services.gateway.portal.plain_text import as_html
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.registration.holder import AcceptNewTerms
from shared.contracts.registration.views import Done
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """The whole text of the terms in force, from when they bind, and the tick box."""
    found, lang = await _asked(request), request[REQUEST_STATE].lang
    terms = await current_terms(request, lang)
    due = found.terms_are_due(request.app[CLOCK]())
    return page(
        request,
        "new_terms.html",
        form=form,
        terms=terms,
        terms_html=as_html(terms.text, request.app[RENDERER].brand.names(lang)),
        due=due,
        later_url="" if due else await _later_url(request, found),
        switch_url=url(request, "new_terms"),
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Accept what was shown: version and hash come back from the form."""
    found, state = await _asked(request), request[REQUEST_STATE]
    if fields["accept"] != "1":
        return invalid_form(request, fields, "accept")
    message = AcceptNewTerms(
        account_id=found.account_id,
        terms_version=fields["version"],
        terms_sha256=fields["sha256"],
        language=state.lang,
    )
    try:
        await ask(request, message, Done, idempotency_key(request, "new-terms", fields))
    except Refused as refused:
        form = refused_form(request, fields, refused)
        form.values.pop("accept", None)  # the tick was for another version
        return form
    await request.app[SESSIONS].record_terms_accepted(found.account_id)
    raise await session_pages.page_after_terms(request, found)


async def _asked(request: web.Request) -> Session:
    found = guards.require_signed_in(request)
    if found.terms_bind_at is None:
        raise await session_pages.page_after_terms(request, found)
    return found


async def _later_url(request: web.Request, found: Session) -> str:
    there = await session_pages.page_after_terms(request, found)
    return url(request, there.name, **there.query)
