"""Every state of every page passes the automatic WCAG 2.2 rules, in both themes (B-09)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from playwright.async_api import Page as Tab

from tests.support.pages.axe_rules import (
    AXE_SOURCE,
    CONTRAST,
    LEVELS,
    LOOKS,
    MISPLACED_HINTS,
    SMALL_TARGETS,
    SPILL,
    STATES,
    PageChecker,
    richest_first,
    violations,
)
from tests.support.pages.page_site import Site, opened
from tests.support.pages.render_pages import Page, pages

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FRENCH = [page for page in pages(("dsfr",)) if page.language == "fr"]
OTHERS = [
    page
    for page in pages()
    if (page.language, page.theme) in (("en", "dsfr"), ("fr", "neutral"))
    and page.state.name
    in ("register-errors", "validation", "sign_in", "privacy", "enrol", "account", "terms")
]


#: Once its scripts have run in this theme. A locator would bring a script of its own to each page.
READY = """async (theme) => {
  const end = performance.now() + 60_000;
  while (!document.documentElement.matches(`[data-fr-theme=${theme}][data-fr-js]`)) {
    if (performance.now() > end) throw new Error(`the page's scripts have not set ${theme}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}"""
#: What is asked of a page at 320 px, and at 1280 px, in one call each.
NARROW = f"""async (states) => {{
  await ({READY})("light");
  return [({LOOKS})(states), {SPILL}, ({SMALL_TARGETS})(), ({MISPLACED_HINTS})()];
}}"""
WIDE = f"() => [{SPILL}, ({SMALL_TARGETS})(), ({MISPLACED_HINTS})()]"
#: Another width or theme would lay out once more the page that the last test has left.
REMOVE_PAGE = "document.documentElement.replaceChildren()"


@dataclass
class CheckedTab:
    """One tab for all pages; each page replaces the previous one."""

    tab: Tab
    checker: PageChecker = field(default_factory=PageChecker)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def checked(site: Site, browser: Browser) -> AsyncIterator[CheckedTab]:
    """A new tab for each page would cost a second."""
    async with opened(site, browser) as tab:
        yield CheckedTab(tab)


@pytest.mark.parametrize("shown", richest_first([*FRENCH, *OTHERS]), ids=lambda page: page.name)
async def test_ax_01_ax_07_wcag_in_both_themes(
    shown: Page, site: Site, checked: CheckedTab
) -> None:
    """No violation, light and dark; nothing spills at 320 px; a silent console (WF-03)."""
    tab = checked.tab
    await tab.evaluate(REMOVE_PAGE)
    await tab.set_viewport_size({"width": 320, "height": 640})
    await tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    site.clear()
    await tab.goto(f"{site.url}/{shown.name}")
    looks, *found = await tab.evaluate(NARROW, STATES)
    assert found == [0, [], []]
    if checked.checker.has_new(looks):
        await tab.set_viewport_size({"width": 1280, "height": 900})
        assert await tab.evaluate(WIDE) == [0, [], []]
        # Given by the debugger's protocol: the content policy stays in force.
        await tab.evaluate(AXE_SOURCE)
        assert await violations(tab, {"runOnly": LEVELS}) == []
        # The other theme changes colours and nothing else.
        await tab.emulate_media(color_scheme="dark")
        await tab.evaluate(READY, "dark")
        assert await violations(tab, {"runOnly": CONTRAST}) == []
        checked.checker.passed(looks)
    if shown in OTHERS:
        # Loaded in dark, a page sets its theme before it is first drawn.
        await tab.emulate_media(color_scheme="dark")
        await tab.reload()
        await tab.evaluate(READY, "dark")
    assert site.complaints == []


async def test_g_51_a_dark_device_gets_dark_pages_without_scripts(
    site: Site, browser: Browser
) -> None:
    """A script sets the theme; without scripts the style sheet follows the device."""
    context = await browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = await context.new_page()
    await page.goto(f"{site.url}/register-errors.fr.html")
    shown = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(shown) == "rgb(22, 22, 22)"
    assert await page.evaluate("document.documentElement.hasAttribute('data-fr-theme')") is False
    await page.emulate_media(color_scheme="light")
    assert await page.evaluate(shown) == "rgb(255, 255, 255)"
    await context.close()
