"""The portal on real servers: gateway and registration in the test's loop, browsers, letters."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aio_pika
import msgspec
import pytest

from operations.processes import free_port
from shared.contracts.registration import AccountRequested, ValidationResent
from shared.secrets import KeyRing, Opener, seal_context
from tests.integration.gateway.browser import Answer, Browser
from tests.support import eventually
from tests.support.system import System, gateway_settings

PASSWORD = "Kvfz9rLq#2"


@dataclass(frozen=True)
class Letter:
    """What a validation message would carry."""

    address: str
    code: str
    token: str


@dataclass
class Letters:
    """Every validation message that registration asked for, opened with the mailer's key."""

    opener: Opener
    all: list[Letter] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        envelope = msgspec.json.decode(body)
        for cls in (AccountRequested, ValidationResent):
            if envelope["type"] == cls.TYPE:
                event = msgspec.convert(envelope["data"], cls)
                code = self.opener.open(event.code, seal_context(cls, "code"))
                token = self.opener.open(event.link_token, seal_context(cls, "link_token"))
                self.all.append(Letter(event.address, code, token))

    async def to(self, address: str, number: int = 1) -> Letter:
        """The latest message to an address, once `number` of them were asked for."""

        def found() -> list[Letter]:
            mine = [one for one in self.all if one.address == address]
            return mine if len(mine) >= number else []

        return (await eventually(found, why=f"message {number} to {address}"))[-1]


@dataclass
class Portal:
    """A running portal."""

    system: System
    base: str
    letters: Letters
    browsers: list[Browser]

    def browser(self, language: str = "fr") -> Browser:
        """A fresh browser."""
        self.browsers.append(Browser(self.base, language))
        return self.browsers[-1]

    async def asked(self, browser: Browser, address: str, **values: str) -> Answer:
        """Ask for an account; returns the page that comes next."""
        page = await browser.get("/inscription")
        filled = {
            "first_name": "Pierre",
            "last_name": "Durand",
            "address": address,
            "password": PASSWORD,
            **values,
        }
        return await browser.post(page, "/inscription", filled)

    async def proved(self, browser: Browser, address: str) -> Answer:
        """Ask and prove by code; returns the page that says so."""
        page = await self.asked(browser, address)
        letter = await self.letters.to(address)
        return await browser.post(page, "/inscription/validation", {"code": letter.code})


@pytest.fixture
async def letters(system: System) -> AsyncIterator[Letters]:
    ring = KeyRing.parse(system.environment("mailer")["IMPEX_SEAL_KEYS_MAILER"])
    found = Letters(Opener("mailer", ring))
    connection = await aio_pika.connect(system.broker.admin_url)
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind("impex.events", "registration.#")

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        found.take(message.body)

    await queue.consume(take, no_ack=True)
    yield found
    await connection.close()


@pytest.fixture
async def portals(
    system: System, letters: Letters
) -> AsyncIterator[Callable[..., Awaitable[Portal]]]:
    """Await it with settings (and `names=("gateway",)` to leave registration away)."""
    browsers: list[Browser] = []
    stops: list[Callable[[], Awaitable[object]]] = []

    async def open_portal(
        names: tuple[str, ...] = ("gateway", "registration"), **settings: str
    ) -> Portal:
        port = free_port()
        given = {**gateway_settings(port), **settings}
        running = system.run(*names, **given)
        await running.__aenter__()
        stops.append(lambda: running.__aexit__(None, None, None))
        return Portal(system, f"http://127.0.0.1:{port}", letters, browsers)

    yield open_portal
    await asyncio.gather(*(one.close() for one in browsers))
    for stop in stops:
        await stop()


@pytest.fixture
async def portal(portals: Callable[..., Awaitable[Portal]]) -> Portal:
    """The portal with its defaults."""
    return await portals()


def key_ring(text: str) -> KeyRing:
    """A ring of one key made from a text, for tests that sign by themselves."""
    return KeyRing.parse("t1:" + base64.b64encode(text.encode().ljust(32, b"x")[:32]).decode())
