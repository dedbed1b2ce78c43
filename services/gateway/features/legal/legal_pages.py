"""The terms in force, the privacy notice and the legal notice, for everybody (G-16, GD-01)."""

from aiohttp import web
from markupsafe import Markup

from services.gateway.clients.registration_texts import current_terms
from services.gateway.features.legal.legal_texts import LEGAL
from services.gateway.http.rendering import RENDERER, page
from services.gateway.portal.plain_text import as_html
from services.gateway.sessions.request_state import REQUEST_STATE


async def terms(request: web.Request) -> web.Response:
    """The terms of use in force."""
    view = await current_terms(request, request[REQUEST_STATE].lang)
    return page(request, "terms_public.html", terms=view, terms_html=_as_html(request, view.text))


async def privacy(request: web.Request) -> web.Response:
    """The operator's privacy notice, or the model."""
    return _document(request, "privacy")


async def legal(request: web.Request) -> web.Response:
    """The operator's legal notice, or the model."""
    return _document(request, "legal")


def _document(request: web.Request, name: str) -> web.Response:
    text = request.app[LEGAL].get(name, request[REQUEST_STATE].lang)
    return page(
        request,
        f"{name}.html",
        document=text,
        document_html=_as_html(request, text.text) if text else None,
    )


async def accessibility(request: web.Request) -> web.Response:
    """The accessibility statement."""
    return page(request, "accessibility.html")


def _as_html(request: web.Request, text: str) -> Markup:
    return as_html(text, request.app[RENDERER].brand.names(request[REQUEST_STATE].lang))
