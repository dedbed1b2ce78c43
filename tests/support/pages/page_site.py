"""Rendered pages, served with the portal's own content policy.

`site.answers` holds the answers to requests of scripts, `site.asked` records them. No part of the
gateway runs.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web
from playwright.async_api import Browser, ConsoleMessage, Error, Page

from services.gateway.http.security_headers import put_headers
from services.gateway.http.static_files import IMMUTABLE
from tests.support.pages.axe_rules import AXE_SOURCE, AXE_URL
from tests.support.pages.chromium import FRAMES_BY_TIMER

NONCE = "n" * 22


STREAMS = ("/inscription/validation/suivi", "/inscription/creation/suivi")


@dataclass
class Site:
    """The pages' address, the answers to scripts, their requests, and complaints."""

    url: str = ""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Clear what the last test set and recorded."""
        self.answers.clear()
        self.events.clear()
        self.asked.clear()
        self.complaints.clear()


def application(site: Site, folder: Path) -> web.Application:
    async def ask(request: web.Request) -> web.Response:
        body = await request.read()
        site.asked.append((request.path, json.loads(body) if body else {}))
        answer = site.answers.get(request.path)
        if answer is None:
            raise web.HTTPNotFound
        return web.json_response(answer)

    async def stream(request: web.Request) -> web.StreamResponse:
        if request.path not in site.events:
            raise web.HTTPServiceUnavailable
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for name, data in site.events[request.path]:
            await response.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        return response

    async def headers(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith("/static/"):
            # As the gateway serves them: a browser asks for each once and not with every page.
            response.headers[hdrs.CACHE_CONTROL] = IMMUTABLE
        put_headers(response, nonce=NONCE, secure=False)

    async def axe(_request: web.Request) -> web.Response:
        return web.Response(text=AXE_SOURCE, content_type="text/javascript")

    application = web.Application()
    application.on_response_prepare.append(headers)
    for path in STREAMS:
        application.router.add_get(path, stream)
    for asked in ("/inscription/{rest:.+}", "/informations/{rest:.+}", "/session/{rest:.+}"):
        application.router.add_route("*", asked, ask)
    application.router.add_get(AXE_URL, axe)
    application.router.add_static("/", folder)
    return application


@asynccontextmanager
async def opened(site: Site, browser: Browser) -> AsyncIterator[Page]:
    """A fresh browser profile; errors of its console are added to `site.complaints`."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    await context.add_init_script(FRAMES_BY_TIMER)
    page = await context.new_page()
    with watched(site, page):
        yield page
    await context.close()


@contextmanager
def watched(site: Site, page: Page) -> Iterator[None]:
    """For as long as this lasts, errors of the page's console are added to `site.complaints`."""

    def on_error(error: Error) -> None:
        site.complaints.append(str(error))

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            site.complaints.append(message.text)

    page.on("pageerror", on_error)
    page.on("console", on_console)
    try:
        yield
    finally:
        page.remove_listener("pageerror", on_error)
        page.remove_listener("console", on_console)
