"""The complementary information in Chromium: a pharmacy by keyboard, a laboratory on a phone."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.actors.chromium_account_holder import ChromiumAccountHolder
from tests.support.actors.chromium_user import tick
from tests.support.pages.information_states import BELGIAN
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]


async def _reach(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(60):
        if await target.evaluate("(one) => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {target}")


async def _choose(page: Page, name: str, letters: str) -> None:
    await _reach(page, page.locator(f"#{name}"))
    await page.keyboard.type(letters)


async def test_g_30_g_34_g_35_ax_09_a_french_pharmacy_by_the_keyboard_alone(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """From the landing to the home page: errors, the dialog closed and opened again, confirmed."""
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    user, page = holder.user, holder.user.page
    await holder.join()
    await user.at("information")
    await _reach(page, user.button("validate"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#erreurs")).to_be_focused()
    assert (await page.title()).startswith("Erreur")
    await _choose(page, "phone", "0155874090")
    await _choose(page, "position", "Pharmacien Responsable")
    await _choose(page, "siret", "73282932000074")
    await expect(page.locator("#siret-etat")).to_contain_text("Numéro exact")
    await _choose(page, "company_name", "Pharmacie des Lilas")
    await _choose(page, "establishment_type", "Pharmacie")
    await _choose(page, "address", "12 rue de l'Égalité")
    await _choose(page, "postal_code", "93260")
    await _choose(page, "city", "Les Lilas")
    await _reach(page, page.locator("#terms"))
    await page.keyboard.press("Space")
    await _reach(page, user.button("validate"))
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Confirmer la validation de vos informations")
    await expect(dialog).to_contain_text("732 829 320 00074")
    await page.keyboard.press("Escape")
    await expect(user.button("validate")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()
    await _reach(page, dialog.get_by_role("button", name="Confirmer la validation"))
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("Informations validées.")
    await user.switch_language()
    await page.go_back()
    await user.open("/informations")
    await expect(page.locator("main")).to_contain_text("ne sont plus modifiables directement")
    await user.open("/accueil")
    await expect(page.locator("main")).not_to_contain_text("Il vous reste à valider")
    await user.sign_out()
    holder.validated = True
    await holder.sign_in()


async def test_si_12_ax_07_a_belgian_laboratory_in_english_on_a_phone(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """375 px; the session ends in another tab while one types, and nothing is lost."""
    user = await new_user(language="en", viewport={"width": 375, "height": 720})
    page, holder = user.page, ChromiumAccountHolder(portal, user, address)
    await holder.join()
    await user.at("information")
    await page.locator("#country").select_option("BE")
    await expect(page.locator("#siret")).to_be_hidden()
    for name in ("position", "establishment_type"):
        await page.locator(f"#{name}").select_option("other")
    for name in ("phone", "position_other", "company_name", "establishment_type_other"):
        await page.locator(f"#{name}").fill(getattr(BELGIAN, name))
    for name in ("postal_code", "address", "city", "vat"):
        await page.locator(f"#{name}").fill(getattr(BELGIAN, name))
    await tick(page.locator("#terms"))
    assert await page.evaluate("document.documentElement.scrollWidth") == 375
    other = await user.context.new_page()
    await other.goto(f"{portal.base}/accueil")
    await other.locator("header").get_by_role("button", name="Sign out", exact=True).click()
    await other.wait_for_url("**/connexion")
    await other.close()
    await user.press("save")
    await user.at("sign_in")
    await expect(page.locator("main")).to_contain_text(
        "to return to this page, with what you had entered"
    )
    await holder.give_password()
    await user.at("code")
    await holder.give_code()
    await user.at("information")
    await expect(page.locator("main")).to_contain_text("it is not saved yet")
    await expect(page.locator("#vat")).to_have_value(BELGIAN.vat)
    await user.press("validate")
    dialog = page.get_by_role("dialog", name="Submit your information?")
    for shown in ("Belgium", BELGIAN.company_name, "Other (Qualified Person)"):
        await expect(dialog).to_contain_text(shown)
    await dialog.get_by_role("button", name="Yes, submit", exact=True).click()
    await expect(page.locator("main")).to_contain_text("You can no longer change")
    assert await page.evaluate("document.documentElement.scrollWidth") == 375


async def test_p_01_two_tabs_lose_nothing(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """Tab A saves all, tab B the town: B shows both versions, and what one chooses is saved."""
    user = await new_user()
    page, holder = user.page, ChromiumAccountHolder(portal, user, address)
    await holder.join()
    await user.at("information")
    other = await user.context.new_page()
    await other.goto(f"{portal.base}/informations")
    for name, value in (
        ("phone", "01 55 87 40 90"),
        ("company_name", "Pharmacie"),
        ("city", "Lyon"),
    ):
        await other.locator(f"#{name}").fill(value)
    await other.locator("#enregistrer").click()
    await expect(other.locator("main")).to_contain_text("Brouillon enregistré à")

    await page.locator("#city").fill("Pantin")
    await user.press("save")
    await expect(page.locator("#alerte")).to_contain_text("a été enregistré entre-temps")
    await expect(page.locator("#city")).to_have_value("Pantin")
    await expect(page.locator("#city-autre")).to_contain_text("Lyon")
    await expect(page.locator("#company_name")).to_have_value("")
    await page.reload()
    await expect(page.locator("#city")).to_have_value("Pantin")
    for name in ("Téléphone", "Raison sociale"):
        await page.get_by_role("button", name=f"Reprendre cette valeur : {name}").click()
    await user.press("save")
    await expect(page.locator("main")).to_contain_text("Brouillon enregistré à")
    await other.close()
    await user.open("/informations")
    for name, value in (
        ("phone", "01 55 87 40 90"),
        ("company_name", "Pharmacie"),
        ("city", "Pantin"),
    ):
        await expect(page.locator(f"#{name}")).to_have_value(value)
