"""What one user leaves in a browser profile is not there for the next."""

import pytest
from playwright.async_api import expect

from tests.support.actors.chromium_profiles import Profiles
from tests.support.servers.spawned_portal import SpawnedPortal

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LEFT = """localStorage.left = sessionStorage.left = window.name = "left";
  document.cookie = "left=1; path=/";"""
FOUND = """[localStorage.length, sessionStorage.length, window.name,
  document.cookie.includes("left"), matchMedia("(prefers-color-scheme: dark)").matches,
  innerWidth, history.length]"""


async def test_a_profile_is_used_again_without_what_its_last_user_left(
    portal: SpawnedPortal, profiles: Profiles
) -> None:
    """Storage, cookies, permissions, routes, size, theme, tabs, history."""
    first = await profiles.take("fr", True, {})
    context, page = first.context, first.page
    for path in ("/connexion", "/plan"):
        await page.goto(portal.base + path)
    await page.evaluate(LEFT)
    await context.grant_permissions(["clipboard-read"])
    await page.route("**/connexion", lambda route: route.abort())
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.emulate_media(color_scheme="dark")
    await context.new_page()
    await profiles.give_back(first)
    assert profiles.free[-1] is first
    assert len(context.pages) == 1
    assert await context.cookies() == []
    await page.goto(portal.base + "/connexion")
    await expect(page.locator("#password")).to_be_visible()
    found = await page.evaluate(FOUND)
    assert found[1:] == [0, "", False, False, 1280, 2]
    assert await page.evaluate("localStorage.left") is None
    asked = "navigator.permissions.query({name: 'clipboard-read'}).then((one) => one.state)"
    assert await page.evaluate(asked) == "prompt"
    profiles.free.remove(first)
    await profiles.give_back(first)


async def test_a_profile_with_an_installed_clock_is_closed(
    portal: SpawnedPortal, profiles: Profiles
) -> None:
    """No script that runs in every page can be taken back."""
    used = await profiles.take("fr", True, {})
    await used.page.clock.install()
    await used.page.goto(portal.base + "/connexion")
    await profiles.give_back(used)
    assert used not in profiles.free
    assert used.page.is_closed()
