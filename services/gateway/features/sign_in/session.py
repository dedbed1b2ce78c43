"""The session itself: how long it still lives, prolonging it, signing out (SE-04, SE-05)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.errors import PageError
from services.gateway.portal.app_keys import CLOCK, SESSIONS
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, note, redirect


async def state(request: web.Request) -> web.Response:
    """How long it lives; asking is no activity. Where nobody can tell, it has not ended."""
    problem = request[VISIT].problem
    if problem is not None:
        raise problem
    return _answer(request, request[VISIT].session)


async def prolong(request: web.Request, word: str) -> web.Response:
    """Somebody is there: being asked has prolonged it already."""
    if word != "1":
        raise PageError(400, event="input_validation_fail", reason="unknown word")
    return _answer(request, request[VISIT].session)


async def sign_out(request: web.Request, fields: dict[str, str]) -> web.Response:
    """End it here and on the server; the browser's cache goes too (SE-05)."""
    token = request[VISIT].token
    if token is not None:
        await request.app[SESSIONS].end(token, "signed_out")
    guards.forget_cookie(request)
    note(request, "signed_out")
    response = redirect(guards.SIGN_IN)
    # Not "cookies": those of the agency's other sites would go along.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _answer(request: web.Request, found: Session | None) -> web.Response:
    if found is None:
        return web.json_response({"left": 0, "extend": False})
    until = found.until(request.app[SESSIONS].limits)
    left = max(0, int((until - request.app[CLOCK]()).total_seconds()))
    return web.json_response({"left": left, "extend": until < found.ends_at})
