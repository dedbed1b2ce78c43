"""The session of both front ends: its remaining time, extending it, signing out (SE-04, SE-05)."""

from aiohttp import web

from services.gateway.http.errors import HttpError
from services.gateway.http.routes import JsonQuestion, Page, redirect
from services.gateway.http.site import CLOCK
from services.gateway.sessions import guards
from services.gateway.sessions.guards import SESSION_PAGES
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from services.gateway.sessions.saved_forms import SAVED_FORMS
from services.gateway.sessions.sessions import SESSIONS


async def state(request: web.Request) -> web.Response:
    """The remaining time; this request is no activity. 503 where the database is unavailable."""
    problem = request[REQUEST_STATE].problem
    if problem is not None:
        raise problem
    return _answer(request, request[REQUEST_STATE].session)


async def extend(request: web.Request, word: str) -> web.Response:
    """Extend the session: the request itself has done so."""
    if word != "1":
        raise HttpError(400, event="input_validation_fail", reason="unknown word")
    return _answer(request, request[REQUEST_STATE].session)


async def sign_out(request: web.Request, fields: dict[str, str]) -> web.Response:
    """End the session in the browser and on the server, delete what was typed in this browser,
    clear its cache (SE-05). Pressed again, it says the same.
    """
    token = request[REQUEST_STATE].token
    if token is not None:
        await request.app[SESSIONS].end(token, "signed_out")
    guards.clear_session_cookie(request)
    await request.app[SAVED_FORMS].delete_of_browser(request[REQUEST_STATE].form_browser or "")
    flash(request, "signed_out")
    response = redirect(request, request.app[SESSION_PAGES].sign_in)
    # Not "cookies": that would clear those of the agency's other sites too.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _answer(request: web.Request, found: Session | None) -> web.Response:
    if found is None:
        return web.json_response({"left": 0, "extend": False})
    until = found.expires_at(request.app[SESSIONS].limits)
    left = max(0, int((until - request.app[CLOCK]()).total_seconds()))
    return web.json_response({"left": left, "extend": until < found.ends_at})


PAGES = (
    Page("sign_out", "/deconnexion", submit=sign_out, needs_key=False, shown_on="sign_in"),
    Page("session_state", "/session/etat", state, language_target=False, background=True),
    JsonQuestion("extend_session", "/session/prolonger", extend, "go"),
)
