"""Chromium in front of the rendered pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page

from tests.support.actors.chromium_profiles import Profiles
from tests.support.pages import render_pages
from tests.support.pages.chromium import require_browser
from tests.support.pages.page_site import Site, application, watched


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Every state of every page, behind the content policy."""
    require_browser()
    folder = tmp_path_factory.mktemp("pages")
    render_pages.site(folder)
    site = Site()
    runner = web.AppRunner(application(site, folder))
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    port = runner.addresses[0][1]
    site.url = f"http://127.0.0.1:{port}"
    yield site
    await runner.cleanup()


@pytest.fixture(scope="session")
def profiles(browser: Browser) -> Profiles:
    """Each test gets a profile of its own, in which things move as on most devices."""
    return Profiles(browser, reduced_motion="no-preference")


@pytest_asyncio.fixture(loop_scope="session")
async def page(site: Site, profiles: Profiles) -> AsyncIterator[Page]:
    """A tab in which nothing was visited; errors of its console are added to `site.complaints`."""
    site.clear()
    profile = await profiles.take("fr", True, {})
    with watched(site, profile.page):
        yield profile.page
    await profiles.give_back(profile)
