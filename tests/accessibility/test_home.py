"""The home page by keyboard, at a phone's width and without scripts (AX-08, AX-12)."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.pages.axe_rules import SMALL_TARGETS, SPILL
from tests.support.pages.page_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"


async def _follow(page: Page, address: str) -> None:
    """Enter requests another page; the shown state stays."""
    async with page.expect_request(f"**{address}") as asked:
        await page.keyboard.press("Enter")
    assert (await asked.value).method == "GET"


async def _open(site: Site, page: Page, name: str) -> None:
    await page.route("**/accueil**", lambda route: route.fulfill(status=204))
    await page.goto(f"{site.url}/{name}.fr.html")
    await page.locator("html[data-fr-js]").wait_for(state="attached")


async def test_ax_08_arrows_move_among_the_tabs_and_enter_opens_one(site: Site, page: Page) -> None:
    await _open(site, page, "home-pages")
    tabs = page.locator("#onglets a")
    await tabs.first.focus()
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("End", 3),
        ("ArrowRight", 0),
        ("ArrowLeft", 3),
        ("Home", 0),
        ("Tab", 1),
        ("Control+ArrowRight", 1),
        ("ArrowDown", 1),
    ):
        await page.keyboard.press(key)
        await expect(tabs.nth(place)).to_be_focused()
    assert await page.evaluate(OUTLINE) != "none"
    await _follow(page, "/accueil?onglet=declarations-traitees&taille=10")
    assert site.complaints == []


async def test_ax_08_rows_are_sorted_searched_and_paged_by_the_keyboard(
    site: Site, page: Page
) -> None:
    """In the order of the page: search, file, titles, dossiers, pages."""
    await _open(site, page, "home-pages")
    await page.locator("#onglets a").last.focus()
    reached = []
    for _ in range(45):
        await page.keyboard.press("Tab")
        assert await page.evaluate(OUTLINE) != "none"
        reached.append(await page.evaluate("document.activeElement.textContent.trim()"))
        if reached[-1] == "Page suivante":
            break
    order = ["Rechercher", "Télécharger la liste (CSV)", "DEI-2026-000009", "Page précédente"]
    assert [name for name in reached if name in order] == order
    titles = [name for name in reached if name.endswith((" (trier)", " (inverser l'ordre)"))]
    assert len(titles) == 9
    await _follow(page, "/accueil?tri=medicament&page=6&taille=10")
    await page.get_by_role("link", name="N° de fiche").focus()
    await _follow(page, "/accueil?tri=fiche&taille=10")
    await page.get_by_role("searchbox").fill("doliprane 1 g")
    await _follow(
        page,
        "/accueil?onglet=declarations-deposees&recherche=doliprane+1+g&type=&statut="
        "&tri=medicament&sens=croissant&taille=10",
    )
    assert site.complaints == []


@pytest.mark.parametrize("name", ["home-rows", "home-to_validate", "home-pages"])
async def test_p_20_on_a_phone_the_first_dossier_begins_on_the_first_screen(
    site: Site, page: Page, name: str
) -> None:
    """Header and search are folded and open by a press; signing out stays in sight."""
    await page.set_viewport_size({"width": 375, "height": 812})
    await _open(site, page, name)
    top = await page.locator("main tbody tr").first.evaluate("row => row.getBoundingClientRect().y")
    assert top < 812
    menu, search = page.get_by_role("button", name="Menu"), page.get_by_role("searchbox")
    help_link = page.get_by_role("link", name="Aide et contacts")
    await expect(page.get_by_role("button", name="Se déconnecter")).to_be_in_viewport()
    await expect(help_link).to_be_hidden()
    await expect(search).to_be_hidden()
    for open_ in (True, False):
        await menu.click()
        await expect(menu).to_have_attribute("aria-expanded", str(open_).lower())
        await expect(help_link).to_be_visible(visible=open_)
    await page.get_by_text("Rechercher, filtrer, trier").click()
    await expect(search).to_be_visible()
    assert await page.evaluate(SPILL) == 0


@pytest.mark.parametrize(
    ("name", "width"), [("home-rows", 1280), ("home-no_match", 1280), ("home-no_match", 375)]
)
async def test_p_20_the_search_is_open_on_a_wide_page_and_after_a_search(
    site: Site, page: Page, name: str, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 812})
    await _open(site, page, name)
    await expect(page.get_by_role("searchbox")).to_be_visible()
    await expect(page.get_by_role("button", name="Menu")).to_be_visible(visible=width == 375)


async def test_p_20_without_scripts_the_header_is_whole_and_the_search_can_be_opened(
    site: Site, browser: Browser
) -> None:
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 375, "height": 812}
    )
    page = await context.new_page()
    await page.goto(f"{site.url}/home-rows.fr.html")
    await expect(page.get_by_role("link", name="Aide et contacts")).to_be_visible()
    await expect(page.get_by_role("button", name="Menu")).to_be_hidden()
    await page.get_by_text("Rechercher, filtrer, trier").click()
    await expect(page.get_by_role("searchbox")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("name", ["home-pages", "home-hostile"])
async def test_ax_12_on_a_phone_rows_are_cards_without_scripts(
    site: Site, browser: Browser, name: str
) -> None:
    """Nothing spills; each value is below its title; a list selects the order."""
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 375, "height": 800}
    )
    page = await context.new_page()
    await page.goto(f"{site.url}/{name}.fr.html")
    assert await page.evaluate(SPILL) == 0
    assert await page.evaluate(SMALL_TARGETS) == []
    await expect(page.locator("main thead")).to_be_hidden()
    if not await page.get_by_role("searchbox").is_visible():
        await page.get_by_text("Rechercher, filtrer, trier").click()
    await expect(page.get_by_role("combobox", name="Trier par")).to_be_visible()
    table = page.get_by_role("table", name="Mes déclarations déposées")
    cells = table.get_by_role("row").first.locator("td")
    shown = [await cell.is_visible() for cell in await cells.all()]
    assert shown == [
        await cell.get_by_text("–", exact=True).count() == 0 for cell in await cells.all()
    ]
    await expect(table.get_by_role("rowheader").first).to_be_visible()
    label = "getComputedStyle(document.querySelector('main tbody th'), '::before').content"
    assert await page.evaluate(label) == '"N° de fiche"'
    await page.set_viewport_size({"width": 1280, "height": 800})
    await expect(page.get_by_role("combobox", name="Trier par")).to_be_hidden()
    assert await page.evaluate(SPILL) == 0
    await context.close()
