"""Help pages and the sitemap: they need no other service."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.gateway.features.help import help_screenshots
from services.gateway.http.rendering import page
from services.gateway.http.routes import ROUTES
from services.gateway.http.site import SITE

PICTURES = help_screenshots.load()


def plain(template: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(request: web.Request) -> web.Response:
        return page(request, template)

    return show


async def creation(request: web.Request) -> web.Response:
    """The guide, step by step, with our own screens (G-02)."""
    base = request.app[SITE].origin
    return page(request, "help_creation.html", pictures=PICTURES, base=base)


async def sitemap(request: web.Request) -> web.Response:
    """Every page that the sitemap lists, by group."""
    return page(request, "sitemap.html", links=request.app[ROUTES].sitemap())
