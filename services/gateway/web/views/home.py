"""The home page after the second factor: empty but real until dossiers come (G-40)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.web.visits import page


async def show(request: web.Request) -> web.Response:
    """Where a sign-in leads."""
    return page(request, "home.html")
