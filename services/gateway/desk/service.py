"""The composition of the desk, the agents' front end: what it opens, and its messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.gateway.desk.app import init_app
from services.gateway.desk.settings import DeskSettings
from services.gateway.front_end import served
from services.gateway.sessions.sessions import SESSIONS, Sessions
from shared.contracts.desk import AgentSessionClosed
from shared.runtime.service import Runtime, Service


@asynccontextmanager
async def build(runtime: Runtime, settings: DeskSettings) -> AsyncIterator[Sessions]:
    """Serve the desk; events act on its sessions."""
    app = init_app(settings, runtime)
    async with served(app, runtime, settings.host, settings.port):
        yield app[SESSIONS]


SERVICE = Service(
    name="desk",
    settings=DeskSettings,
    build=build,
    migrations=Path(__file__).with_name("migrations"),
    emits=(AgentSessionClosed,),
)
