"""Browser profiles, used again once nothing of their last user is left.

A new profile and its first page cost two new processes of the browser. A profile in which a page
sees something else afterwards, such as an installed clock, is closed. The cache of static files
stays, as a returning visitor's does.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, CDPSession, Error, Page

from tests.support.actors.chromium_user import WATCH
from tests.support.pages.chromium import FRAMES_BY_TIMER

LOCALES = {"fr": "fr-FR", "en": "en-GB"}
WINDOW = {"width": 1280, "height": 900}
#: A small file of the portal: a page of another origin would need a new process.
ICON = "document.querySelector('link[rel~=icon]')?.href"
CLEAR = "localStorage.clear(); sessionStorage.clear(); window.name = ''"
#: What a page sees of its profile and tab.
SEEN = """async () => ({
  kept: [document.cookie, window.name, localStorage.length, sessionStorage.length,
    (await indexedDB.databases()).length, (await caches.keys()).length,
    (await navigator.serviceWorker.getRegistrations()).length],
  past: [history.length, document.referrer],
  size: [innerWidth, innerHeight],
  media: ["print", "(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"]
    .map((one) => matchMedia(one).matches),
  own: [Date, setTimeout, fetch].map((one) => String(one).includes("[native code]")),
  clipboard: await Promise.all(["clipboard-read", "clipboard-write"]
    .map(async (name) => (await navigator.permissions.query({name})).state)),
})"""


@dataclass
class Profile:
    """A context with one tab, and the debugger's session of the tab."""

    options: tuple[Any, ...]
    context: BrowserContext
    page: Page
    debugger: CDPSession


@dataclass
class Profiles:
    """Profiles of one browser that nobody uses at the moment."""

    browser: Browser
    reduced_motion: Literal["reduce", "no-preference"] = "reduce"
    free: list[Profile] = field(default_factory=list)

    async def take(self, language: str, scripts: bool, options: dict[str, Any]) -> Profile:
        """A profile with these options in which nothing is stored and nothing was visited."""
        wanted = (language, scripts, repr(sorted(options.items())))
        for profile in self.free:
            if profile.options == wanted:
                self.free.remove(profile)
                return profile
        context = await self.browser.new_context(
            locale=LOCALES[language],
            java_script_enabled=scripts,
            **{"viewport": WINDOW, "reduced_motion": self.reduced_motion, **options},
        )
        context.set_default_timeout(60_000)
        if scripts:
            await context.add_init_script(WATCH)
            await context.add_init_script(FRAMES_BY_TIMER)
        page = await context.new_page()
        return Profile(wanted, context, page, await context.new_cdp_session(page))

    async def give_back(self, profile: Profile) -> None:
        """Clear it for the next user, or close it where something is left."""
        try:
            clean = profile.options[2] == "[]" and await self._cleared(profile)
        except Error:  # its tab was closed, or shows nothing
            clean = False
        if clean:
            self.free.append(profile)
        else:
            await profile.context.close()

    async def _cleared(self, profile: Profile) -> bool:
        context, page = profile.context, profile.page
        for tab in context.pages:
            if tab is not page:
                await tab.close()
        icon = await page.evaluate(ICON)
        if not icon:
            return False
        await page.unroute_all()
        await context.unroute_all()
        await page.goto(icon)
        await page.evaluate(CLEAR)
        await context.clear_cookies()
        await context.clear_permissions()
        await page.set_viewport_size(WINDOW)
        await page.mouse.move(-1, -1)
        await page.emulate_media(
            media="null", color_scheme="light", reduced_motion=self.reduced_motion
        )
        await profile.debugger.send("Page.resetNavigationHistory")
        seen = await page.evaluate(SEEN)
        return await context.cookies() == [] and seen == {
            "kept": ["", "", 0, 0, 0, 0, 0],
            "past": [1, ""],
            "size": [WINDOW["width"], WINDOW["height"]],
            "media": [False, False, self.reduced_motion == "reduce"],
            "own": [True, True, True],
            "clipboard": ["prompt", "prompt"],
        }
