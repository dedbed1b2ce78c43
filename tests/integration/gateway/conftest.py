"""The portal on real servers: gateway and registration in the test's loop, browsers, letters."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aio_pika
import msgspec
import pytest
import pytest_asyncio

from operations.processes import free_port
from shared.contracts.base import EVENTS, Sealed
from shared.contracts.registration import (
    AccountRequested,
    AddressProofRequested,
    LostPhoneClaimed,
    PasswordResetRequested,
    ValidationResent,
)
from shared.security.sealing import KeyRing, Opener, seal_context
from tests.integration.gateway.browser import Answer, Browser
from tests.integration.gateway.office import Office, office_of
from tests.support import eventually
from tests.support.clock import Clock
from tests.support.house import parties, services
from tests.support.servers import Corners
from tests.support.system import System, gateway_settings

PASSWORD = "Kvfz9rLq#2"


#: The events that a mail with something to open is written for.
MAILED = (
    AccountRequested,
    ValidationResent,
    AddressProofRequested,
    PasswordResetRequested,
    LostPhoneClaimed,
)


@dataclass(frozen=True)
class Letter:
    """What a message would carry: a code, a link's token, or both."""

    kind: str
    address: str
    code: str
    token: str


@dataclass(frozen=True)
class Said:
    """An event as it went over the broker."""

    name: str
    subject: str | None
    data: dict[str, Any]


@dataclass
class Letters:
    """Every event that was said, and every message that would go out, opened with the mailer's
    key."""

    opener: Opener
    all: list[Letter] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        envelope = msgspec.json.decode(body)
        event = EVENTS[envelope["type"]]
        self.said.append(Said(event.__name__, envelope.get("subject"), envelope["data"]))
        if event in MAILED:
            opened = {}
            for name in ("code", "link_token"):
                if name in event.__struct_fields__:
                    sealed = msgspec.convert(envelope["data"][name], Sealed)
                    opened[name] = self.opener.open(sealed, seal_context(event, name))
            self.all.append(
                Letter(
                    event.__name__,
                    envelope["data"]["address"],
                    opened.get("code", ""),
                    opened.get("link_token", ""),
                )
            )

    async def to(self, address: str, number: int = 1, kind: str = "") -> Letter:
        """The latest message to an address (of a kind), once `number` of them were asked for."""

        def found() -> list[Letter]:
            mine = [one for one in self.all if one.address == address and kind in one.kind]
            return mine if len(mine) >= number else []

        return (await eventually(found, why=f"message {number} to {address}"))[-1]

    async def event(self, name: str, subject: str, number: int = 1) -> Said:
        """The latest event of that name about an account, once there are `number` of them."""

        def found() -> list[Said]:
            mine = [one for one in self.said if (one.name, one.subject) == (name, subject)]
            return mine if len(mine) >= number else []

        return (await eventually(found, why=f"{number} {name}"))[-1]


@dataclass
class Portal:
    """A running portal."""

    system: System
    base: str
    letters: Letters
    browsers: list[Browser]
    clock: Clock = field(default_factory=Clock)

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
    """Hear everything that is said for as long as this lasts."""
    ring = KeyRing.parse(system.environment("mailer")["IMPEX_SEAL_KEYS_MAILER"])
    found = Letters(Opener("mailer", ring))
    connection = await aio_pika.connect(system.broker.admin_url)
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind("impex.events", "#")

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


#: What a portal needs to sign somebody in.
SERVICES = ("registration", "mfa", "profile", "dossiers", "gateway")


@asynccontextmanager
async def opened(
    house: System, letters: Letters, *names: str, clock: Clock | None = None, **settings: str
) -> AsyncIterator[Portal]:
    """Services on a port of their own, the portal among them, by a clock that the test moves."""
    port, clock = free_port(), clock or Clock()
    given = {**gateway_settings(port), "IMPEX_LOOKUPS_PER_MINUTE": "10000", **settings}
    async with house.run(*names, clock=clock, **given):
        portal = Portal(house, f"http://127.0.0.1:{port}", letters, [], clock)
        yield portal
        await asyncio.gather(*(one.close() for one in portal.browsers))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def portal(house: System, letters: Letters) -> AsyncIterator[Portal]:
    """Gateway, registration and second factor, shared by the tests of this folder."""
    async with opened(house, letters, *SERVICES) as portal:
        yield portal


@pytest_asyncio.fixture(loop_scope="package")
async def another(
    house: System, letters: Letters, portal: Portal
) -> AsyncIterator[Callable[..., Awaitable[Portal]]]:
    """Await it with settings for a second gateway beside the first, on the same registration."""
    async with AsyncExitStack() as stack:

        async def open_one(**settings: str) -> Portal:
            return await stack.enter_async_context(
                opened(house, letters, "gateway", clock=portal.clock, **settings)
            )

        yield open_one


@pytest_asyncio.fixture(loop_scope="package")
async def browser(portal: Portal) -> Browser:
    """A fresh browser."""
    return portal.browser()


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    return f"p{secrets.token_hex(6)}@pharmacie.example.fr"


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def office(portal: Portal) -> AsyncIterator[Office]:
    """The application that files and decides dossiers."""
    async with office_of(portal.system) as made:
        yield made
