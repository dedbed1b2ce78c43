"""Helpers of the tests of pitfalls: a separate publisher, a crash, a queue's depth."""

import asyncio
import contextlib
from typing import Any

from pamqp.commands import Basic

from shared.contracts.registration.events import RequestCancelled
from shared.messaging.connection import BrokerConnection
from shared.messaging.envelope import new_id
from shared.messaging.publisher import Publisher
from shared.messaging.topology import declare, service_topology
from tests.support.servers.bus_fixture import BusFixture, channel
from tests.support.servers.shared_servers import Broker

CANCELLED = RequestCancelled.TYPE


def cancelled(text: str = "r") -> RequestCancelled:
    return RequestCancelled(request_id=text)


def properties(message_id: str | None = None) -> Basic.Properties:
    return Basic.Properties(message_id=message_id or new_id(), delivery_mode=2)


@contextlib.asynccontextmanager
async def publisher_of(url: str, **options: Any) -> Any:
    link = BrokerConnection(url, "registration.publish", heartbeat=1)
    await link.open(10)
    running = asyncio.create_task(link.run())
    try:
        yield Publisher(link, **options)
    finally:
        await link.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def depth_is(bus: BusFixture, queue: str, number: int) -> bool:
    return await bus.depth(queue) == number


async def crash_until_dead_lettered(bus: BusFixture, service: str) -> int:
    """Take the message and disconnect, as a killed process; returns the number of deliveries."""
    came = 0
    while came < 40:
        async with channel(bus.broker.admin_url) as raw:
            message = await raw.basic_get(service)
            if not isinstance(message.delivery, Basic.GetOk):
                if await bus.depth(f"{service}.dead"):
                    return came
                continue
            came += 1
    return came


async def declared(bus: BusFixture, service: str) -> None:
    async with channel(bus.broker.admin_url) as admin:
        await declare(admin, service_topology(service, (RequestCancelled,), ()))


async def arguments_of(bus: BusFixture, queue: str) -> dict[str, Any]:
    broker: Broker = bus.broker
    found = broker.admin.call("GET", f"queues/{broker.vhost}/{queue}")
    return dict(found["arguments"])
