"""The guide for agents, open to all: who may sign in, a lost phone step by step, what one must
never be asked for."""

from aiohttp import web

from services.gateway.desk.features.help import guide_screenshots
from services.gateway.http.rendering import page
from services.gateway.http.routes import Page

PICTURES = guide_screenshots.load()


async def show(request: web.Request) -> web.Response:
    """The guide."""
    return page(request, "desk_help.html", pictures=PICTURES)


PAGES = (Page("help", "/aide", show),)
