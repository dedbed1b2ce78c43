"""The end of a session, announced before, on a portal that really ends it (SE-04)."""

import pytest
from playwright.async_api import Page, expect

from tests.journeys.test_looks import look
from tests.support.actors.chromium_account_holder import ChromiumAccountHolder
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

IDLE = 30 * 60
WARNING = 120
#: Idle until two minutes are left.
TWO_MINUTES_LEFT = """update gateway.sessions set seen_at = now() - interval '1680 seconds'
where address = $1"""
OVER = "delete from gateway.sessions where address = $1"


async def _wait_for_the_warning(page: Page) -> None:
    """Advance the page's clock to where it requests the session's time left."""
    async with page.expect_response("**/session/etat"):
        await page.clock.fast_forward((IDLE - WARNING) * 1000)


async def test_se_04_a_warning_before_the_end_an_extension_and_a_notice_at_the_end(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """SE-04: announced in a dialog, extended by one press, repeatedly; input stays when the session
    has ended, without a redirect.
    """
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    user, page = holder.user, holder.user.page
    await holder.arrive()
    await page.clock.install()
    await user.open("/compte/telephone")
    await page.locator("html[data-fr-js]").wait_for(state="attached")
    field = page.locator("#code")
    await field.fill("123 4")
    dialog = page.get_by_role("alertdialog", name="Votre session va se fermer")

    # Activity in another window: no warning.
    await _wait_for_the_warning(page)
    await expect(dialog).to_be_hidden()
    for _ in range(2):
        await portal.rows(TWO_MINUTES_LEFT, address)
        await _wait_for_the_warning(page)
        await expect(dialog).to_be_visible()
        await expect(dialog).to_contain_text("votre session se fermera dans 2 min.")
        await look(page)
        await expect(dialog.get_by_role("button", name="Prolonger ma session")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(dialog).to_be_hidden()
        await expect(page.locator("#fin-annonce")).to_have_text("Votre session est prolongée.")
        await expect(field).to_be_focused()
    (row,) = await portal.rows(
        "select now() - seen_at < interval '1 minute' as used from gateway.sessions"
        " where address = $1",
        address,
    )
    assert row["used"]

    await portal.rows(OVER, address)
    await _wait_for_the_warning(page)
    ended = page.get_by_role("alertdialog", name="Session fermée par sécurité")
    await expect(ended).to_be_visible()
    await expect(ended.get_by_role("link", name="Se connecter")).to_be_visible()
    await look(page)
    await page.keyboard.press("Escape")
    await expect(ended).to_be_hidden()
    assert page.url == user.base + "/compte/telephone"
    await expect(field).to_have_value("123 4")
    assert [one for one in user.asked if one.startswith("/session/")] == [
        "/session/etat",
        *(["/session/etat", "/session/prolonger"] * 2),
        "/session/etat",
    ]
    # Signing in returns to the requested page (AU-15).
    await user.open("/compte/telephone")
    assert page.url == user.base + "/connexion?suite=telephone"
    await holder.give_password()
    await user.at("code")
    await holder.give_code()
    await expect(page).to_have_url(user.base + "/compte/telephone")
