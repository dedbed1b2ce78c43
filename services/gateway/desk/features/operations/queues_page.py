"""The queues, live: by server-sent events, by asking again, or by « Actualiser » without scripts.

What is at rest is left out unless it is asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qs

from aiohttp import web

from services.gateway.desk.features.operations import page_updates
from services.gateway.desk.features.operations.queue_lines import (
    COLUMNS,
    UNFOLDED,
    QueueLine,
    queue_lines,
)
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.http.rendering import page
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.operations import ListQueues, OperatorQueuesView
from shared.i18n.catalogue import translate

#: What is shown also at rest.
ALL = "tout"


def keep_query(query: str) -> str:
    """Whether all are listed, which stays in another language."""
    return f"voir={ALL}" if parse_qs(query).get("voir") == [ALL] else ""


async def show(request: web.Request) -> web.Response:
    """The table as it is now."""
    with_all = request.query.get("voir") == ALL
    read_at, lines = await _read(request)
    lang = request[REQUEST_STATE].lang
    return page(
        request,
        "operations_queues.html",
        columns=[(translate(name, lang), name not in UNFOLDED) for name in COLUMNS],
        lines=[one for one in lines if with_all or not one.at_rest],
        with_all=with_all,
        dead=sum(one.dead for one in lines),
        read_at=read_at,
        switch_url=f"{request.path}?voir={ALL}" if with_all else request.path,
    )


async def state(request: web.Request) -> web.Response:
    """The same, as data."""
    return web.json_response(await _current(request))


async def follow(request: web.Request) -> web.StreamResponse:
    """The same as server-sent events, until the session ends."""
    return await page_updates.follow(request, "queues", _current)


async def _current(request: web.Request) -> page_updates.Document:
    return _document(*await _read(request), request[REQUEST_STATE].lang)


async def _read(request: web.Request) -> tuple[datetime | None, list[QueueLine]]:
    message = ListQueues(agent_id=agent_of(request).account_id)
    view = await ask_support(request, message, OperatorQueuesView)
    found = view.queues
    if found is None:
        return None, []
    return found.read_at, queue_lines(found.rows, found.read_at, request[REQUEST_STATE].lang)


def _document(
    read_at: datetime | None, lines: Sequence[QueueLine], lang: str
) -> page_updates.Document:
    # What could not be read is no number.
    counts: page_updates.Document = {"dead": sum(one.dead for one in lines)} if read_at else {}
    return counts | {
        "at": page_updates.read_clock(read_at, lang),
        "rows": [
            {
                "queue": one.queue,
                "cells": one.cells,
                "atRest": one.at_rest,
                "dead": one.dead > 0,
                "problem": one.problem,
            }
            for one in lines
        ],
    }
