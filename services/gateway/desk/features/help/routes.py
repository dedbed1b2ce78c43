"""The guide for agents, open to all: who may sign in, what one must never be asked for."""

from aiohttp import web

from services.gateway.http.rendering import page
from services.gateway.http.routes import Page


async def show(request: web.Request) -> web.Response:
    """The guide."""
    return page(request, "desk_help.html")


PAGES = (Page("help", "/aide", show),)
