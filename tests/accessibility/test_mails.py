"""The mails as a browser shows them: both themes, a phone's width and a desk's (EM-13, G-51)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.support.mail.sample_mails import KINDS, html_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Landmarks belong to pages; a mail is shown inside a page of a mail program.
NOT_FOR_MAILS = ["region", "landmark-one-main"]
SPILL = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LONG_ADDRESS = "prenom.nom-compose-tres-long.pharmacie-centrale@laboratoires-exemple.example"


GROUNDS = {"light": "rgb(244, 245, 249)", "dark": "rgb(20, 21, 28)"}


async def _violations(page: Page) -> list[str]:
    found = await page.evaluate(
        "([tags, off]) => axe.run(document, {runOnly: {type: 'tag', values: tags},"
        " rules: Object.fromEntries(off.map((id) => [id, {enabled: false}]))})",
        [RULES, NOT_FOR_MAILS],
    )
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """One tab for all mails: each replaces the previous one."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.evaluate(AXE.read_text("utf-8"))
    yield page
    await context.close()


@pytest.mark.parametrize(("template", "language"), KINDS)
async def test_em_13_mails_read_well_in_both_themes_and_widths(
    template: str, language: str, page: Page
) -> None:
    """No WCAG violation, contrast included; nothing spills; nothing is fetched."""
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    await page.emulate_media(color_scheme="light")
    await page.set_content(html_of(template, language, address=LONG_ADDRESS))
    for width in (320, 375, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(SPILL) == 0, width
    for scheme, ground in GROUNDS.items():
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        shown = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert shown == ground
        assert await _violations(page) == []
    assert fetched == []
