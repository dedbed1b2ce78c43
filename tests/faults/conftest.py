"""A whole house on servers that may be killed, shared by the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest
import pytest_asyncio

from operations.processes import free_port
from tests.faults.keeper import Keeper
from tests.faults.members import Member
from tests.faults.people import Person
from tests.integration.gateway.browser import Browser
from tests.support import eventually
from tests.support.house import services
from tests.support.mail_server import MailServer
from tests.support.own_servers import NAMES_ON_DISK_SECONDS, OwnServers
from tests.support.system import System, gateway_settings

UNROUTED = "impex.unrouted"
SERVICES = ("registration", "mfa", "profile", "dossiers", "mailer", "gateway")


@dataclass
class House:
    """Services under a keeper, servers of their own, and a mail server in the test's loop."""

    system: System
    servers: OwnServers
    keeper: Keeper
    smtp: MailServer
    base: str
    people: list[Person] = field(default_factory=list)

    def person(self) -> Person:
        """Somebody new."""
        self.people.append(Person(Browser(self.base)))
        return self.people[-1]

    def member(self) -> Member:
        """Somebody new who is about to have an account."""
        self.people.append(member := Member(Browser(self.base), smtp=self.smtp))
        return member

    async def kill(self, victim: str) -> None:
        """`kill -9` of a service, `broker` or `database`, and start it again."""
        if victim in SERVICES:
            self.keeper.kill(victim)
            return
        server = self.servers.rabbit if victim == "broker" else self.servers.postgres
        server.kill()
        server.start()
        await self.back(victim)

    async def back(self, victim: str) -> None:
        """Wait until the broker or the database answers."""
        server = self.servers.rabbit if victim == "broker" else self.servers.postgres
        await asyncio.to_thread(server.wait)

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """What the database says to its administrator."""
        connection = await asyncpg.connect(self.system.database.admin_url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def all_said(self) -> None:
        """Wait until no outbox holds a fact: the broker has them all."""
        await eventually(self._outboxes, 60, every=0.1, why="the outboxes are empty")

    async def all_quiet(self) -> None:
        """Wait until no queue holds a message, no dead queue, no waiting room, no outbox."""
        await self.all_said()
        admin = self.system.broker.admin
        admin.close()  # the broker may have been started again since it was last asked

        async def left() -> bool:
            depths = await asyncio.to_thread(self.system.broker.depths)
            assert set(SERVICES) <= set(depths)
            # What nobody hears yet (EmailVerified) rests in its own queue, by design.
            assert {n: depth for n, depth in depths.items() if depth}.keys() <= {UNROUTED}
            return True

        await eventually(left, 60, every=0.25, why="every queue is empty, the dead queues too")

    async def _outboxes(self) -> bool:
        names = [one.name for one in services()]
        query = " union all ".join(f"select count(*) as n from {name}.outbox" for name in names)
        return all(row["n"] == 0 for row in await self.rows(query))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def house(
    own_servers: OwnServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """Every service as a process of its own, on servers that nobody else uses."""
    own_servers.ensure()
    corners = own_servers.corners
    database, broker = corners.migrated(services()), corners.broker()
    system = System(database, broker, tmp_path_factory.mktemp("faults"))
    smtp = MailServer()
    await smtp.start()
    port = free_port()
    system.settings |= {
        **gateway_settings(port),
        "IMPEX_SMTP_URL": smtp.url,
        "IMPEX_MAIL_LEASE": "2",
    }
    keeper = Keeper(system)
    async with keeper.hold(SERVICES):
        await asyncio.sleep(NAMES_ON_DISK_SECONDS)
        made = House(system, own_servers, keeper, smtp, f"http://127.0.0.1:{port}")
        yield made
        await asyncio.gather(*(one.close() for one in made.people))
    await smtp.stop()
    own_servers.ensure()
    broker.admin.close()  # it may have been started again since it was last asked
    corners.drop(database)
    corners.delete(broker)


@pytest_asyncio.fixture(loop_scope="package")
async def calm(house: House) -> House:
    """The house with everything running, whatever the test before did to it."""
    house.servers.ensure()
    await house.keeper.ready()
    return house
