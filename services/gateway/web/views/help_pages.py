"""Pages that ask nobody: help, accessibility, plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.gateway.web.visits import page


def _plain(template: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(request: web.Request) -> web.Response:
        return page(request, template)

    return show


PAGES = {
    "/aide": _plain("help.html"),
    "/aide/creation-de-compte": _plain("help_creation.html"),
    "/aide/nouveau-telephone": _plain("help_phone.html"),
    "/aide/glossaire": _plain("glossary.html"),
    "/accessibilite": _plain("accessibility.html"),
    "/plan": _plain("sitemap.html"),
}
