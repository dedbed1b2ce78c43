"""Holders of accounts who sign in and change their factors while services are killed."""

import re
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from tests.support import eventually
from tests.support.actors.account_holder import codes_on, key_on
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.actors.retrying_registrant import RetryingRegistrant, messages_to
from tests.support.authenticator import Authenticator
from tests.support.mail.mail_server import MailServer
from tests.support.servers.portal import PASSWORD


@dataclass(kw_only=True)
class RetryingAccountHolder(RetryingRegistrant):
    """A person with a password, then a phone, then a list of recovery codes."""

    smtp: MailServer
    phone: Authenticator | None = None
    recovery: list[str] = field(default_factory=list)
    elsewhere: list[HttpBrowser] = field(default_factory=list)

    @property
    def shown(self) -> Authenticator:
        """The phone, which must exist."""
        assert self.phone is not None
        return self.phone

    async def join(self) -> None:
        """From the form to the account."""
        await self.ask()
        await eventually(lambda: messages_to(self.smtp, self.address), 60, why="the first message")
        await self.finish(messages_to(self.smtp, self.address)[0])

    async def fields(self, path: str, **values: str) -> dict[str, str]:
        """The form of a page as this person fills it in."""
        page = await self.open(path)
        assert page.path == path, page.text
        return page.form(path) | values

    async def give_password(self, password: str = PASSWORD) -> HttpResponse:
        """Address and password; returns the page that comes next."""
        given = await self.fields("/connexion", address=self.address, password=password)
        answer = await self.press("/connexion", given)
        return await self.open(answer.location)

    async def press_unanswered(self, action: str, fields: dict[str, str]) -> None:
        """The same press, without reading the answer: the cookies do not change."""
        line = HttpBrowser(self.browser.base)
        line.session.cookie_jar.update_cookies(self.browser.cookies, URL(line.base))
        try:
            await line.send_form(action, fields, headers={"Sec-Fetch-Site": "same-origin"})
        except aiohttp.ClientError:
            pass  # the portal was killed before it answered
        finally:
            await line.close()

    async def sign_in(self, password: str = PASSWORD) -> None:
        """Both factors, with the next code of the phone."""
        page = await self.give_password(password)
        given = page.form("/connexion/code") | {"code": self.shown.code(1)}
        assert (await self.press("/connexion/code", given)).location == "/informations"

    async def scan(self, path: str = "/connexion/telephone") -> dict[str, str]:
        """Take the key from an enrolment page; returns its form with the first code."""
        page = await self.open(path)
        self.phone = Authenticator(key_on(page))
        return page.form(path) | {"code": self.phone.code()}

    async def settle(self) -> None:
        """From the form to the complementary information, with a phone and recovery codes."""
        await self.join()
        await self.give_password()
        answer = await self.press("/connexion/telephone", await self.scan())
        page = await self.open(answer.location)
        if not codes_on(page):
            # A server was unavailable at that moment: the page has a button that makes the list.
            await self.press(page.path, page.form(page.path))
            page = await self.open(page.path)
        self.recovery = codes_on(page)
        await self.press(page.path, page.form(page.path) | {"kept": "1"})

    def another_browser(self) -> None:
        """From now on at another, unknown device."""
        self.elsewhere.append(self.browser)
        self.browser = HttpBrowser(self.browser.base)

    async def link(self, path: str) -> str:
        """The token of the link to a page that was mailed to this person."""
        pattern = re.compile(rf"{re.escape(path)}\?jeton=(\S+)")

        def found() -> str:
            matches = [pattern.search(one.text()) for one in messages_to(self.smtp, self.address)]
            return next((one.group(1) for one in matches if one), "")

        return await eventually(found, 60, why=f"a link to {path}")

    def subjects(self) -> Counter[str]:
        """How many mails this person got, by subject."""
        return Counter(str(one.message["Subject"]) for one in messages_to(self.smtp, self.address))

    async def close(self) -> None:
        """Close every browser."""
        for browser in (self.browser, *self.elsewhere):
            await browser.close()
