"""A mailer in a separate process, to be killed in the middle of its work.

Prints READY when it consumes and TOOK when its handler has started, which never ends.
"""

import asyncio
import sys
from typing import Any

from shared.contracts.registration.events import RequestCancelled
from shared.database import open_pool
from shared.messaging import Context, hears
from shared.messaging.service_bus import ServiceBus
from tests.support.servers.bus_fixture import now
from tests.support.waiting import eventually


async def main(amqp_url: str, database_url: str) -> None:
    """Until killed."""

    async def work(event: RequestCancelled, context: Context[Any]) -> None:
        await context.tx.execute("INSERT INTO replies VALUES ('t', $1, '', '', now(), now())", "k")
        print("TOOK", event.request_id, flush=True)
        await asyncio.sleep(3_600)

    pool = await open_pool(database_url, "mailer", "worker", 2)
    node = ServiceBus("mailer", amqp_url, pool, (hears(RequestCancelled, work),), clock=now)
    await node.start(None)
    await eventually(lambda: node.ready[0])
    print("READY", flush=True)
    await asyncio.sleep(3_600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
