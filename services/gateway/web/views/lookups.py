"""What our own scripts ask while somebody types: a listed word, a likely slip.

The answer is data, never a page (WF-08). Nothing of it is logged or kept.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from services.gateway.web.errors import PageError
from services.gateway.web.keys import LOOKUPS, REGISTRATION
from services.gateway.web.visits import VISIT
from shared.messaging.handlers import Refused


async def listed_word(request: web.Request, password: str) -> web.Response:
    """The listed word that a password holds, and its list (G-08)."""
    _count(request)
    try:
        view = await request.app[REGISTRATION].listed_word(password)
    except Refused:
        return web.json_response({"word": None, "source": None})
    return web.json_response({"word": view.word, "source": view.source})


async def near_address(request: web.Request, address: str) -> web.Response:
    """The address that was probably meant, or null (G-05)."""
    _count(request)
    suggestion = None
    if "@" in address:
        suggestion = await request.app[REGISTRATION].suggestion(address)
    return web.json_response({"suggestion": suggestion})


def _count(request: web.Request) -> None:
    now = asyncio.get_running_loop().time()
    wait = request.app[LOOKUPS].wait(request[VISIT].network, now)
    if wait:
        raise PageError(429, event="excess_rate_limit_exceeded", retry_after=int(wait) + 1)
