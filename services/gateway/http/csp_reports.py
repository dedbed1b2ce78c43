"""Browsers' reports about the content security policy: a few a minute are logged.

Anybody can send one, so each network has its own limit: one that floods does not drown the others.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from services.gateway.http.forms import read_report
from services.gateway.http.sliding_window import SlidingWindow
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.domain.rate_limits import widest_network
from shared.runtime.telemetry import get_logger

FIELD_NAMES = {
    "effectiveDirective": "directive",
    "effective-directive": "directive",
    "violated-directive": "directive",
    "blockedURL": "blocked",
    "blocked-uri": "blocked",
    "documentURL": "document",
    "document-uri": "document",
    "sourceFile": "source_file",
    "source-file": "source_file",
    "lineNumber": "line",
    "line-number": "line",
}
MAX_CHARACTERS = 200

#: Reports that are logged in a minute: of one network, and of all.
MAX_PER_NETWORK = 10
MAX_PER_MINUTE = 120
CSP_REPORTS = web.AppKey("csp_reports", SlidingWindow)
CSP_REPORTS_BY_NETWORK = web.AppKey("csp_reports_by_network", SlidingWindow)

log = get_logger("gateway")


async def receive(request: web.Request) -> web.Response:
    """Log a report; whatever it is, the answer is 204."""
    now = asyncio.get_running_loop().time()
    # The network's first: what it sends beyond its own limit takes nothing from the others.
    if request.app[CSP_REPORTS_BY_NETWORK].wait(
        widest_network(request[REQUEST_STATE].network), now
    ):
        return web.Response(status=204)
    if request.app[CSP_REPORTS].wait("all", now):
        return web.Response(status=204)
    document = await read_report(request)
    reports = document if isinstance(document, list) else [document]
    for report in reports[:5]:
        if isinstance(report, Mapping):
            log.warning(
                "A browser reported a violation of the content policy.",
                action="csp_violation",
                **_facts(report),
            )
    return web.Response(status=204)


def _facts(report: Mapping[str, Any]) -> dict[str, str]:
    body = report.get("body") or report.get("csp-report") or {}
    if not isinstance(body, Mapping):
        return {}
    # A document's URL may hold a link's token: the query is left out.
    return {
        field: str(body[name]).partition("?")[0][:MAX_CHARACTERS]
        for name, field in FIELD_NAMES.items()
        if name in body
    }
