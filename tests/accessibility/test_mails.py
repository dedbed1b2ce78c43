"""The mails as a browser shows them: both themes, a phone's width and a desk's (EM-13, G-51)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.support.mail.sample_mails import KINDS, html_of
from tests.support.pages.axe_rules import AXE_SOURCE, CONTRAST, LOOKS, PageChecker

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Landmarks belong to pages; a mail is shown inside a page of a mail program.
NOT_FOR_MAILS = ["region", "landmark-one-main"]
RULES = {
    "runOnly": {"type": "tag", "values": LEVELS},
    "rules": {name: {"enabled": False} for name in NOT_FOR_MAILS},
}
SPILL = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LONG_ADDRESS = "prenom.nom-compose-tres-long.pharmacie-centrale@laboratoires-exemple.example"
#: The background of each theme, and the rules: the dark one changes colours and nothing else.
THEMES = {
    "light": ("rgb(244, 245, 249)", RULES),
    "dark": ("rgb(20, 21, 28)", {"runOnly": CONTRAST}),
}


async def _violations(page: Page, rules: dict[str, Any]) -> list[str]:
    found = await page.evaluate("(rules) => axe.run(document, rules)", rules)
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """One tab for all mails: each replaces the previous one."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.evaluate(AXE_SOURCE)
    yield page
    await context.close()


@pytest.fixture(scope="module")
def checker() -> PageChecker:
    """Mails are made of the same few parts: the rules run where one of them is new."""
    return PageChecker()


@pytest.mark.parametrize(("template", "language"), KINDS)
async def test_em_13_mails_read_well_in_both_themes_and_widths(
    template: str, language: str, page: Page, checker: PageChecker
) -> None:
    """No WCAG violation, contrast included; nothing spills; nothing is fetched."""
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    await page.emulate_media(color_scheme="light")
    await page.set_content(html_of(template, language, address=LONG_ADDRESS))
    for width in (320, 375, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(SPILL) == 0, width
    fresh = checker.new(await page.evaluate(LOOKS, ["style"]))
    for scheme, (ground, rules) in THEMES.items():
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        shown = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert shown == ground
        if fresh:
            assert await _violations(page, rules) == []
    checker.passed(fresh)
    assert fetched == []
