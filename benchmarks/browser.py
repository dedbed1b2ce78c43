"""People and their mailbox: forms fetched and posted over real HTTP, mails awaited at the sink.

An applicant has cookies of their own and fills in the form as it was served, hidden fields
included. Whatever is not the expected answer is raised as `Unexpected` with the beginning of the
page. Times are of the monotonic clock that the sink uses too.
"""

import asyncio
import secrets
import time
from html.parser import HTMLParser
from typing import Any

import aiohttp

from benchmarks.subprocesses import Subprocess

FORM = "/inscription"
NEXT = "/inscription/validation"
PASSWORD = "Vb7kQx2mZr9wLt4h"


class Unexpected(Exception):
    """The portal answered something else than what a right form gets."""


def new_address() -> str:
    """An address that was not used before."""
    return f"jeanne.{secrets.token_hex(8)}@example.fr"


class HiddenFields(HTMLParser):
    """The hidden fields of the form that has a password field."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._form: dict[str, str] = {}
        self._asks_password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form":
            self._form, self._asks_password = {}, False
        if tag != "input":
            return
        field = dict(attrs)
        if field.get("type") == "hidden":
            self._form[field.get("name") or ""] = field.get("value") or ""
        self._asks_password = self._asks_password or field.get("name") == "password"

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._asks_password:
            self.fields = self._form


class Applicant:
    """One browser with its own cookies, over a shared pool of connections."""

    def __init__(self, base_url: str, connector: aiohttp.BaseConnector) -> None:
        self.address = new_address()
        self._base_url = base_url
        self._session = aiohttp.ClientSession(
            base_url,
            connector=connector,
            connector_owner=False,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Origin": base_url, "Accept": "text/html", "Accept-Language": "fr"},
            timeout=aiohttp.ClientTimeout(total=60),
        )
        self._fields: dict[str, str] = {}

    async def open_form(self) -> None:
        """Fetch the form and keep its hidden fields and cookie."""
        async with self._session.get(FORM) as answer:
            page = await answer.text()
            if answer.status != 200:
                raise Unexpected(f"GET {FORM}: {answer.status} {page[:400]}")
        hidden = HiddenFields()
        hidden.feed(page)
        self._fields = {
            **hidden.fields,
            "first_name": "Jeanne",
            "last_name": "Martin",
            "address": self.address,
            "password": PASSWORD,
        }

    async def ask(self) -> tuple[float, float]:
        """Post the form; returns when it was sent and when its 303 had come."""
        sent = time.monotonic()
        async with self._session.post(FORM, data=self._fields, allow_redirects=False) as answer:
            page = await answer.text()
            where = answer.headers.get("Location", "")
            if answer.status != 303 or not where.startswith(NEXT):
                raise Unexpected(f"POST {FORM}: {answer.status} {where} {page[-2_000:]}")
        return sent, time.monotonic()

    async def close(self) -> None:
        """Delete the cookies; the connections stay in the pool."""
        await self._session.close()


class Mailbox:
    """What the sink took: when, how large, and how often to one address."""

    def __init__(self, sink: Subprocess) -> None:
        self._sink = sink
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._task = asyncio.create_task(self._watch())
        self.largest = 0

    async def _watch(self) -> None:
        while True:
            mail = await self._sink.lines.get()
            future = self._future(mail["to"])
            if not future.done():
                future.set_result(mail)
            if mail["to"].startswith("jeanne."):
                self.largest = max(self.largest, mail["bytes"])

    def _future(self, address: str) -> asyncio.Future[dict[str, Any]]:
        if address not in self._waiting:
            self._waiting[address] = asyncio.get_running_loop().create_future()
        return self._waiting[address]

    async def mail(self, address: str, seconds: float = 30) -> dict[str, Any]:
        """The sink's line about the first mail to `address`; TimeoutError if none in `seconds`."""
        mail = await asyncio.wait_for(self._future(address), seconds)
        del self._waiting[address]
        return mail

    async def arrival(self, address: str, seconds: float = 30) -> float:
        """When the first mail to `address` was accepted; TimeoutError if none in `seconds`."""
        return float((await self.mail(address, seconds))["at"])

    async def close(self) -> None:
        """Stop watching."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
