"""Every service under a supervisor, on servers that a test may kill."""

import asyncio
from dataclasses import dataclass, field

import asyncpg

from tests.support import eventually
from tests.support.actors.http_browser import HttpBrowser
from tests.support.actors.retrying_account_holder import RetryingAccountHolder
from tests.support.actors.retrying_registrant import RetryingRegistrant
from tests.support.mail.mail_server import MailServer
from tests.support.push_receiver import Receiver
from tests.support.servers.captured_events import CAPTURED
from tests.support.servers.dedicated_servers import DedicatedServers
from tests.support.servers.process_supervisor import ProcessSupervisor
from tests.support.servers.services import services
from tests.support.servers.system import System

UNROUTED = "impex.unrouted.events"


SERVICES = (
    *("registration", "mfa", "profile", "dossiers", "mailer", "support", "push", "operations"),
    *("gateway", "desk"),
)


@dataclass
class FaultRig:
    """Services under a supervisor, dedicated servers, and in the test's loop a mail server and a
    partner's receiver, which a test starts."""

    system: System
    servers: DedicatedServers
    supervisor: ProcessSupervisor
    smtp: MailServer
    receiver: Receiver
    base: str
    users: list[RetryingRegistrant] = field(default_factory=list)

    def registrant(self) -> RetryingRegistrant:
        """A new user."""
        self.users.append(RetryingRegistrant(HttpBrowser(self.base)))
        return self.users[-1]

    def account_holder(self) -> RetryingAccountHolder:
        """A new user who will have an account."""
        self.users.append(member := RetryingAccountHolder(HttpBrowser(self.base), smtp=self.smtp))
        return member

    async def kill(self, target: str) -> None:
        """`kill -9` of a service, `broker` or `database`, and start it again."""
        if target in SERVICES:
            self.supervisor.kill(target)
            return
        server = self.servers.rabbit if target == "broker" else self.servers.postgres
        server.kill()
        server.start()
        await self.back(target)

    async def back(self, target: str) -> None:
        """Wait until the broker or the database answers."""
        server = self.servers.rabbit if target == "broker" else self.servers.postgres
        await asyncio.to_thread(server.wait)

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Rows of a query, as the database's administrator."""
        connection = await asyncpg.connect(self.system.database.admin_url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def outboxes_empty(self) -> None:
        """Wait until every outbox is empty: the broker has all events."""
        await eventually(self._outboxes, 60, every=0.1, why="the outboxes are empty")

    async def queues_empty(self) -> None:
        """Wait until no queue holds a message, no dead-letter queue, no retry queue, no outbox."""
        await self.outboxes_empty()
        admin = self.system.broker.admin
        admin.close()  # the broker may have been started again since it was last asked

        async def left() -> bool:
            depths = await asyncio.to_thread(self.system.broker.depths)
            assert {one.name for one in services() if one.hears} <= set(depths)
            # Events without a subscriber stay in the queue of unrouted messages, by design; what a
            # test captures it takes itself.
            assert {n: depth for n, depth in depths.items() if depth}.keys() <= {UNROUTED, CAPTURED}
            return True

        await eventually(left, 60, every=0.25, why="every queue is empty, the dead queues too")

    async def _outboxes(self) -> bool:
        names = [one.name for one in services()]
        query = " union all ".join(f"select count(*) as n from {name}.outbox" for name in names)
        return all(row["n"] == 0 for row in await self.rows(query))
