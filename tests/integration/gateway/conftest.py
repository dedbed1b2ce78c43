"""The portal on real servers: gateway and registration in the test's loop, browsers, letters."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aio_pika
import msgspec
import pytest
import pytest_asyncio

from operations.processes import free_port
from shared.contracts.registration import AccountRequested, ValidationResent
from shared.secrets import KeyRing, Opener, seal_context
from tests.integration.gateway.browser import Answer, Browser
from tests.support import eventually
from tests.support.house import parties, services
from tests.support.servers import Corners
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


@contextmanager
def corner(corners: Corners, folder: Path) -> Iterator[System]:
    """Tables and a virtual host of one's own."""
    database = corners.migrated(services())
    broker = corners.broker(parties())
    made = System(database, broker, folder)
    try:
        yield made
    finally:
        made.close()
        corners.delete(broker)
        corners.drop(database)


@pytest.fixture(scope="package")
def house(corners: Corners, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A corner for all the tests of this folder; each test asks with addresses of its own."""
    with corner(corners, tmp_path_factory.mktemp("portal")) as made:
        yield made


@asynccontextmanager
async def letters_of(system: System) -> AsyncIterator[Letters]:
    """Hear registration's messages for as long as this lasts."""
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


@asynccontextmanager
async def apart(corners: Corners, folder: Path) -> AsyncIterator[tuple[System, Letters]]:
    """A corner for one test that stops and starts services."""
    with corner(corners, folder) as system:
        async with letters_of(system) as letters:
            yield system, letters


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def letters(house: System) -> AsyncIterator[Letters]:
    """The messages of the shared corner."""
    async with letters_of(house) as found:
        yield found


@asynccontextmanager
async def opened(
    house: System, letters: Letters, *names: str, **settings: str
) -> AsyncIterator[Portal]:
    """Services on a port of their own, the portal among them."""
    port = free_port()
    given = {**gateway_settings(port), "IMPEX_LOOKUPS_PER_MINUTE": "10000", **settings}
    async with house.run(*names, **given):
        portal = Portal(house, f"http://127.0.0.1:{port}", letters, [])
        yield portal
        await asyncio.gather(*(one.close() for one in portal.browsers))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def portal(house: System, letters: Letters) -> AsyncIterator[Portal]:
    """Gateway and registration, shared by the tests of this folder."""
    async with opened(house, letters, "registration", "gateway") as portal:
        yield portal


@pytest_asyncio.fixture(loop_scope="package")
async def another(
    house: System, letters: Letters, portal: Portal
) -> AsyncIterator[Callable[..., Awaitable[Portal]]]:
    """Await it with settings for a second gateway beside the first, on the same registration."""
    async with AsyncExitStack() as stack:

        async def open_one(**settings: str) -> Portal:
            return await stack.enter_async_context(opened(house, letters, "gateway", **settings))

        yield open_one


@pytest_asyncio.fixture(loop_scope="package")
async def browser(portal: Portal) -> Browser:
    """A fresh browser."""
    return portal.browser()


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    return f"p{secrets.token_hex(6)}@pharmacie.example.fr"
