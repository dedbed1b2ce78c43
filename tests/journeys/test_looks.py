"""Real pages and error states of the journey: WCAG rules, 320 px, targets, the dialog."""

import pytest
from playwright.async_api import Page, expect

from tests.support import eventually
from tests.support.actors.chromium_user import ChromiumUser
from tests.support.pages.axe_rules import SMALL_TARGETS, SPILL, PageChecker
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

CHECKER = PageChecker()
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
STILL = """async () => {
  do await new Promise(requestAnimationFrame); while (document.getAnimations().length);
}"""


async def look(page: Page) -> None:
    """AX-01 by the automatic rules, AX-07 at 320 px, AX-10; a language and one first heading."""
    await expect(page.locator("html[data-fr-js]")).to_be_attached()
    where = page.url
    assert await CHECKER.look(page) == [], where
    assert await page.locator("h1").count() == 1, where
    assert await page.evaluate(SMALL_TARGETS) == [], where
    await page.set_viewport_size(NARROW)
    assert await page.evaluate(SPILL) == 0, where
    assert await page.evaluate(SMALL_TARGETS) == [], where
    await page.set_viewport_size(WIDE)
    # The next click would miss what the new size still moves.
    await page.evaluate(STILL)


async def test_ax_01_ax_07_ax_10_on_the_pages_of_the_journey(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """Every page and error that one person meets on the way."""
    user = await new_user()
    page = user.page
    await user.open("/")
    await look(page)
    await user.open("/inscription")
    await look(page)
    await _errors_of_the_form(user)
    await user.open("/inscription")
    await user.fill(address)
    await user.press("continue")
    await user.at("validation")
    mail = await portal.mail.validation_mail(address)
    await expect(page.locator("#message")).to_have_attribute("data-state", "accepted")
    await look(page)
    await user.give_code("12")
    await expect(page.locator("#erreurs")).to_be_focused()
    await look(page)
    await user.give_code(f"{(int(mail.code) + 1) % 1_000_000:06}")
    await expect(page.locator("#alerte")).to_be_focused()
    await look(page)
    await user.open("/")
    await expect(page.locator("#reprise")).to_be_visible()
    await look(page)
    for path in ("/inscription/adresse", "/inscription/annuler", mail.link):
        await user.open(path)
        await look(page)
    await user.press("confirm")
    await user.at("verified")
    await look(page)
    await user.press("continue")
    await user.at("terms")
    await look(page)
    await user.press("continue")
    await expect(page.locator("#erreurs")).to_be_focused()
    await look(page)
    await user.accept()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("link")).to_be_visible()
    still = "document.getAnimations().length === 0"
    await eventually(lambda: page.evaluate(still), why="the dialog stops moving")
    await look(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await look(page)
    await portal.mail.message(address, 2)


async def _errors_of_the_form(user: ChromiumUser) -> None:
    """Invalid input in every field, all errors at once, input preserved except the password."""
    page = user.page
    await page.locator("#last_name").fill("x" * 101)
    await page.locator("#address").fill("pierre")
    await page.locator("#password").fill(PASSWORD)
    await user.press("continue")
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
async def test_ax_01_ax_07_ax_10_on_the_other_pages(new_user: NewUser, language: str) -> None:
    """Help, legal pages, sign-in, errors."""
    user = await new_user(language=language)
    page = user.page
    for path in PUBLIC if language == "fr" else PUBLIC[:1] + PUBLIC[-2:]:
        await user.open(path)
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await look(page)
    await user.open("/connexion")
    await page.locator("#address").fill("nobody@pharmacie.example.fr")
    await page.locator("#password").fill(PASSWORD)
    await user.press("sign_in")
    await expect(page.locator("#alerte")).to_be_focused()
    await expect(page.locator("#address")).to_have_value("nobody@pharmacie.example.fr")
    await expect(page.locator("#password")).to_have_value("")
    await look(page)


async def test_ax_09_g_14_the_creation_dialog_takes_and_gives_back_the_focus(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """Named, holds the focus, Escape closes it; its button opens it again and gets the focus."""
    user = await new_user()
    page = user.page
    await user.ask(address)
    await user.give_code((await portal.mail.validation_mail(address)).code)
    await user.at("verified")
    await user.press("continue")
    await user.at("terms")
    await user.accept()
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
    assert len(user.context.pages) == 1
    await portal.mail.message(address, 2)


async def test_se_12_gd_04_only_the_theme_is_stored(new_user: NewUser) -> None:
    """The choice survives a reload, under the design system's only key."""
    user = await new_user()
    page = user.page
    await user.open("/connexion")
    await page.get_by_role("button", name="Paramètres d'affichage").click()
    await page.locator("label[for=fr-radios-theme-dark]").click()
    await expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
    assert await page.evaluate("Object.keys(localStorage)") == ["scheme"]
