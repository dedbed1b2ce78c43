"""Every state of every page passes the automatic WCAG 2.2 rules, in both themes (B-09)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from playwright.async_api import Page as Tab

from tests.support.pages.axe_rules import (
    AXE,
    CONTRAST,
    MISPLACED_HINTS,
    SMALL_TARGETS,
    SPILL,
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


@dataclass
class Tabs:
    """Two tabs for all pages, light and dark; nothing is kept between pages."""

    light: Tab
    dark: Tab
    checker: PageChecker = field(default_factory=PageChecker)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tabs(site: Site, browser: Browser) -> AsyncIterator[Tabs]:
    """A new tab for each page would cost a second, another theme in the same tab half of one."""
    async with opened(site, browser) as light, opened(site, browser) as dark:
        for tab, scheme in ((light, "light"), (dark, "dark")):
            await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            # Given by the debugger's protocol: the content policy stays in force.
            await tab.add_init_script(path=AXE)
        yield Tabs(light, dark)


@pytest.mark.parametrize("shown", richest_first([*FRENCH, *OTHERS]), ids=lambda page: page.name)
async def test_ax_01_ax_07_wcag_in_both_themes(shown: Page, site: Site, tabs: Tabs) -> None:
    """No violation, light and dark; nothing spills at 320 px; a silent console (WF-03)."""
    site.clear()
    tab = tabs.light
    await tab.set_viewport_size({"width": 1280, "height": 900})
    await tab.goto(f"{site.url}/{shown.name}")
    await _scripts_have_run(tab, "light")
    found, new = await tabs.checker.look(tab)
    assert found == []
    assert await tab.evaluate(SMALL_TARGETS) == []
    assert await tab.evaluate(MISPLACED_HINTS) == []
    await tab.set_viewport_size({"width": 320, "height": 640})
    assert await tab.evaluate(SPILL) == 0
    assert await tab.evaluate(SMALL_TARGETS) == []
    if new:
        # The other theme changes colours and nothing else.
        await tabs.dark.goto(f"{site.url}/{shown.name}")
        await _scripts_have_run(tabs.dark, "dark")
        assert await violations(tabs.dark, {"runOnly": CONTRAST}) == []
    assert site.complaints == []


async def _scripts_have_run(tab: Tab, theme: str) -> None:
    await tab.locator(f"html[data-fr-theme={theme}][data-fr-js]").wait_for(state="attached")


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
