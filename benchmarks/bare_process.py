"""A process that only waits: `python -m benchmarks.bare_process`, the baseline of a service at
rest.

It reads from standard input which modules to import and which connections to open, opens them on
uvloop, reports that, and does nothing more: the memory of any service with these libraries.
"""

import asyncio
import contextlib
import importlib
import json
import sys
from typing import Any

from benchmarks.subprocesses import input_ended, say


async def hold(order: dict[str, Any]) -> None:
    """Open what was ordered, print `{"ready": true}`, and hold it until the harness ends."""
    import aio_pika
    import asyncpg

    count = order["database_connections"]
    pool = await asyncpg.create_pool(order["database_url"], min_size=count, max_size=count)
    links = [await aio_pika.connect_robust(order["amqp_url"]) for _ in range(order["links"])]
    channels = [await link.channel() for link in links]
    say({"ready": True, "channels": len(channels)})
    await input_ended()
    for link in links:
        await link.close()
    await pool.close()


def main() -> None:
    """Read the order, import, hold."""
    import uvloop

    say({"started": True})
    order = json.loads(sys.stdin.readline())
    for name in order["modules"]:
        # A library may register names in sys.modules that cannot be imported one by one.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvloop.run(hold(order))


if __name__ == "__main__":
    main()
