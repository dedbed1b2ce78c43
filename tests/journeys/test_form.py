"""The account form while typing, with the real rules, word lists and suggestions for typos."""

import pytest
from playwright.async_api import Page, expect

from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

MET, UNMET = "Respectée.", "Pas encore respectée."


async def test_g_06_g_07_the_rules_change_state_and_continue_opens(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """« Continuer » waits, explains why, and after a refused press the next one sends."""
    user = await new_user()
    await user.open("/inscription")
    page = user.page
    await user.fill(address, password="")
    button = page.locator("#continuer")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await button.click(force=True)
    await expect(page.locator("#password")).to_be_focused()
    await expect(page.locator("#suite")).to_contain_text("à respecter.")
    await page.locator("#password").fill("abc")
    length, case = page.locator("[data-rule=min_length]"), page.locator("[data-rule=mixed_case]")
    await expect(length).to_contain_text(UNMET)
    await expect(case).to_contain_text(UNMET)
    await expect(page.locator("#force")).to_have_text("Force\u00a0: Faible")
    await button.click(force=True)
    assert await portal.requests(address) == 0
    # The name is part of this one, and the server's list knows the next.
    await page.locator("#password").fill("Durand9!qzKv")
    await expect(page.locator("[data-rule=identity]")).to_contain_text(UNMET)
    await expect(page.locator("#mot-refuse")).to_contain_text("Durand")
    await page.locator("#password").fill("Soleil9!qz")
    await expect(page.locator("#mot-refuse")).to_contain_text("soleil")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await page.locator("#password").fill(PASSWORD)
    for rule in await page.locator("[data-rule]").all():
        await expect(rule).to_contain_text(MET)
    await expect(page.locator("#force")).to_contain_text("Force")
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()
    await user.at("validation")
    assert await portal.requests(address) == 1


async def test_g_05_a_typo_gets_a_live_suggestion_that_corrects_it(
    new_user: NewUser, address: str
) -> None:
    """The suggestion appears when the field is left, and fills it only on request."""
    user = await new_user()
    await user.open("/inscription")
    page, local_part = user.page, address.partition("@")[0]
    await user.fill(f"{local_part}@gmial.com", password="")
    await page.locator("#address").blur()
    await expect(page.locator("#suggestion")).to_contain_text(f"{local_part}@gmail.com")
    await page.get_by_role("button", name="Corriger mon adresse", exact=True).click()
    await expect(page.locator("#address")).to_have_value(f"{local_part}@gmail.com")
    await page.locator("#password").fill(PASSWORD)
    await user.press("continue")
    await user.at("validation")
    await expect(page.locator("main")).to_contain_text(f"{local_part}@gmail.com")


async def test_g_05_t_05_a_typo_gets_a_suggestion_without_scripts_too(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """The input can be confirmed as typed, and nothing is typed again."""
    user = await new_user(scripts=False)
    await user.open("/inscription")
    page, typo = user.page, f"{address.partition('@')[0]}@gmial.com"
    await user.fill(typo)
    await user.press("continue")
    await expect(page.locator("#suggestion")).to_contain_text("gmail.com")
    assert await portal.requests(typo) == 0
    await expect(page.locator("#last_name")).to_have_value("Durand")
    await page.get_by_role("button", name="Garder mon adresse").click()
    await user.at("validation")
    assert await portal.requests(typo) == 1


async def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the element `name` (its id or text) has the focus, seen."""
    here = "(() => { const e = document.activeElement; return [e.id, e.textContent.trim()]; })()"
    for _ in range(80):
        if name in await page.evaluate(here):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {name}")


async def test_b_09_the_keyboard_alone_makes_an_account(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """B-09, AX-03: Tab, Space and Enter go from the welcome page to the account."""
    user = await new_user()
    page = user.page
    await user.open("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Contenu")).to_be_focused()
    await page.keyboard.press("Enter")
    await _tab_to(page, user.word("begin"))
    await page.keyboard.press("Enter")
    await user.at("form")
    values = {"first_name": "Zoé", "last_name": "Lefèvre", "address": address}
    for name, value in {**values, "password": PASSWORD}.items():
        await _tab_to(page, name)
        await page.keyboard.insert_text(value)
    await expect(page.locator("#continuer")).to_have_attribute("aria-disabled", "false")
    await _tab_to(page, "continuer")
    await page.keyboard.press("Enter")
    await user.at("validation")
    mail = await portal.mail.validation_mail(address)
    await _tab_to(page, "code")
    await page.keyboard.insert_text(mail.code)
    await page.keyboard.press("Enter")
    await user.at("verified")
    await _tab_to(page, "Continuer")
    await page.keyboard.press("Enter")
    await user.at("terms")
    await _tab_to(page, "accept")
    await page.keyboard.press("Space")
    await _tab_to(page, "Continuer")
    await page.keyboard.press("Enter")
    await user.at("creation")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await portal.mail.message(address, 2)


@pytest.mark.parametrize("scripts", [True, False])
async def test_re_12_a_double_click_asks_once(
    portal: SpawnedPortal, new_user: NewUser, address: str, scripts: bool
) -> None:
    """One request, one message."""
    user = await new_user(scripts=scripts)
    await user.open("/inscription")
    await user.fill(address)
    if scripts:
        await expect(user.page.locator("#continuer")).to_have_attribute("aria-disabled", "false")
    await user.button("continue").dblclick(no_wait_after=True)
    await user.at("validation")
    await portal.mail.validation_mail(address)
    assert await portal.requests(address) == 1
    await _nothing_more(portal, address)


async def test_au_13_a_second_tab_is_led_to_the_due_step(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """The form filled in twice, in two tabs, asks once; the second tab gets the due step."""
    user = await new_user()
    first, second = user.page, await user.context.new_page()
    for tab in (first, second):
        user.page = tab
        await user.open("/inscription")
        await user.fill(address)
    user.page = first
    await user.press("continue")
    await user.at("validation")
    user.page = second
    await user.press("continue")
    # Its form is as valid as the first one, and the same request.
    await user.at("validation")
    assert await portal.requests(address) == 1
    await _nothing_more(portal, address)


async def _nothing_more(portal: SpawnedPortal, address: str) -> None:
    """One message only: all requests so far have been processed."""
    other = f"after-{address}"
    await portal.account(other)
    assert len(portal.mail.to(address)) == 1


async def test_au_15_the_language_changes_and_the_page_stays(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """On the form, on the page that waits, on the link's page; remembered on the next one."""
    user = await new_user()
    page = user.page
    await user.open("/inscription")
    await page.get_by_role("button", name="English").click()
    user.language = "en"
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await user.at("form")
    await user.fill(address)
    await user.press("continue")
    await user.at("validation")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.get_by_role("button", name="Français").click()
    user.language = "fr"
    await user.at("validation")
    await expect(page.locator("html")).to_have_attribute("lang", "fr")
    mail = await portal.mail.validation_mail(address)
    assert "Confirm your email address" in mail.subject
    await user.open(mail.link)
    await page.get_by_role("button", name="English").click()
    user.language = "en"
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url == mail.link
    await user.press("confirm")
    await user.at("verified")
