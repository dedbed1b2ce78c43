"""Pages that follow what they show: by server-sent events, or by asking again.

A stream says every few seconds that it could read, for its script to know an outage from rest, or
what is unavailable. It ends with the session, and counts among the streams of one browser. What a
page of letters or of mails shows is sent as it stands in the page; its script puts it in place of
the former.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from services.gateway.desk.features.operations.unavailable import unavailable
from services.gateway.desk.support import agent_of
from services.gateway.http.errors import UNAVAILABLE_ERRORS, HttpError, Redirect
from services.gateway.http.rendering import RENDERER
from services.gateway.http.sse import STREAMS, SseEvent
from services.gateway.sessions.request_state import REQUEST_STATE, ensure_form_cookie
from services.gateway.sessions.sessions import SESSIONS
from shared.i18n.catalogue import translate
from shared.i18n.dates import format_clock_seconds

#: Seconds in which a stream says once at least whether it could read.
ALIVE_SECONDS = 5

Document = dict[str, object]
Read = Callable[[web.Request], Awaitable[Document]]


async def follow(request: web.Request, name: str, read: Read) -> web.StreamResponse:
    """What `read` returns, as events of this name, until the session ends."""
    session = agent_of(request)
    await read(request)
    token, lang = request[REQUEST_STATE].token, request[REQUEST_STATE].lang
    sessions = request.app[SESSIONS]

    def moment() -> int:
        return int(time.monotonic()) // ALIVE_SECONDS

    async def ask() -> list[SseEvent]:
        try:
            return await ask_now()
        except UNAVAILABLE_ERRORS as error:
            if (texts := unavailable(error)) is None:
                raise
            why = translate(texts.heading, lang, name=texts.name)
            return [("away", {"away": why, "moment": moment()}, False)]

    async def ask_now() -> list[SseEvent]:
        found = await sessions.find(token or "", used=False)
        if found is None or found.id != session.id:
            return [("end", {}, True)]
        try:
            return [(name, await read(request), False), ("alive", {"alive": moment()}, False)]
        except (HttpError, Redirect):
            return [("end", {}, True)]

    return await request.app[STREAMS].follow(request, ensure_form_cookie(request), ask)


def part(
    request: web.Request, template: str, read_at: datetime | None, variables: dict[str, Any]
) -> Document:
    """A part of a page as it stands there, with the time at which it was read."""
    lang = request[REQUEST_STATE].lang
    html = request.app[RENDERER].render(template, lang, variables)
    return {"at": read_clock(read_at, lang), "html": html}


def read_clock(at: datetime | None, lang: str) -> str:
    """When it was read, as the page says it; nothing where it was not."""
    return format_clock_seconds(at, lang) if at else ""
