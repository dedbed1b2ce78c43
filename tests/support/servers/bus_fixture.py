"""Small services on real servers, and raw messages published as any user."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from operations.provision.permissions import Principal
from shared.contracts import load_contracts, mailer
from shared.contracts.base import EVENTS, REQUESTS, Event
from shared.contracts.registration.events import OWNER
from shared.database import Pool, migrate, open_pool, transaction
from shared.messaging import Context, topology
from shared.messaging.envelope import CONTENT_TYPE, new_id
from shared.messaging.rpc_server import RpcServer
from shared.messaging.service_bus import ServiceBus
from shared.outbox import MIGRATIONS, emit
from tests.support.servers.shared_servers import Broker, Database
from tests.support.waiting import eventually

load_contracts()
EMITTED = {
    owner: tuple(cls for cls in EVENTS.values() if owner == cls.OWNER)
    for owner in (OWNER, mailer.OWNER)
}
ASKED = tuple(cls for cls in REQUESTS.values() if cls.OWNER == OWNER)

#: Three sample services, independent of the real ones.
PRINCIPALS = (
    Principal(
        "registration", hears=EMITTED["mailer"], emits=EMITTED["registration"], answers=ASKED
    ),
    Principal("mailer", hears=EMITTED["registration"], emits=EMITTED["mailer"]),
    Principal("gateway", asks=ASKED),
)


def now() -> datetime:
    """The nodes' clock."""
    return datetime.now(UTC)


class BusFixture:
    """A few services on one broker; `close` drains and closes them all.

    With `in_process`, requests between them do not go through the broker.
    """

    def __init__(
        self, database: Database, broker: Broker, in_process: dict[str, RpcServer] | None = None
    ) -> None:
        self.database = database
        self.broker = broker
        self.in_process = in_process
        self.nodes: list[ServiceBus] = []
        self.pools: dict[str, Pool] = {}

    async def pool(self, service: str) -> Pool:
        """The service's pool, on migrated tables."""
        if service not in self.pools:
            await migrate(self.database.owner_url, service, f"impex_{service}", [MIGRATIONS])
            self.pools[service] = await open_pool(
                self.database.url(service), service, f"{service}.test", 20
            )
        return self.pools[service]

    async def node(
        self, service: str, deps: Any = None, *, url: str | None = None, **options: Any
    ) -> ServiceBus:
        """A started node that is ready; `url` leads to the broker another way."""
        pool = await self.pool(service)
        options.setdefault("in_process", self.in_process)
        node = ServiceBus(service, url or self.broker.url(service), pool, clock=now, **options)
        self.nodes.append(node)
        await node.start(deps, timeout=60)
        await eventually(lambda: node.ready[0], why=f"{service} is ready")
        return node

    async def emit(self, node: ServiceBus, *events: Event, subject: str | None = None) -> list[str]:
        """Commit events into the node's outbox, in one transaction, and wake its relay."""
        async with transaction(await self.pool(node.name)) as tx:
            ids = [await emit(tx, node.name, event, subject=subject, now=now()) for event in events]
        node.relay.wake()
        return ids

    async def count(self, service: str, table: str) -> int:
        """Rows in one of the service's tables."""
        return int(await (await self.pool(service)).fetchval(f"SELECT count(*) FROM {table}"))

    async def dead(self, service: str, number: int = 1) -> list[DeliveredMessage]:
        """The dead letters of a service, as soon as there are `number` of them; taken out."""
        found: list[DeliveredMessage] = []
        async with channel(self.broker.admin_url) as admin:

            async def enough() -> bool:
                message = await admin.basic_get(topology.dead_queue(service), no_ack=True)
                if isinstance(message.delivery, Basic.GetOk):
                    found.append(message)
                return len(found) >= number

            await eventually(enough, 60, why=f"{number} dead letters of {service}")
        return found

    async def depth(self, queue: str) -> int:
        """Ready messages, asked on a fresh channel."""
        async with channel(self.broker.admin_url) as admin:
            return (await admin.queue_declare(queue, passive=True)).message_count or 0

    async def close(self) -> None:
        """Drain every node and close every pool."""
        await asyncio.gather(*(node.drain(5) for node in self.nodes))
        await asyncio.gather(*(pool.close() for pool in self.pools.values()))


@asynccontextmanager
async def channel(url: str, *, confirms: bool = True) -> AsyncIterator[AbstractChannel]:
    """A raw channel with a connection of its own."""
    connection = await aio_pika.connect(url)
    assert connection.transport is not None
    try:
        yield await connection.transport.connection.channel(
            publisher_confirms=confirms, on_return_raises=confirms
        )
    finally:
        await connection.close()


async def forge(
    url: str,
    body: bytes,
    *,
    key: str,
    exchange: str = topology.EVENTS,
    message_id: str | None = None,
    user: str | None = None,
    **properties: Any,
) -> None:
    """Publish raw bytes as any user."""
    async with channel(url) as raw:
        await raw.basic_publish(
            body,
            exchange=exchange,
            routing_key=key,
            mandatory=True,
            properties=Basic.Properties(
                content_type=CONTENT_TYPE,
                delivery_mode=2,
                message_id=message_id or new_id(),
                message_type=key,
                user_id=user,
                **properties,
            ),
        )


class RecordingHandler:
    """A handler that records its events and runs what a test gives it."""

    def __init__(self, act: Callable[[Any, Context[Any]], Any] | None = None) -> None:
        self.events: list[Any] = []
        self.ids: list[str] = []
        self._act = act

    async def __call__(self, event: Any, context: Context[Any]) -> None:
        """Called for each delivery that is not a duplicate."""
        self.events.append(event)
        self.ids.append(context.envelope.id)
        if self._act is not None:
            done = self._act(event, context)
            if asyncio.iscoroutine(done):
                await done

    def __len__(self) -> int:
        return len(self.events)
