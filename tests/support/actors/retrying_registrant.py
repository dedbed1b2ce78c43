"""People at the portal who press the same button again where it fails.

A person sends the form of the same page again, with the same key, until a redirect confirms the
request.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import aiohttp

from tests.support import eventually
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.mail.mail_server import MailServer, Received
from tests.support.servers.portal import PASSWORD

#: Errors after which a request is repeated.
UNAVAILABLE_ERRORS = (aiohttp.ClientError, ConnectionError, TimeoutError)
PAUSE = 0.25
#: How long a person retries: a broker on a busy machine needs most of it to start.
PATIENCE = 90


@dataclass
class RetryingRegistrant:
    """One person, one browser, one address; `asked` once the portal has accepted the request."""

    browser: HttpBrowser
    address: str = field(default_factory=lambda: f"p{secrets.token_hex(6)}@pharmacie.example.fr")
    asked: bool = False
    presses: int = 0

    async def close(self) -> None:
        """Close the browser."""
        await self.browser.close()

    async def until(self, status: int, send: Callable[[], Awaitable[HttpResponse]]) -> HttpResponse:
        """Repeat until the portal answers `status`; any other status but 503 is an error."""
        end = monotonic() + PATIENCE
        while True:
            try:
                async with asyncio.timeout(10):
                    answer = await send()
            except UNAVAILABLE_ERRORS as error:
                last: object = error
            else:
                if answer.status == status:
                    return answer
                last = f"{answer.status} {answer.path}: {answer.text[:300]}"
                assert answer.status == 503, last
            assert monotonic() < end, f"{self.address} gave up: {last}"
            await asyncio.sleep(PAUSE)

    async def open(self, path: str) -> HttpResponse:
        """Open a page, reloading it while it fails."""
        return await self.until(200, lambda: self.browser.get(path))

    async def ask(self) -> None:
        """Request an account: one form, sent until it is accepted."""
        page = await self.open("/inscription")
        fields = page.form("/inscription") | form_of(self.address)
        await self.press("/inscription", fields)
        self.asked = True

    async def press(self, action: str, fields: dict[str, Any]) -> HttpResponse:
        """Send the same form, with the same key, until it is accepted."""

        async def send() -> HttpResponse:
            self.presses += 1
            headers = {"Sec-Fetch-Site": "same-origin"}
            return await self.browser.send_form(action, fields, headers=headers)

        return await self.until(303, send)

    async def finish(self, message: Received) -> None:
        """From the message to the account."""
        page = await self.open("/inscription/validation")
        form = page.form("/inscription/validation") | {"code": code_in(message)}
        await self.press("/inscription/validation", form)
        page = await self.open("/inscription/conditions")
        await self.accept(page.form("/inscription/conditions") | {"accept": "1"})

    async def accept(self, form: dict[str, Any]) -> None:
        """From the pressed terms to the account."""
        await self.press("/inscription/conditions", form)

        async def created() -> bool:
            # Without an answer in time this page waits for the account, or leads back to the terms.
            page = await self.open("/inscription/creation")
            if page.path == "/inscription/conditions":
                await self.press(page.path, form)
            return "Votre compte existe" in page.text

        await eventually(created, PATIENCE, every=PAUSE, why="the account exists")


def form_of(address: str) -> dict[str, str]:
    """The values of the account form."""
    return {
        "first_name": "Pierre",
        "last_name": "Durand",
        "address": address,
        "password": PASSWORD,
    }


def code_in(message: Received) -> str:
    """The code of a validation message."""
    found = re.search(r"^ *Votre code\s*: (\d{6})\s*$", message.text(), re.M)
    assert found, message.text()
    return found.group(1)


def messages_to(smtp: MailServer, address: str) -> list[Received]:
    """The messages to an address, in order."""
    return [one for one in smtp.messages if one.recipients == (address,)]


def asked(people: Iterable[RetryingRegistrant]) -> int:
    """How many have their answer."""
    return sum(person.asked for person in people)
