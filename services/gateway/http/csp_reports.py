"""What browsers report against the content policy: logged, a few a minute, nothing kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from services.gateway.http.forms import read_report
from services.gateway.portal.app_keys import REPORTS
from shared.runtime.telemetry import get_logger

NAMES = {
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
LONGEST = 200

log = get_logger("gateway")


async def receive(request: web.Request) -> web.Response:
    """Log a report; whatever it is, the answer is 204."""
    if request.app[REPORTS].wait("all", asyncio.get_running_loop().time()):
        return web.Response(status=204)
    document = await read_report(request)
    reports = document if isinstance(document, list) else [document]
    for report in reports[:5]:
        if isinstance(report, Mapping):
            log.warning("The content policy was broken.", action="csp_violation", **_facts(report))
    return web.Response(status=204)


def _facts(report: Mapping[str, Any]) -> dict[str, str]:
    body = report.get("body") or report.get("csp-report") or {}
    if not isinstance(body, Mapping):
        return {}
    # A document's address may hold a link's token: only what stands before the query is kept.
    return {
        said: str(body[name]).partition("?")[0][:LONGEST]
        for name, said in NAMES.items()
        if name in body
    }
