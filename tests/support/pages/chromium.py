"""Chromium as the tests start it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.pages import render_pages

CHROMIUM = Path("/usr/bin/chromium-headless-shell")
#: Timeout of every expectation, in milliseconds: a busy machine may need most of it.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


def require_browser() -> None:
    """Skip without a browser on a laptop; fail in CI."""
    if not (CHROMIUM.exists() and render_pages.DSFR.is_dir()):
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("the design system or Chromium is not installed")


#: The design system's script asks for the next frame for as long as a page is open, and each frame
#: is laid out and drawn, sixty a second: a page at rest takes a twentieth of a core. By a timer its
#: script runs half as often, and only what changes is drawn. Given to each context that runs
#: scripts.
FRAMES_BY_TIMER = """
window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 33);
window.cancelAnimationFrame = clearTimeout;
"""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def running() -> AsyncIterator[Browser]:
    """Chromium, with no profile and no page."""
    require_browser()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        await browser.close()
