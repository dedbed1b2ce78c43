"""Every state of every page passes the automatic WCAG 2.2 rules, in both themes (B-09)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.pages.axe_checks import READY, CheckedTab, check_page
from tests.support.pages.axe_rules import richest_first
from tests.support.pages.page_site import Site, opened
from tests.support.pages.render_pages import Page, pages
from tests.support.run_folder import once_per_run

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FRENCH = [page for page in pages(("dsfr",)) if page.language == "fr"]
OTHERS = [
    page
    for page in pages()
    if (page.language, page.theme) in (("en", "dsfr"), ("fr", "neutral"))
    and page.state.name
    in ("register-errors", "validation", "sign_in", "privacy", "enrol", "account", "terms")
]


def in_order() -> list[Page]:
    """All of them, `richest_first`."""
    shown = {page.name: page for page in [*FRENCH, *OTHERS]}
    names = once_per_run(
        "richest pages", lambda: [page.name for page in richest_first([*shown.values()])]
    )
    return [shown[name] for name in names]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def checked(site: Site, browser: Browser) -> AsyncIterator[CheckedTab]:
    """A new tab for each page would cost a second."""
    async with opened(site, browser) as tab:
        yield CheckedTab(tab)


@pytest.mark.parametrize("shown", in_order(), ids=lambda page: page.name)
async def test_ax_01_ax_07_wcag_in_both_themes(
    shown: Page, site: Site, checked: CheckedTab
) -> None:
    """No violation, light and dark; nothing spills at 320 px; a silent console (WF-03)."""
    tab = checked.tab
    await check_page(checked, site, shown.name)
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
