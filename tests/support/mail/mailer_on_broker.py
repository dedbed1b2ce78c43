"""A mailer on the broker: publishers of the events it consumes, and a subscriber to its own."""

from typing import Any

import aio_pika
import asyncpg
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue

from shared.contracts.base import EVENTS, Event
from shared.messaging import topology
from shared.messaging.envelope import CONTENT_TYPE, contract, decode
from tests.support.mail.mailer_driver import MailerDriver
from tests.support.servers.system import System
from tests.support.waiting import eventually


class MailerOnBroker(MailerDriver):
    """Publishes events as their owners and records what the mailer publishes."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.system = system
        self._published: list[Event] = []
        self._connections: list[AbstractConnection] = []
        self._publishers: dict[str, AbstractChannel] = {}

    async def open(self) -> None:
        """Connect, and subscribe to the mailer's events from now on."""
        channel = self._admin = await self._channel(self.system.broker.admin_url)
        queue: AbstractQueue = await channel.declare_queue(exclusive=True)
        await queue.bind(topology.EVENTS, "mailer.#")
        await queue.consume(self._receive, no_ack=True)
        self.database = await asyncpg.connect(
            self.system.database.admin_url, server_settings={"search_path": "mailer"}
        )

    async def close(self) -> None:
        """Disconnect."""
        await self.database.close()
        for connection in self._connections:
            await connection.close()

    async def deliver(self, event_id: str, kind: type[Event], body: bytes, times: int) -> None:
        """Publish the very same message `times` times as the owner of its type."""
        owner = kind.OWNER
        if owner not in self._publishers:
            self._publishers[owner] = await self._channel(self.system.broker.url(owner))
        exchange = await self._publishers[owner].get_exchange(topology.EVENTS, ensure=False)
        for _ in range(times):
            message = aio_pika.Message(
                body,
                content_type=CONTENT_TYPE,
                delivery_mode=2,
                message_id=event_id,
                type=kind.TYPE,
                user_id=owner,
            )
            await exchange.publish(message, routing_key=kind.TYPE)

    async def events(self, *kinds: type[Event]) -> list[Any]:
        """The events of the mailer."""
        return [event for event in self._published if isinstance(event, kinds)]

    async def all_handled(self) -> None:
        """Every published event has been handled, and no copy of it waits any more."""

        async def handled() -> bool:
            queue = await self._admin.declare_queue("mailer", passive=True)
            return queue.declaration_result.message_count == 0 and not await self.unhandled()

        await eventually(handled, why="every published event is handled")

    async def waits_in(self, queue: str) -> None:
        """Wait until a message is in `queue`."""

        async def waits() -> bool:
            declared = await self._admin.declare_queue(queue, passive=True)
            return bool(declared.declaration_result.message_count)

        await eventually(waits, why=f"a message in {queue}")

    async def dead_reason(self) -> str:
        """Headers of the next dead letter, with its reason."""

        async def dead() -> Any:
            return await (await self._admin.get_queue("mailer.dead", ensure=False)).get(
                fail=False, no_ack=True
            )

        letter = await eventually(dead, why="a dead letter")
        return str(letter.headers)

    async def _channel(self, url: str) -> AbstractChannel:
        connection = await aio_pika.connect(url)
        self._connections.append(connection)
        return await connection.channel()

    async def _receive(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        self._published.append(contract(decode(message.body), EVENTS))
