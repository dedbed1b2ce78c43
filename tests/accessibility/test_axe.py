"""Every state of every page passes the automatic WCAG 2.2 rules, in both themes (B-09)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.pages.axe_checks import READY, CheckedTab, check_page
from tests.support.pages.axe_rules import LOOKS, PageChecker, richest_first
from tests.support.pages.page_site import Site, opened
from tests.support.pages.render_pages import Page, pages, render
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
        "pages", lambda: richest_first({name: render(page) for name, page in shown.items()})
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
        checked.ready = False
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


#: Mistakes in what is new on a page, or in the element around it.
WRONG = {
    "image-alt": ("main", "<p><img src='data:,'></p>"),
    "label": ("main", "<p><input></p>"),
    "link-name": ("main li", "<a href='/'></a>"),
    "list": ("main ul", "<div>Text</div>"),
}
INSERT = "([place, html]) => document.querySelector(place).insertAdjacentHTML('beforeend', html)"


@pytest.mark.parametrize("rule", WRONG)
async def test_ax_01_what_is_new_on_a_page_is_checked_and_nothing_is_checked_twice(
    site: Site, browser: Browser, rule: str
) -> None:
    checker = PageChecker()
    async with opened(site, browser) as tab:
        await tab.goto(f"{site.url}/help.fr.html")
        assert await checker.look(tab) == []
        await tab.evaluate(INSERT, ["footer", "<p><img src='data:,'></p>"])
        checker.passed(await tab.evaluate(LOOKS, []))
        await tab.evaluate(INSERT, list(WRONG[rule]))
        (found,) = await checker.look(tab)
        assert found.startswith(f"{rule}: ")
