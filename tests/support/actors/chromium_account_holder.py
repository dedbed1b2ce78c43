"""The holder of an account in Chromium: password, phone, recovery codes.

In real time a code is valid once: `code` gives the next unused one, and waits only where two were
used within the same half minute.
"""

from dataclasses import dataclass, field

from playwright.async_api import expect

from services.mfa.totp import step_at
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.actors.account_holder import PHARMACY, codes_on, key_on
from tests.support.actors.chromium_user import ChromiumUser, tick
from tests.support.actors.http_browser import HttpBrowser as HttpBrowser
from tests.support.actors.http_browser import HttpResponse
from tests.support.authenticator import Authenticator
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import SpawnedPortal


@dataclass
class Phone:
    """An application on a phone, and the step of the last code that was read from it."""

    shows: Authenticator
    used: int = 0

    async def code(self) -> str:
        """An unused code that is valid now."""
        now = step_at(utc_now())
        step = max(self.used + 1, now)
        if step > now + 1:
            await eventually(
                lambda: step_at(utc_now()) + 1 >= step, 60, every=0.2, why="the next half minute"
            )
        self.used = step
        return self.shows.code(step - step_at(utc_now()))


@dataclass
class ChromiumAccountHolder:
    """One person with an account; `visitor` is the browser in front of them."""

    portal: SpawnedPortal
    user: ChromiumUser
    address: str
    password: str = PASSWORD
    phone: Phone | None = None
    recovery: list[str] = field(default_factory=list)
    validated: bool = False

    async def settle(self) -> None:
        """Account, phone, recovery codes and information, all the quick way: no window, no
        scripts."""
        await self.portal.account(self.address)
        browser = HttpBrowser(self.portal.base)
        page = await browser.get("/connexion")
        given = {"address": self.address, "password": self.password}
        page = await browser.post(page, "/connexion", given)
        assert page.path == "/connexion/telephone", page.text
        self.phone = Phone(Authenticator(key_on(page)))
        page = await browser.post(page, page.path, {"code": await self.phone.code()})
        self.recovery = codes_on(page)
        page = await browser.post(page, page.path, {"kept": "1"})
        assert page.path == "/informations", page.text
        page = await browser.post(page, page.path, {**PHARMACY, "action": "validate"})
        page = await browser.post(page, "/informations/validation")
        assert "Informations validées." in page.text, page.text
        self.validated = True
        await self._out(browser, page)

    async def _out(self, browser: HttpBrowser, page: HttpResponse) -> None:
        await browser.post(page, "/deconnexion")
        await browser.close()

    async def give_password(self, password: str = "") -> None:
        """Address and password on the sign-in page, which must be open."""
        page = self.user.page
        await page.locator("#address").fill(self.address)
        await page.locator("#password").fill(password or self.password)
        await self.user.press("sign_in")

    async def code(self) -> str:
        """The next code of the phone."""
        assert self.phone is not None
        return await self.phone.code()

    async def give_code(self, code: str = "") -> None:
        """Type a code, the next one of the phone where none is given, and send it by Enter."""
        field = self.user.page.locator("#code")
        await field.fill(code or await self.code())
        await field.press("Enter")

    async def sign_in(self) -> None:
        """From the sign-in page to the home page, or to what is left to do."""
        await self.user.open("/connexion")
        await self.give_password()
        await self.user.at("code")
        await self.give_code()
        await self.user.at("home" if self.validated else "information")

    async def arrive(self) -> None:
        """Account, phone and recovery codes in this browser, as far as the home page."""
        await self.join()
        await self.skip_information()

    async def join(self) -> None:
        """The same, as far as the complementary information."""
        await self.portal.account(self.address)
        await self.user.open("/connexion")
        await self.give_password()
        await self.user.at("enrolment")
        await self.scan()
        await self.give_code()
        await self.user.at("codes")
        await self.read_recovery()
        await self.keep()

    async def skip_information(self) -> None:
        """From the complementary information, which is optional, to the home page."""
        await self.user.at("information")
        await self.user.press("close")
        await self.user.at("home")

    async def scan(self) -> str:
        """Put the key of the enrolment page in a new phone; returns the key."""
        key = await key_shown(self.user)
        self.phone = Phone(Authenticator(key))
        return key

    async def read_recovery(self) -> list[str]:
        """Read the recovery codes that the page shows."""
        shown = self.user.page.locator("#codes code")
        await expect(shown).to_have_count(10)
        self.recovery = [" ".join(one.split()) for one in await shown.all_inner_texts()]
        return self.recovery

    async def keep(self) -> None:
        """Tick the box and continue."""
        await tick(self.user.page.locator("#kept"))
        await self.user.press("continue")


async def key_shown(user: ChromiumUser) -> str:
    """The key that an enrolment page shows as text."""
    return "".join(await user.page.locator("#cle span").all_text_contents())
