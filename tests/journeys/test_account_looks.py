"""Real pages of signing in and of the account, errors too: WCAG rules, 320 px, targets, titles."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.integration.gateway.conftest import PASSWORD
from tests.journeys.conftest import Portal, Visit
from tests.journeys.holder import Holder
from tests.journeys.test_looks import look
from tests.journeys.visitor import Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="session"),
]


async def _look(visitor: Visitor, *, wrong: str | None = None) -> None:
    """The page as it is. `wrong` is the field that an error is about, empty where it is about none:
    it is told first, has the focus, and stands in the title."""
    page = visitor.page
    first = page.locator("#erreurs, #alerte").first
    if wrong is not None:
        await expect(first).to_be_focused()
    if wrong:
        await expect(first.locator(f"a[href='#{wrong}']").first).to_be_visible()
        await expect(page.locator(f"#{wrong}")).to_have_attribute("aria-invalid", "true")
    said = (await page.title()).replace("\u00a0", " ")
    assert said.startswith("Erreur : ") == (wrong is not None), said
    await look(page)


async def _signed_in(visitor: Visitor) -> None:
    """SE-06: one way out, in sight, on this page."""
    buttons = visitor.page.get_by_role("button", name="Se déconnecter", exact=True)
    await expect(buttons).to_have_count(1)
    await expect(buttons).to_be_visible()
    await _look(visitor)


async def test_ax_01_ax_07_se_06_on_the_way_in(portal: Portal, visit: Visit, address: str) -> None:
    """Enrolment, recovery codes, home, code, recovery code, and their errors."""
    await portal.account(address)
    holder = Holder(portal, await visit(), address)
    visitor, page = holder.visitor, holder.visitor.page
    await visitor.open("/connexion")
    await visitor.press("sign_in")
    await _look(visitor, wrong="")
    await visitor.open("/connexion")
    await holder.give_password()
    await visitor.at("enrolment")
    await _signed_in(visitor)
    await holder.scan()
    assert holder.phone is not None
    await holder.give_code("12 34")
    await _look(visitor, wrong="code")
    await holder.give_code(holder.phone.shows.wrong())
    await _look(visitor, wrong="code")
    await holder.give_code()
    await visitor.at("codes")
    await _signed_in(visitor)
    await visitor.press("continue")
    await _look(visitor, wrong="kept")
    await holder.read_recovery()
    await holder.keep()
    await holder.put_off()
    await _signed_in(visitor)
    await visitor.sign_out()
    await _look(visitor)
    await holder.give_password()
    await visitor.at("code")
    await _signed_in(visitor)
    await holder.give_code("12 34")
    await _look(visitor, wrong="code")
    for _ in range(2):
        await holder.give_code(holder.phone.shows.wrong())
        await _look(visitor, wrong="code")
    await visitor.press("recovery")
    await visitor.at("recovery")
    await _signed_in(visitor)
    for wrong in ("", "ABCD"):
        await page.locator("#recovery_code").fill(wrong)
        await visitor.press("continue")
        await _look(visitor, wrong="recovery_code")


async def test_ax_01_ax_07_se_06_on_the_pages_of_the_account(
    portal: Portal, visit: Visit, address: str
) -> None:
    """Account, password, phone, recovery codes, and their errors."""
    holder = Holder(portal, await visit(), address)
    visitor, page = holder.visitor, holder.visitor.page
    await holder.arrive()
    for path in ("", "/mot-de-passe", "/telephone", "/codes-de-secours"):
        await visitor.open("/compte" + path)
        await _signed_in(visitor)
    await visitor.open("/compte/mot-de-passe")
    await page.locator("#current_password").fill("Falsch&47xyz")
    await page.locator("#password").fill("Zug&Wolke47")
    await visitor.press("change_password")
    await _look(visitor, wrong="current_password")
    await visitor.open("/compte/codes-de-secours")
    await visitor.press("new_list")
    await _look(visitor, wrong="password")
    await visitor.open("/compte/telephone")
    await visitor.press("continue")
    await _look(visitor, wrong="password")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#code").fill(await holder.code())
    await visitor.press("continue")
    await visitor.at("new_phone")
    await _signed_in(visitor)
    await holder.scan()
    await holder.give_code()
    await visitor.at("account")
    await _signed_in(visitor)


async def test_ax_01_ax_07_on_the_pages_of_mailed_links(
    portal: Portal, visit: Visit, address: str
) -> None:
    """Forgotten password, lost phone, « ce n'est pas moi », valid, wrong and done."""
    holder = Holder(portal, await visit(), address)
    visitor, page = holder.visitor, holder.visitor.page
    await holder.settle()
    for path, send, leads in (
        ("/mot-de-passe-oublie", "send_link", "/mot-de-passe"),
        ("/telephone-perdu", "send_message", "/telephone-perdu/confirmer"),
    ):
        await visitor.open(path)
        await visitor.press(send)
        await _look(visitor, wrong="address")
        await page.locator("#address").fill(address)
        await visitor.press(send)
        await expect(page.locator("h1")).to_contain_text("messagerie")
        await _look(visitor)
        await visitor.open(await portal.post.link(address, leads))
        await _look(visitor)
        await visitor.open(f"{leads}?jeton=abc")
        await _look(visitor)
    await visitor.open(await portal.post.link(address, "/telephone-perdu/confirmer"))
    await visitor.press("confirm_loss")
    await expect(page.locator("h1")).to_have_text("Téléphone déclaré perdu")
    await _look(visitor)
    link = await portal.post.link(address, "/ce-n-est-pas-moi")
    await visitor.open(link)
    await _look(visitor)
    await visitor.press("block")
    await expect(page.locator("h1")).to_have_text("Compte bloqué")
    await _look(visitor)
    await visitor.open(link)
    await expect(page.locator("h1")).to_have_text("Votre compte est déjà bloqué")
    await _look(visitor)
