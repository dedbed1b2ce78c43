"""Real pages and error states of the journey: WCAG rules, 320 px, targets, the dialog."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.accessibility.rules import AXE, SMALL_TARGETS, SPILL, Judge
from tests.integration.gateway.conftest import PASSWORD
from tests.journeys.conftest import Portal, Visit
from tests.journeys.visitor import Visitor
from tests.support import eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="session"),
]

JUDGE = Judge()
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
AXE_SOURCE = AXE.read_text("utf-8") if AXE.exists() else ""


async def look(page: Page) -> None:
    """AX-01 by the automatic rules, AX-07 at 320 px, AX-10; a language and one first heading."""
    await expect(page.locator("html[data-fr-js]")).to_be_attached()
    await page.evaluate(AXE_SOURCE)
    where = page.url
    found, _new = await JUDGE.look(page)
    assert found == [], where
    assert await page.locator("h1").count() == 1, where
    assert await page.evaluate(SMALL_TARGETS) == [], where
    await page.set_viewport_size(NARROW)
    assert await page.evaluate(SPILL) == 0, where
    assert await page.evaluate(SMALL_TARGETS) == [], where
    await page.set_viewport_size(WIDE)


async def test_ax_01_ax_07_ax_10_on_the_pages_of_the_journey(
    portal: Portal, visit: Visit, address: str
) -> None:
    """Every page and error that one person meets on the way."""
    visitor = await visit()
    page = visitor.page
    await visitor.open("/")
    await look(page)
    await visitor.open("/inscription")
    await look(page)
    await _errors_of_the_form(visitor)
    await visitor.open("/inscription")
    await visitor.fill(address)
    await visitor.press("continue")
    await visitor.at("validation")
    letter = await portal.post.letter(address)
    await expect(page.locator("#message")).to_have_attribute("data-state", "accepted")
    await look(page)
    await visitor.give_code("12")
    await expect(page.locator("#erreurs")).to_be_focused()
    await look(page)
    await visitor.give_code(f"{(int(letter.code) + 1) % 1_000_000:06}")
    await expect(page.locator("#alerte")).to_be_focused()
    await look(page)
    await visitor.open("/")
    await expect(page.locator("#reprise")).to_be_visible()
    await look(page)
    for path in ("/inscription/adresse", "/inscription/annuler", letter.link):
        await visitor.open(path)
        await look(page)
    await visitor.press("confirm")
    await visitor.at("verified")
    await look(page)
    await visitor.press("continue")
    await visitor.at("terms")
    await look(page)
    await visitor.press("continue")
    await expect(page.locator("#erreurs")).to_be_focused()
    await look(page)
    await visitor.accept()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("link")).to_be_visible()
    settled = "document.getAnimations().length === 0"
    await eventually(lambda: page.evaluate(settled), why="the dialog stands still")
    await look(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await look(page)
    await portal.post.message(address, 2)


async def _errors_of_the_form(visitor: Visitor) -> None:
    """Bad input in every field, all told at once, what was typed kept, the password not."""
    page = visitor.page
    await page.locator("#last_name").fill("x" * 101)
    await page.locator("#address").fill("pierre")
    await page.locator("#password").fill(PASSWORD)
    await visitor.press("continue")
    await expect(page.locator("#erreurs")).to_be_focused()
    await expect(page.locator("#erreurs li")).to_have_count(3)
    await expect(page.locator("#last_name")).to_have_value("x" * 101)
    await expect(page.locator("#password")).to_have_value("")
    assert PASSWORD not in await page.content()
    await look(page)


PUBLIC = [
    "/connexion",
    "/aide",
    "/aide/creation-de-compte",
    "/aide/nouveau-telephone",
    "/aide/glossaire",
    "/mot-de-passe-oublie",
    "/telephone-perdu",
    "/conditions",
    "/donnees-personnelles",
    "/accessibilite",
    "/plan",
    "/mentions-legales",
    "/n-existe-pas",
    "/inscription/lien?jeton=abc",
]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_ax_01_ax_07_ax_10_on_the_other_pages(visit: Visit, language: str) -> None:
    """Help, legal pages, sign-in, errors."""
    visitor = await visit(language=language)
    page = visitor.page
    for path in PUBLIC if language == "fr" else PUBLIC[:1] + PUBLIC[-2:]:
        await visitor.open(path)
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await look(page)
    await visitor.open("/connexion")
    await page.locator("#address").fill("nobody@pharmacie.example.fr")
    await page.locator("#password").fill(PASSWORD)
    await visitor.press("sign_in")
    await expect(page.locator("#alerte")).to_be_focused()
    await expect(page.locator("#address")).to_have_value("nobody@pharmacie.example.fr")
    await expect(page.locator("#password")).to_have_value("")
    await look(page)


async def test_ax_09_g_14_the_creation_dialog_takes_and_gives_back_the_focus(
    portal: Portal, visit: Visit, address: str
) -> None:
    """Named, holds the focus, Escape closes it; its button opens it again and gets the focus."""
    visitor = await visit()
    page = visitor.page
    await visitor.ask(address)
    await visitor.give_code((await portal.post.letter(address)).code)
    await visitor.at("verified")
    await visitor.press("continue")
    await visitor.at("terms")
    await visitor.accept()
    dialog = page.get_by_role("dialog", name="Création de votre compte")
    await expect(dialog).to_be_visible()
    inside = "document.getElementById('creation').contains(document.activeElement)"
    for _ in range(4):
        await eventually(lambda: page.evaluate(inside), why="the focus is in the dialog")
        await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    opener = page.get_by_role("button", name="Revoir l'avancement")
    await expect(opener).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    assert len(visitor.context.pages) == 1
    await portal.post.message(address, 2)


async def test_se_12_gd_04_the_theme_is_all_that_is_kept(visit: Visit) -> None:
    """Chosen, kept over a reload, under the design system's one key."""
    visitor = await visit()
    page = visitor.page
    await visitor.open("/connexion")
    await page.get_by_role("button", name="Paramètres d'affichage").click()
    await page.locator("label[for=fr-radios-theme-dark]").click()
    await expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
    assert await page.evaluate("Object.keys(localStorage)") == ["scheme"]
