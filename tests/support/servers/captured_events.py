"""A queue of the test that receives what services publish, on a broker that may be killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pamqp.commands import Basic

from shared.messaging import topology
from shared.messaging.envelope import Envelope, decode
from tests.support.servers.bus_fixture import channel
from tests.support.servers.shared_servers import Broker

CAPTURED = "captured"


@asynccontextmanager
async def capture_events(broker: Broker, kind: str = "#") -> AsyncIterator[None]:
    """A durable queue bound to one type of event, or to all."""
    async with channel(broker.admin_url) as admin:
        await admin.queue_declare(CAPTURED, durable=True)
        await admin.queue_bind(CAPTURED, topology.EVENTS, kind)
    try:
        yield
    finally:
        async with channel(broker.admin_url) as admin:
            await admin.queue_delete(CAPTURED)


async def take_captured(broker: Broker) -> dict[str, Envelope]:
    """What the queue holds, by the ids of messages: one may have been published twice."""
    found: dict[str, Envelope] = {}
    async with channel(broker.admin_url) as admin:
        while True:
            message = await asyncio.wait_for(admin.basic_get(CAPTURED, no_ack=True), 60)
            if not isinstance(message.delivery, Basic.GetOk):
                return found
            envelope = decode(message.body)
            found[envelope.unique_id] = envelope
