"""Pages that ask nobody: help, accessibility, plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.gateway.features.help import help_screenshots
from services.gateway.portal.app_keys import FRONT
from services.gateway.sessions.request_state import page

PICTURES = help_screenshots.load()


def _plain(template: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(request: web.Request) -> web.Response:
        return page(request, template)

    return show


async def creation(request: web.Request) -> web.Response:
    """The guide, step by step, with our own screens (G-02)."""
    base = request.app[FRONT].origin
    return page(request, "help_creation.html", pictures=PICTURES, base=base)


PAGES = {
    "/aide": _plain("help.html"),
    "/aide/creation-de-compte": creation,
    "/aide/nouveau-telephone": _plain("help_phone.html"),
    "/aide/glossaire": _plain("glossary.html"),
    "/accessibilite": _plain("accessibility.html"),
    "/plan": _plain("sitemap.html"),
}
