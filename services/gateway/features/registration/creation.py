"""The account being created, followed live, then created (G-14)."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from services.gateway.http.sse import Said
from services.gateway.portal.app_keys import CLOCK, STREAMS
from services.gateway.portal.texts import CREATION
from services.gateway.sessions.request_state import (
    GONE,
    VISIT,
    current_view,
    due,
    due_url,
    ensure_cookie,
    out_of_order,
    page,
    presession,
)
from shared.contracts.registration import RequestView
from shared.i18n.catalogue import translate

#: How long an acceptance without an answer is followed before the terms are shown again.
HOPE = timedelta(seconds=10)


async def show(request: web.Request) -> web.Response:
    """The account exists, or is about to."""
    view = await due(request, "terms", "created")
    if view.due == "terms" and not await _accepting(request):
        raise out_of_order(request, view)
    state = "created" if view.due == "created" else "creating"
    return page(request, "creation.html", view=view, state=state)


async def state(request: web.Request) -> web.Response:
    """The same, as data."""
    view = await current_view(request)
    return web.json_response(await _state(request, view))


async def follow(request: web.Request) -> web.StreamResponse:
    """The same, live, until it is settled."""
    await due(request, "terms", "created")

    async def ask() -> list[Said]:
        view = await current_view(request)
        said = await _state(request, view)
        over = view is None or view.due == "created" or said["state"] is None
        return [("due" if over else "mail", said, over)]

    return await request.app[STREAMS].follow(request, ensure_cookie(request), ask)


async def _state(request: web.Request, view: RequestView | None) -> dict[str, object]:
    lang = request[VISIT].lang
    if view is None:
        return {"state": None, "text": "", "due": GONE, "next": "/inscription"}
    creating = view.due == "terms" and await _accepting(request)
    name = "created" if view.due == "created" else "creating" if creating else None
    return {
        "state": name,
        "text": translate(CREATION[name], lang) if name else "",
        "due": view.due,
        "next": "/connexion" if view.due == "created" else due_url(view),
    }


async def _accepting(request: web.Request) -> bool:
    found = await presession(request)
    if found is None or found.accepting_at is None:
        return False
    return request.app[CLOCK]() - found.accepting_at < HOPE
