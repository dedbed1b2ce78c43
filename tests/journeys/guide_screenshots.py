"""Takes the pictures of the agents' guide, of its pages with invented data, in both languages.

`python -m pytest -q tests/journeys/guide_screenshots.py` replaces each picture whose screen has
changed, with its note; delete a picture to take it anyway. It is no test, and no run of the tests
includes it.
"""

from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser

from services.gateway.desk.resources import STATIC
from services.gateway.portal.screenshots import SCALE
from shared.i18n.catalogue import LANGUAGES
from tests.support.pages.camera import Camera
from tests.support.pages.chromium import require_browser
from tests.support.pages.help_catalogue import GUIDE
from tests.support.pages.page_site import Site, application
from tests.support.pages.render_pages import write_static

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: Narrow enough for the text of a wide page to be read in the guide.
WINDOW = {"width": 1000, "height": 900}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_pictures_of_the_guide_are_taken(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    require_browser()
    write_static(tmp_path, STATIC)
    for picture in GUIDE.pictures:
        html = GUIDE.render(picture.state, language)
        (tmp_path / f"{picture.name}.html").write_text(html, "utf-8")
    runner = web.AppRunner(application(Site(), tmp_path))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    context = await browser.new_context(
        viewport=WINDOW,  # type: ignore[arg-type]
        device_scale_factor=SCALE,
        color_scheme="light",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    for picture in GUIDE.pictures:
        await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/{picture.name}.html")
        await Camera(GUIDE, page, language).take(picture.name, page.locator("main"), around=0)
    await context.close()
    await runner.cleanup()
    assert set(GUIDE.notes()[language]) == {one.name for one in GUIDE.pictures}
