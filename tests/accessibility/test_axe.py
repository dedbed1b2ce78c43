"""Every state of every page passes the automatic WCAG 2.2 rules, in both themes (B-09)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from playwright.async_api import Page as Tab

from tests.accessibility.conftest import Site, opened
from tests.support.render_pages import PROJECT, Page, pages

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = PROJECT / "node_modules/axe-core/axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FRENCH = [page for page in pages(("dsfr",)) if page.language == "fr"]
OTHERS = [
    page
    for page in pages()
    if (page.language, page.theme) in (("en", "dsfr"), ("fr", "neutral"))
    and page.state.name
    in ("register-errors", "validation", "sign_in", "privacy", "enrol", "account")
]
#: Targets smaller than 24 px that are neither in a sentence nor hidden (AX-10).
SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden])")]
  .filter((element) => element.checkVisibility({visibilityProperty: true, opacityProperty: true}))
  .filter((element) => getComputedStyle(element).display !== "inline")
  .filter((element) => !element.matches(".fr-sr-only, .fr-skiplinks *"))
  .map((element) => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.width < 23.5 || box.height < 23.5))
  .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
#: Waiting by a predicate would need eval, which the content policy forbids. What inherits a colour
#: that fades begins to fade when that has ended, so it is asked until nothing moves.
#: The end of one transition may begin another (an inherited colour), so it looks until none runs.
SETTLED = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let still = 0; still < 2;) {
    await frame();
    await frame();
    const running = document.getAnimations();
    await Promise.allSettled(running.map((animation) => animation.finished));
    still = running.length ? 0 : still + 1;
  }
}"""
SPILL = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def _violations(tab: Tab, rules: dict[str, Any]) -> list[str]:
    found: dict[str, Any] = await tab.evaluate(
        "(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tab(site: Site, browser: Browser) -> AsyncIterator[Tab]:
    """One tab for all pages: nothing is kept between them, and a new one costs a second."""
    async with opened(site, browser) as tab:
        # Given by the debugger's protocol: the content policy stays in force.
        await tab.add_init_script(path=AXE)
        yield tab


@pytest.mark.parametrize("shown", [*FRENCH, *OTHERS], ids=lambda page: page.name)
async def test_ax_01_ax_07_wcag_in_both_themes(shown: Page, site: Site, tab: Tab) -> None:
    """No violation, light and dark; nothing spills at 320 px; a silent console (WF-03)."""
    site.clear()
    await tab.set_viewport_size({"width": 1280, "height": 900})
    await tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    await tab.goto(f"{site.url}/{shown.name}")
    await tab.locator("html[data-fr-theme=light][data-fr-js]").wait_for(state="attached")
    assert await _violations(tab, {"type": "tag", "values": LEVELS}) == []
    assert await tab.evaluate(SMALL_TARGETS) == []
    await tab.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await tab.locator("html[data-fr-theme=dark]").wait_for(state="attached")
    await tab.evaluate(SETTLED)
    # The other theme changes colours and nothing else.
    assert await _violations(tab, {"type": "rule", "values": ["color-contrast"]}) == []
    await tab.set_viewport_size({"width": 320, "height": 640})
    assert await tab.evaluate(SPILL) == 0
    assert await tab.evaluate(SMALL_TARGETS) == []
    assert site.complaints == []


async def test_g_51_a_dark_device_gets_dark_pages_without_scripts(
    site: Site, browser: Browser
) -> None:
    """The design system names the theme by script; without one the style sheet follows alone."""
    context = await browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = await context.new_page()
    await page.goto(f"{site.url}/register-errors.fr.html")
    shown = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(shown) == "rgb(22, 22, 22)"
    assert await page.evaluate("document.documentElement.hasAttribute('data-fr-theme')") is False
    await page.emulate_media(color_scheme="light")
    assert await page.evaluate(shown) == "rgb(255, 255, 255)"
    await context.close()
