"""Somebody with an account: browser, mailbox and phone, from the form to the home page and back.

Forms are posted as they were served, hidden fields included, and redirects are followed, as a
browser without scripts goes. Whatever is not the expected answer is raised as `Unexpected`. A phone
shows the code of the present step, or of the next one where that was used up, and otherwise waits:
each code is good once. Nobody here validates the complementary information, so that a sign-in leads
there.
"""

import asyncio
import html
import re
import time
from dataclasses import dataclass

import aiohttp
import pyotp

from benchmarks.browser import PASSWORD, Unexpected, new_address
from benchmarks.environment import Environment

STEP = 30
URLENCODED = "application/x-www-form-urlencoded"
FORM = re.compile(r'<form method="post" action="([^"]+)"(.*?)</form>', re.S)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
KEY = re.compile(r'id="cle"[^>]*>(.*?)</p>', re.S)
TAG = re.compile(r"<[^>]*>")
SPAN = re.compile(r"<span>([A-Z2-7]+)</span>")


def _alert(text: str) -> str:
    """The errors on a page, without tags."""
    at = max(0, text.find('class="fr-alert'))
    return " ".join(TAG.sub(" ", text[at : at + 1_000]).split())


@dataclass(frozen=True)
class Page:
    """An answer that was read, and when the request for it was sent and answered."""

    status: int
    path: str
    text: str
    sent: float
    answered: float

    @property
    def milliseconds(self) -> float:
        """From the request to the end of its answer."""
        return 1_000 * (self.answered - self.sent)

    def form(self, action: str) -> dict[str, str]:
        """The hidden fields of the form for `action`."""
        for there, inside in FORM.findall(self.text):
            if there == action:
                return {name: html.unescape(value) for name, value in HIDDEN.findall(inside)}
        raise Unexpected(f"no form for {action} on {self.path}: {self.text[-1_500:]}")


class SignedInUser:
    """One person. `settle` makes the account; `sign_in` and `sign_out` follow in turn."""

    def __init__(
        self, environment: Environment, connector: aiohttp.BaseConnector, base_url: str = ""
    ) -> None:
        """`base_url` where it is not the portal's."""
        self._world = environment
        self.address = new_address()
        self.cookies = aiohttp.CookieJar(unsafe=True)
        base_url = base_url or environment.base_url
        self._session = aiohttp.ClientSession(
            base_url,
            connector=connector,
            connector_owner=False,
            cookie_jar=self.cookies,
            headers={
                "Origin": base_url,
                "Accept": "text/html",
                "Accept-Language": "fr",
            },
            timeout=aiohttp.ClientTimeout(total=60),
        )
        self._key = ""
        self._last_step = 0

    async def close(self) -> None:
        """Delete the cookies; the connections stay in the pool."""
        await self._session.close()

    async def get(self, path: str) -> Page:
        """Open a page that must be there."""
        sent = time.monotonic()
        async with self._session.get(path, allow_redirects=False) as answer:
            page = Page(answer.status, path, await answer.text(), sent, time.monotonic())
        if page.status != 200:
            raise Unexpected(f"GET {path}: {page.status} {page.text[-500:]}")
        return page

    async def post(self, page: Page, action: str, leads_to: str, **values: str) -> Page:
        """Post a form of a page; the 303 must lead there."""
        answer, where = await self.send(page, action, **values)
        if answer.status != 303 or where != leads_to:
            raise Unexpected(f"POST {action}: {answer.status} {where} {_alert(answer.text)}")
        return answer

    async def send(self, page: Page, action: str, **values: str) -> tuple[Page, str]:
        """Post a form of a page; whatever the answer is, and where it leads."""
        fields = {**page.form(action), **values}
        sent = time.monotonic()
        async with self._session.post(action, data=fields, allow_redirects=False) as answer:
            text = await answer.text()
            where = answer.headers.get("Location", "")
        return Page(answer.status, action, text, sent, time.monotonic()), where

    async def refused(self, action: str, body: bytes) -> tuple[int, float]:
        """Post a ready-made body that must not be taken; the status, and milliseconds to it."""
        begin = time.perf_counter()
        async with self._session.post(
            action, data=body, headers={"Content-Type": URLENCODED}, allow_redirects=False
        ) as answer:
            return answer.status, 1_000 * (time.perf_counter() - begin)

    async def fill_in(self) -> None:
        """From the form to the created account, the mailed code included."""
        page = await self.get("/inscription")
        person = {"first_name": "Jeanne", "last_name": "Martin", "password": PASSWORD}
        validation = "/inscription/validation"
        await self.post(page, "/inscription", validation, address=self.address, **person)
        page = await self.get(validation)
        code = (await self._world.mailbox.mail(self.address))["code"]
        await self.post(page, validation, "/inscription/adresse-validee", code=code)
        await self.get("/inscription/adresse-validee")
        page = await self.get("/inscription/conditions")
        await self.post(page, "/inscription/conditions", "/inscription/creation", accept="1")
        await self.get("/inscription/creation")

    async def give_password(self, leads_to: str) -> Page:
        """Address and password; `leads_to` is the step that comes next."""
        page = await self.get("/connexion")
        given = {"address": self.address, "password": PASSWORD}
        return await self.post(page, "/connexion", leads_to, **given)

    async def enrol(self) -> None:
        """The first code, then the list of recovery codes, to the complementary information."""
        here = "/connexion/telephone"
        page = await self.get(here)
        shown = KEY.search(page.text)
        if shown is None:
            raise Unexpected(f"no key on {here}")
        self._key = "".join(SPAN.findall(shown[1]))
        await self.post(page, here, "/connexion/codes-de-secours", code=await self.code())
        page = await self.get("/connexion/codes-de-secours")
        await self.post(page, "/connexion/codes-de-secours", "/informations", kept="1")

    async def settle(self) -> None:
        """From nothing to signed out, with a phone."""
        await self.fill_in()
        await self.give_password("/connexion/telephone")
        await self.enrol()
        await self.sign_out()

    async def code(self) -> str:
        """The phone's next code that is still good; waits for it where need be."""
        now = int(time.time()) // STEP
        step = max(now, self._last_step + 1)
        if step > now + 1:
            await asyncio.sleep((step - 1) * STEP - time.time() + 0.01)
        self._last_step = step
        return str(pyotp.HOTP(self._key).at(step))

    async def ready(self) -> None:
        """Wait until the phone can show a good code at once."""
        await asyncio.sleep(max(0.0, self._last_step * STEP - time.time() + 0.01))

    async def sign_in(self) -> tuple[Page, Page, Page]:
        """The answers to the password, to the page of the code, and to the code."""
        password = await self.give_password("/connexion/code")
        page = await self.get("/connexion/code")
        code = await self.post(page, "/connexion/code", "/informations", code=await self.code())
        return password, page, code

    async def sign_out(self) -> None:
        """From the home page."""
        await self.post(await self.get("/accueil"), "/deconnexion", "/connexion")
