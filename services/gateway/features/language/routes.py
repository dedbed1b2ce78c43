"""The language switch of every page: stored for a year, and back to the page (AU-15)."""

from aiohttp import web

from services.gateway.http.errors import HttpError
from services.gateway.http.routes import ROUTES, Page, see_other
from services.gateway.sessions.request_state import (
    LANGUAGE_COOKIE,
    LANGUAGE_SECONDS,
    REQUEST_STATE,
)
from shared.i18n.catalogue import LANGUAGES


async def choose(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Store the language and go back."""
    if fields["lang"] not in LANGUAGES:
        raise HttpError(400, event="input_validation_fail", reason="unknown language")
    request[REQUEST_STATE].cookies[LANGUAGE_COOKIE] = (fields["lang"], LANGUAGE_SECONDS)
    return see_other(request.app[ROUTES].language_target(fields["next"]))


PAGES = (Page("language", "/langue", submit=choose, fields="lang next", needs_key=False),)
