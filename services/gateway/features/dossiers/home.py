"""The home page: four tabs of dossiers, each a table and a file (G-40 to G-43).

The account is the session's; no URL names one (AZ-02).
"""

import socket
import struct
from functools import partial

from aiohttp import hdrs, web

from services.gateway.clients.services import ask
from services.gateway.features.dossiers.dossier_list import (
    file_head,
    file_rows,
    list_view,
    tab_title,
    tab_views,
)
from services.gateway.features.dossiers.dossier_query import TAB_NAMES, DossierQuery, parse_query
from services.gateway.features.dossiers.filing_links import FILING_LINKS
from services.gateway.http.errors import UNAVAILABLE_ERRORS, UNAVAILABLE_RETRY_SECONDS
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import url
from services.gateway.http.site import CLOCK
from services.gateway.portal.csv_file import BOM, csv_text
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.dossiers import DossierRowsView, DossiersView
from shared.errors import plain_reason
from shared.i18n.dates import PARIS
from shared.runtime.telemetry import get_logger

#: Resets the connection, so that an aborted file is never taken for a whole one.
RESET = struct.pack("ii", 1, 0)

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """One page of one tab. Where the list is unavailable the page says so."""
    found, app, lang = guards.require_signed_in(request), request.app, request[REQUEST_STATE].lang
    query = parse_query(request.rel_url.raw_query_string)
    view, home, links = None, url(request, "home"), app[FILING_LINKS]
    try:
        view = await ask(request, query.list_request(found.account_id), DossiersView)
        query = query.with_page(view.page)
    except UNAVAILABLE_ERRORS as error:
        log.info("A service is unavailable.", action="dependency_away", reason=plain_reason(error))
    shown = None
    if view is not None:
        names = app[RENDERER].brand.names(lang)
        shown = list_view(query, view, links, lang, partial(url, request), names)
    response = page(
        request,
        "home.html",
        status=200 if view else 503,
        switch_url=query.url(home),
        query=query,
        title=tab_title(query.tab, lang),
        tab_name=TAB_NAMES[query.tab],
        tabs=tab_views(query, view.counts if view else None, lang, home),
        shown=shown,
        filing_url=links.filing_url,
    )
    if view is None:
        response.headers[hdrs.RETRY_AFTER] = str(UNAVAILABLE_RETRY_SECONDS)
    return response


async def download(request: web.Request) -> web.StreamResponse:
    """All rows of the tab as searched, filtered and sorted, some at a time, as one file.

    The first rows are requested before the response begins: where the list is unavailable the
    answer is an error page. Where it fails later the connection is reset, so that a part of a file
    is never taken for the whole.
    """
    found = guards.require_signed_in(request)
    query = parse_query(request.rel_url.raw_query_string)
    part = await ask(request, query.read_request(found.account_id), DossierRowsView)
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: "text/csv; charset=utf-8; header=present",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{_file_name(request, query)}"',
            hdrs.CONTENT_LANGUAGE: request[REQUEST_STATE].lang,
        }
    )
    try:
        await response.prepare(request)
        await _write(request, response, found.account_id, query, part)
        await response.write_eof()
    except ConnectionError:
        pass  # the browser has gone
    except Exception:
        log.exception("A file of dossiers could not be finished.", action="dependency_away")
        _break_off(request)
    return response


async def _write(
    request: web.Request,
    response: web.StreamResponse,
    account_id: str,
    query: DossierQuery,
    part: DossierRowsView,
) -> None:
    lang = request[REQUEST_STATE].lang
    head = file_head(lang, request.app[RENDERER].brand.names(lang))
    await response.write((BOM + csv_text([head])).encode())
    while True:
        await response.write(csv_text(file_rows(part.rows, lang)).encode())
        if part.after is None:
            return
        part = await ask(request, query.read_request(account_id, part.after), DossierRowsView)


def _file_name(request: web.Request, query: DossierQuery) -> str:
    today = request.app[CLOCK]().astimezone(PARIS).date()
    return f"impexweb-{TAB_NAMES[query.tab]}-{today.isoformat()}.csv"


def _break_off(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    line = transport.get_extra_info("socket")
    if line is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()
