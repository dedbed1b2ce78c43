"""The home page: four tabs of dossiers, each a table and a file (G-40 to G-43).

Whose dossiers is said by the session alone; nothing that an address carries names an account
(AZ-02).
"""

from __future__ import annotations

import socket
import struct

from aiohttp import hdrs, web

from services.gateway.features.dossiers.csv_file import MARK, csv_text
from services.gateway.features.dossiers.dossier_list import (
    file_head,
    file_rows,
    shown_list,
    shown_tabs,
    tab_title,
)
from services.gateway.features.dossiers.dossier_query import TAB_NAMES, Wanted, read_wanted
from services.gateway.http.errors import AWAY, AWAY_SECONDS
from services.gateway.portal.app_keys import CLOCK, DOSSIERS, OFFICE, PAGES
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import VISIT, page
from shared.contracts.dossiers import DossierRowsView, DossiersView
from shared.i18n.dates import PARIS
from shared.runtime.telemetry import get_logger

#: An end that nobody can take for the file's: the connection is reset, even without chunks.
RESET = struct.pack("ii", 1, 0)

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """One page of one tab. Without the list the page says so, and what else works."""
    found, app, lang = guards.full(request), request.app, request[VISIT].lang
    wanted = read_wanted(request.rel_url.raw_query_string)
    view: DossiersView | None = None
    try:
        view = await app[DOSSIERS].page(found.account_id, wanted)
        wanted = wanted.at(view.page)
    except AWAY as error:
        log.warning("A service is away.", action="dependency_away", reason=str(error))
    response = page(
        request,
        "home.html",
        status=200 if view else 503,
        switch_url=wanted.address(),
        wanted=wanted,
        title=tab_title(wanted.tab, lang),
        tab_name=TAB_NAMES[wanted.tab],
        tabs=shown_tabs(wanted, view.counts if view else None, lang),
        shown=shown_list(wanted, view, app[OFFICE], lang, app[PAGES].names(lang)) if view else None,
        filing_url=app[OFFICE].filing_url,
    )
    if view is None:
        response.headers[hdrs.RETRY_AFTER] = str(AWAY_SECONDS)
    return response


async def download(request: web.Request) -> web.StreamResponse:
    """All rows of the tab as searched, filtered and sorted, some at a time, as one file.

    The first ones are asked for before anything is said: a list that is away is an error page. If
    it goes away later the connection is reset, so that no half of a file looks whole.
    """
    found = guards.full(request)
    wanted = read_wanted(request.rel_url.raw_query_string)
    part = await request.app[DOSSIERS].rows(found.account_id, wanted)
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: "text/csv; charset=utf-8; header=present",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{_file_name(request, wanted)}"',
            hdrs.CONTENT_LANGUAGE: request[VISIT].lang,
        }
    )
    try:
        await response.prepare(request)
        await _write(request, response, found.account_id, wanted, part)
        await response.write_eof()
    except ConnectionError:
        pass  # the browser left: nobody to tell
    except Exception:
        log.exception("A file of dossiers could not be finished.", action="dependency_away")
        _break_off(request)
    return response


async def _write(
    request: web.Request,
    response: web.StreamResponse,
    account_id: str,
    wanted: Wanted,
    part: DossierRowsView,
) -> None:
    lang = request[VISIT].lang
    head = file_head(lang, request.app[PAGES].names(lang))
    await response.write((MARK + csv_text([head])).encode())
    while True:
        await response.write(csv_text(file_rows(part.rows, lang)).encode())
        if part.after is None:
            return
        part = await request.app[DOSSIERS].rows(account_id, wanted, part.after)


def _file_name(request: web.Request, wanted: Wanted) -> str:
    today = request.app[CLOCK]().astimezone(PARIS).date()
    return f"impexweb-{TAB_NAMES[wanted.tab]}-{today.isoformat()}.csv"


def _break_off(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    line = transport.get_extra_info("socket")
    if line is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()
