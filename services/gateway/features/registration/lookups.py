"""What our own scripts ask while somebody types: a listed word, a likely slip, a SIRET.

The answer is data, never a page (WF-08). Nothing of it is logged or kept.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from services.gateway.features.profile.profile_messages import information_text
from services.gateway.http.errors import PageError
from services.gateway.portal.app_keys import LOOKUPS, PROFILE, REGISTRATION
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import VISIT
from shared.contracts.base import FieldError
from shared.contracts.profile import EstablishmentView
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


async def establishment(request: web.Request, siret: str) -> web.Response:
    """What a SIRET says, and what the public directory knows of it (B-07, SI-05 to SI-07)."""
    guards.full(request)
    _count(request)
    view = await request.app[PROFILE].find_establishment(siret)
    return web.json_response(
        {
            "state": view.state,
            "text": _said(view, request[VISIT].lang),
            "company_name": view.company_name,
            "address": view.address,
            "address_extra": view.address_extra,
            "postal_code": view.postal_code,
            "city": view.city,
            "hospital_pharmacy": view.hospital_pharmacy,
        }
    )


def _said(view: EstablishmentView, lang: str) -> str:
    """The state in words; the key is right but where it is `invalid`."""

    def text(code: str, **params: str | int) -> str:
        return information_text(FieldError(field="siret", code=code, params=params), lang)

    if view.state == "invalid":
        return information_text(view.error, lang) if view.error else text("wrong_key")
    if view.state == "deferred":
        return f"{text('right')} {text('check_deferred')}"
    if view.state == "found":
        return text("found", company=view.company_name)
    if view.state == "closed":
        return text("closed", date=view.closed_on)
    return text("unlisted" if view.state == "unlisted" else "right")


def _count(request: web.Request) -> None:
    now = asyncio.get_running_loop().time()
    wait = request.app[LOOKUPS].wait(request[VISIT].network, now)
    if wait:
        raise PageError(429, event="excess_rate_limit_exceeded", retry_after=int(wait) + 1)
