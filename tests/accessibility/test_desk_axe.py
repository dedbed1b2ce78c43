"""Every state of the desk's pages passes the automatic WCAG 2.2 rules; shortcuts only move."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Tab

from services.gateway.desk.resources import STATIC
from tests.support.pages.axe_checks import CheckedTab, check_page
from tests.support.pages.axe_rules import richest_first
from tests.support.pages.chromium import require_browser
from tests.support.pages.desk_states import STATES, render
from tests.support.pages.page_site import Site, application, opened
from tests.support.pages.render_pages import write_static
from tests.support.run_folder import once_per_run

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def in_order() -> list[str]:
    """The names of the states, `richest_first`."""
    return once_per_run(
        "desk pages", lambda: richest_first({state.name: render(state) for state in STATES})
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Every state of the desk's pages, behind the content policy."""
    require_browser()
    folder = tmp_path_factory.mktemp("desk-pages")
    write_static(folder, STATIC)
    for state in STATES:
        (folder / f"{state.name}.html").write_text(render(state), "utf-8")
    made = Site()
    runner = web.AppRunner(application(made, folder))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def checked(site: Site, browser: Browser) -> AsyncIterator[CheckedTab]:
    """One tab for all pages."""
    async with opened(site, browser) as tab:
        yield CheckedTab(tab)


@pytest.mark.parametrize("name", in_order())
async def test_ax_01_ax_07_wcag_in_both_themes(name: str, site: Site, checked: CheckedTab) -> None:
    await check_page(checked, site, f"{name}.html")
    assert site.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def account(site: Site, browser: Browser) -> AsyncIterator[Tab]:
    """The page of an agent who chose shortcuts."""
    site.clear()
    async with opened(site, browser) as tab:
        await tab.goto(f"{site.url}/desk-account-keys.html")
        await expect(tab.locator("html")).to_have_attribute("data-impex-js", "true")
        yield tab


async def test_a_letter_moves_the_focus_or_opens_a_page_and_never_acts(account: Tab) -> None:
    search = account.locator("#search")
    await account.keyboard.press("c")
    await expect(search).to_be_focused()
    await account.keyboard.type("dak?")
    await expect(search).to_have_value("dak?")  # in a field letters are text
    await account.locator("h1").click()
    await account.keyboard.press("Control+d")
    await account.keyboard.press("Alt+a")
    assert account.url.endswith("/desk-account-keys.html")
    async with account.expect_request("**/requests") as asked:
        await account.keyboard.press("D")
    assert (await asked.value).method == "GET"


async def test_the_list_of_keys_opens_and_closes(account: Tab) -> None:
    dialog = account.locator("#raccourcis")
    await account.keyboard.press("?")
    await expect(dialog).to_be_visible()
    await account.keyboard.press("c")
    await expect(account.locator("#search")).not_to_be_focused()  # not behind a dialog
    await account.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_without_the_choice_letters_do_nothing(site: Site, browser: Browser) -> None:
    async with opened(site, browser) as tab:
        await tab.goto(f"{site.url}/desk-account.html")
        await expect(tab.locator("html")).to_have_attribute("data-impex-js", "true")
        await tab.keyboard.press("c")
        await expect(tab.locator("#search")).not_to_be_focused()
        assert await tab.locator("#raccourcis").count() == 0


async def test_the_dialog_of_idleness_opens_at_thirteen_minutes(
    site: Site, browser: Browser
) -> None:
    """Two minutes before the fifteen are over, by the server's time."""
    async with opened(site, browser) as tab:
        await tab.clock.install()
        await tab.goto(f"{site.url}/desk-account.html")
        await expect(tab.locator("html")).to_have_attribute("data-impex-js", "true")
        site.answers["/session/etat"] = {"left": 120, "extend": True}
        await tab.clock.fast_forward("12:50")
        await expect(tab.locator("#fin")).to_be_hidden()
        await tab.clock.fast_forward("00:15")
        await expect(tab.locator("#fin")).to_be_visible()
        await expect(tab.locator("#fin-prolonger button")).to_be_visible()
