"""The account being created, followed live, then created (G-14)."""

from datetime import timedelta

from aiohttp import web

from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.http.sse import STREAMS, SseEvent
from services.gateway.portal.registration_steps import (
    GONE,
    current_request,
    due_step,
    out_of_order,
    require_registration_step,
)
from services.gateway.portal.texts import CREATION
from services.gateway.sessions.request_state import REQUEST_STATE, ensure_form_cookie, presession
from shared.contracts.registration.views import RequestView
from shared.i18n.catalogue import translate

#: How long an acceptance without an answer is awaited before the terms are shown again.
ACCEPTANCE_GRACE = timedelta(seconds=10)


async def show(request: web.Request) -> web.Response:
    """The account exists, or is about to."""
    view = await require_registration_step(request, "terms", "created")
    if view.due == "terms" and not await _accepting(request):
        raise out_of_order(request, view)
    state = "created" if view.due == "created" else "creating"
    return page(request, "creation.html", view=view, state=state)


async def state(request: web.Request) -> web.Response:
    """The same, as data."""
    view = await current_request(request)
    return web.json_response(await _state(request, view))


async def follow(request: web.Request) -> web.StreamResponse:
    """The same as server-sent events, until the account is created."""
    await require_registration_step(request, "terms", "created")

    async def ask() -> list[SseEvent]:
        view = await current_request(request)
        answer = await _state(request, view)
        final = view is None or view.due == "created" or answer["state"] is None
        return [("due" if final else "mail", answer, final)]

    return await request.app[STREAMS].follow(request, ensure_form_cookie(request), ask)


async def _state(request: web.Request, view: RequestView | None) -> dict[str, object]:
    lang = request[REQUEST_STATE].lang
    if view is None:
        return {"state": None, "text": "", "due": GONE, "next": url(request, "creation")}
    creating = view.due == "terms" and await _accepting(request)
    name = "created" if view.due == "created" else "creating" if creating else None
    return {
        "state": name,
        "text": translate(CREATION[name], lang) if name else "",
        "due": view.due,
        "next": url(request, "sign_in" if view.due == "created" else due_step(view)),
    }


async def _accepting(request: web.Request) -> bool:
    found = await presession(request)
    if found is None or found.accepting_at is None:
        return False
    return request.app[CLOCK]() - found.accepting_at < ACCEPTANCE_GRACE
