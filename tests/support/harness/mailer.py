"""The mailer on a real database and a real mail server, without a broker.

Events go through the service's own event processor; its copies of failed messages are collected
instead of published. `MailerHarness.run` does what a process does between start and drain.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import asyncpg
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from services.mailer.service import SERVICE
from shared.contracts.base import Event
from shared.database import Connection, open_pool
from shared.messaging.envelope import CONTENT_TYPE
from shared.messaging.event_processor import EventProcessor
from shared.messaging.publisher import Publisher
from shared.messaging.topology import DEAD, EVENTS, retry_exchange
from shared.runtime.service import Runtime
from shared.security.seal_keys import SealRing
from shared.security.sealing import Sealer
from shared.settings import load
from tests.support.harness.service_harness import ServiceHarness
from tests.support.mail.mailer_driver import MailerDriver
from tests.support.mail.sample_events import now
from tests.support.servers.shared_servers import Database
from tests.support.servers.system import keys

NAME = SERVICE.name
TABLES = ("deliveries", "directory", "closed_requests")


@dataclass(frozen=True)
class Copy:
    """A failed message as the event processor publishes it again."""

    body: bytes
    properties: Basic.Properties
    key: str


@dataclass
class CollectedCopies:
    """Replaces the publisher and the channel of an event processor."""

    waiting: list[Copy] = field(default_factory=list)
    dead: list[Copy] = field(default_factory=list)

    async def publish(
        self, body: bytes, properties: Basic.Properties, *, exchange: str, key: str
    ) -> None:
        """Collect a copy, as the user of the service."""
        properties.user_id = NAME
        copies = {retry_exchange(NAME): self.waiting, DEAD: self.dead}[exchange]
        copies.append(Copy(body, properties, key))

    async def basic_ack(self, _tag: int, *, wait: bool) -> None:
        """The message is settled."""

    def message(self, body: bytes, properties: Basic.Properties, exchange: str) -> DeliveredMessage:
        """A message as it comes from `exchange`."""
        return DeliveredMessage(
            delivery=Basic.Deliver(delivery_tag=1, exchange=exchange, routing_key=NAME),
            header=ContentHeader(properties=properties, body_size=len(body)),
            body=body,
            channel=cast(Any, self),
        )


@dataclass
class MailerHarness(ServiceHarness, MailerDriver):
    """The service by the real time: its database has a clock of its own."""

    database: Connection = field(kw_only=True)
    url: str = field(kw_only=True)
    copies: CollectedCopies = field(default_factory=CollectedCopies)
    _processors: deque[EventProcessor] = field(default_factory=deque)

    def __post_init__(self) -> None:
        MailerDriver.__init__(self)

    def clock(self) -> datetime:
        """The real time."""
        return now()

    @asynccontextmanager
    async def run(self, **changes: str) -> AsyncIterator[None]:
        """A mailer with `changes` to the settings and its background tasks; drained on leaving.

        Several may run: they take turns with the events.
        """
        amqp_url = f"amqp://{NAME}:x@127.0.0.1/"
        urls = {"IMPEX_MAILER_DATABASE_URL": self.url, "IMPEX_MAILER_AMQP_URL": amqp_url}
        settings = load(SERVICE.settings, {**keys(), **urls, **changes})
        runtime = Runtime(pool=self.pool, clock=self.clock)
        processor = EventProcessor(
            NAME,
            SERVICE.hears,
            pool=self.pool,
            publisher=cast(Publisher, self.copies),
            clock=self.clock,
            on_commit=lambda _rows: None,
            probes={},
        )
        async with SERVICE.build(runtime, settings) as processor.deps:
            tasks = [asyncio.create_task(work()) for _, work in runtime.background_tasks]
            self._processors.append(processor)
            try:
                yield
            finally:
                self._processors.remove(processor)
                for drain in reversed(runtime.drain_callbacks):
                    await drain()
                ended = [task for task in tasks if task.done()]
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
        assert not ended, "a background task must not end before the drain"

    async def deliver(self, event_id: str, kind: type[Event], body: bytes, times: int) -> None:
        """Handle the very same message `times` times at once."""
        properties = Basic.Properties(
            content_type=CONTENT_TYPE,
            delivery_mode=2,
            message_id=event_id,
            message_type=kind.TYPE,
            user_id=kind.OWNER,
        )
        await self._handle([self.copies.message(body, properties, EVENTS)] * times)

    async def retry(self) -> None:
        """As if the delays of the retry queues were over."""
        waiting, self.copies.waiting = self.copies.waiting, []
        exchange = retry_exchange(NAME)
        await self._handle(
            [self.copies.message(one.body, one.properties, exchange) for one in waiting]
        )

    async def _handle(self, messages: list[DeliveredMessage]) -> None:
        """Each in a task of its own, as a queue consumer does."""
        running = []
        for message in messages:
            self._processors.rotate()
            running.append(asyncio.create_task(self._processors[0].handle_delivery(message)))
        await asyncio.gather(*running)

    async def all_handled(self) -> None:
        """Every published event has been handled, and no copy of it waits."""
        assert not self.copies.waiting
        assert not await self.unhandled()

    def waits(self) -> list[str]:
        """How long each message waits that is to be tried again."""
        return [copy.key for copy in self.copies.waiting]

    async def make_due(self, cause: str) -> None:
        """As if the wait were over, without the rest of the worker's pause between two polls."""
        await super().make_due(cause)
        for processor in self._processors:
            processor.deps.wake()

    def dead_reason(self) -> str:
        """Headers of the next dead letter, with its reason."""
        return str(self.copies.dead.pop(0).properties.headers)

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Rows of the service's own schema, though the service's sessions have ended."""
        return list(await self.database.fetch(sql, *args))


@asynccontextmanager
async def open_harness(tables: Database) -> AsyncIterator[MailerHarness]:
    """The harness on a database whose tables it empties first; no failed message may be left."""
    url = tables.url(NAME)
    pool = await open_pool(url, NAME, "tests", 10)
    database = await asyncpg.connect(tables.admin_url, server_settings={"search_path": NAME})
    harness = MailerHarness(
        service=SERVICE,
        pool=pool,
        now=now(),
        sealer=Sealer(NAME, SealRing.parse(keys()["IMPEX_SEAL_KEYS_MAILER"])),
        database=database,
        url=url,
    )
    try:
        await harness.clear_tables(*TABLES)
        yield harness
        assert not harness.copies.dead, "a dead letter that the test has not read"
        assert not harness.waits()
    finally:
        await database.close()
        await pool.close()
