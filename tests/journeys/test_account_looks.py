"""Real pages of signing in and of the account, errors too: WCAG rules, 320 px, targets, titles."""

import pytest
from playwright.async_api import expect

from tests.journeys.test_looks import look
from tests.support.actors.chromium_account_holder import ChromiumAccountHolder
from tests.support.actors.chromium_user import ChromiumUser
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]


async def _look(user: ChromiumUser, *, wrong: str | None = None) -> None:
    """The page as it is. `wrong` is the field that an error is about, empty where it is about none:
    it is announced first, has the focus, and is in the title."""
    page = user.page
    first = page.locator("#erreurs, #alerte").first
    if wrong is not None:
        await expect(first).to_be_focused()
    if wrong:
        await expect(first.locator(f"a[href='#{wrong}']").first).to_be_visible()
        await expect(page.locator(f"#{wrong}")).to_have_attribute("aria-invalid", "true")
    title = (await page.title()).replace("\u00a0", " ")
    assert title.startswith("Erreur : ") == (wrong is not None), title
    await look(page)


async def _signed_in(user: ChromiumUser) -> None:
    """SE-06: one way out, in sight, on this page."""
    buttons = user.page.get_by_role("button", name="Se déconnecter", exact=True)
    await expect(buttons).to_have_count(1)
    await expect(buttons).to_be_visible()
    await _look(user)


async def test_ax_01_ax_07_se_06_on_the_way_in(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """Enrolment, recovery codes, home, code, recovery code, and their errors."""
    await portal.account(address)
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    user, page = holder.user, holder.user.page
    await user.open("/connexion")
    await user.press("sign_in")
    await _look(user, wrong="")
    await user.open("/connexion")
    await holder.give_password()
    await user.at("enrolment")
    await _signed_in(user)
    await holder.scan()
    assert holder.phone is not None
    await holder.give_code("12 34")
    await _look(user, wrong="code")
    await holder.give_code(holder.phone.shows.wrong())
    await _look(user, wrong="code")
    await holder.give_code()
    await user.at("codes")
    await _signed_in(user)
    await user.press("continue")
    await _look(user, wrong="kept")
    await holder.read_recovery()
    await holder.keep()
    await holder.skip_information()
    await _signed_in(user)
    await user.sign_out()
    await _look(user)
    await holder.give_password()
    await user.at("code")
    await _signed_in(user)
    await holder.give_code("12 34")
    await _look(user, wrong="code")
    for _ in range(2):
        await holder.give_code(holder.phone.shows.wrong())
        await _look(user, wrong="code")
    await user.press("recovery")
    await user.at("recovery")
    await _signed_in(user)
    for wrong in ("", "ABCD"):
        await page.locator("#recovery_code").fill(wrong)
        await user.press("continue")
        await _look(user, wrong="recovery_code")


async def test_ax_01_ax_07_se_06_on_the_pages_of_the_account(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """Account, password, phone, recovery codes, and their errors."""
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    user, page = holder.user, holder.user.page
    await holder.arrive()
    for path in ("", "/mot-de-passe", "/telephone", "/codes-de-secours"):
        await user.open("/compte" + path)
        await _signed_in(user)
    await user.open("/compte/mot-de-passe")
    await page.locator("#current_password").fill("Falsch&47xyz")
    await page.locator("#password").fill("Zug&Wolke47")
    await user.press("change_password")
    await _look(user, wrong="current_password")
    await user.open("/compte/codes-de-secours")
    await user.press("new_list")
    await _look(user, wrong="password")
    await user.open("/compte/telephone")
    await user.press("continue")
    await _look(user, wrong="password")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#code").fill(await holder.code())
    await user.press("continue")
    await user.at("new_phone")
    await _signed_in(user)
    await holder.scan()
    await holder.give_code()
    await user.at("account")
    await _signed_in(user)


async def test_ax_01_ax_07_on_the_pages_of_mailed_links(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """Forgotten password, lost phone, « ce n'est pas moi », valid, wrong and done."""
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    user, page = holder.user, holder.user.page
    await holder.settle()
    for path, send, leads in (
        ("/mot-de-passe-oublie", "send_link", "/mot-de-passe"),
        ("/telephone-perdu", "send_message", "/telephone-perdu/confirmer"),
    ):
        await user.open(path)
        await user.press(send)
        await _look(user, wrong="address")
        await page.locator("#address").fill(address)
        await user.press(send)
        await expect(page.locator("h1")).to_contain_text("messagerie")
        await _look(user)
        await user.open(await portal.mail.link(address, leads))
        await _look(user)
        await user.open(f"{leads}?jeton=abc")
        await _look(user)
    link = await portal.mail.link(address, "/telephone-perdu/confirmer")
    await user.open(link)
    await page.locator("#code").fill(portal.mail.code_of(address, link))
    await user.press("confirm_loss")
    await expect(page.locator("h1")).to_have_text("Téléphone déclaré perdu")
    await _look(user)
    link = await portal.mail.link(address, "/ce-n-est-pas-moi")
    await user.open(link)
    await _look(user)
    await user.press("block")
    await _look(user, wrong="code")
    await page.locator("#code").fill(portal.mail.code_of(address, link))
    await user.press("block")
    await expect(page.locator("h1")).to_have_text("Compte bloqué")
    await _look(user)
    await user.open(link)
    await expect(page.locator("h1")).to_have_text("Votre compte est déjà bloqué")
    await _look(user)
