"""The gateway put together: what it opens and what it asks. It hears and says nothing yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.gateway.settings import GatewaySettings
from services.gateway.web.app import Ground, init_app
from services.gateway.web.clients import ASKS
from services.gateway.web.keys import PRESESSIONS, STREAMS
from services.gateway.web.server import HttpServer
from services.gateway.web.sessions import Presessions
from shared.errors import DependencyDown
from shared.service import House, Service
from shared.telemetry import get_logger

#: Seconds between two clean-ups of pre-sessions that have run out.
PURGE_SECONDS = 60

log = get_logger("gateway")


@asynccontextmanager
async def build(house: House, settings: GatewaySettings) -> AsyncIterator[None]:
    """Take the port at once, answer once the house is ready, finish what has begun at the end."""
    app = init_app(settings, Ground(house.pool, house.requester, house.clock))
    server = HttpServer(app, settings.host, settings.port)
    await server.bind()
    house.side_task("portal", server.serve)
    house.side_task("purge of pre-sessions", lambda: purge(app[PRESESSIONS]))

    async def drain() -> None:
        await app[STREAMS].drain()
        await server.stop()

    house.on_drain(drain)
    try:
        yield
    finally:
        await server.stop()


async def purge(presessions: Presessions) -> None:
    """Delete pre-sessions that have run out, for ever; waits while the database is away."""
    while True:
        try:
            gone = await presessions.purge()
        except DependencyDown:
            gone = 0
        if gone:
            log.info("Pre-sessions ran out.", action="session_expire", count=gone)
        await asyncio.sleep(PURGE_SECONDS)


SERVICE = Service(
    name="gateway",
    settings=GatewaySettings,
    build=build,
    migrations=Path(__file__).with_name("migrations"),
    asks=ASKS,
)
