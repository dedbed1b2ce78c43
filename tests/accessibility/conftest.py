"""Chromium in front of the rendered pages, served with the portal's own content policy.

Scripts find answers under the addresses they ask: `site.answers` holds them, `site.asked` notes
what was sent. Nothing of the gateway runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import hdrs, web
from playwright.async_api import Browser, Page, async_playwright

from services.gateway.http.security_headers import put_headers
from services.gateway.http.static_files import FOR_EVER
from tests.support import render_pages

CHROMIUM = Path("/usr/bin/chromium")


def require_browser() -> None:
    """Skip without a browser on a laptop; fail where checks run for everybody."""
    if not (CHROMIUM.exists() and render_pages.DSFR.is_dir()):
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("the design system or Chromium is not installed")


ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NONCE = "n" * 22
STREAMS = ("/inscription/validation/suivi", "/inscription/creation/suivi")


@dataclass
class Site:
    """The pages' address, what scripts will be answered, what they asked, what went wrong."""

    url: str = ""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Forget what the last test set and saw."""
        self.answers.clear()
        self.events.clear()
        self.asked.clear()
        self.complaints.clear()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Every state of every page, behind the content policy."""
    require_browser()
    folder = tmp_path_factory.mktemp("pages")
    render_pages.site(folder)
    site = Site()
    runner = web.AppRunner(_application(site, folder))
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    port = runner.addresses[0][1]
    site.url = f"http://127.0.0.1:{port}"
    yield site
    await runner.cleanup()


def _application(site: Site, folder: Path) -> web.Application:
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
            response.headers[hdrs.CACHE_CONTROL] = FOR_EVER
        put_headers(response, nonce=NONCE, secure=False)

    application = web.Application()
    application.on_response_prepare.append(headers)
    for path in STREAMS:
        application.router.add_get(path, stream)
    for asked in ("/inscription/{rest:.+}", "/informations/{rest:.+}", "/session/{rest:.+}"):
        application.router.add_route("*", asked, ask)
    application.router.add_static("/", folder)
    return application


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the run."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        await chromium.close()


@asynccontextmanager
async def opened(site: Site, browser: Browser) -> AsyncIterator[Page]:
    """A fresh browser profile; what its console complains about ends in `site.complaints`."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    page = await context.new_page()
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            site.complaints.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    yield page
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(site: Site, browser: Browser) -> AsyncIterator[Page]:
    """A browser profile of the test's own."""
    site.clear()
    async with opened(site, browser) as page:
        yield page
