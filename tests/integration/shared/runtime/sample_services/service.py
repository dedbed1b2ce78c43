"""A teller, and a listener whose handler takes its time.

They bear the names of services of the house because the broker and the database know those. How
they misbehave is a setting.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.contracts.registration.events import RequestCancelled
from shared.database import transaction
from shared.errors import ConfigurationError
from shared.messaging import Context, hears
from shared.runtime.service import Runtime, Service
from shared.settings import ServiceSettings, setting

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, kw_only=True)
class SmallSettings(ServiceSettings):
    """What both read."""

    mode: str = setting("IMPEX_SMALL_MODE", default="good", doc="How to misbehave.")
    handler_seconds: str = setting("IMPEX_SMALL_HANDLER_SECONDS", default="0", doc="Slowness.")


@dataclass(frozen=True, kw_only=True)
class TellerSettings(SmallSettings):
    """The teller's addresses."""

    database_url: str = setting("IMPEX_REGISTRATION_DATABASE_URL", secret=True, doc="Database.")
    amqp_url: str = setting("IMPEX_REGISTRATION_AMQP_URL", secret=True, doc="Broker.")
    health_port: int = setting("IMPEX_REGISTRATION_HEALTH_PORT", default=0, doc="Health pages.")


@dataclass(frozen=True, kw_only=True)
class ListenerSettings(SmallSettings):
    """The listener's addresses."""

    database_url: str = setting("IMPEX_MAILER_DATABASE_URL", secret=True, doc="Database.")
    amqp_url: str = setting("IMPEX_MAILER_AMQP_URL", secret=True, doc="Broker.")
    health_port: int = setting("IMPEX_MAILER_HEALTH_PORT", default=0, doc="Health pages.")


@asynccontextmanager
async def build_teller(house: Runtime, settings: TellerSettings) -> AsyncIterator[None]:
    """Misbehaves as asked, when told by SIGUSR1."""

    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)

    async def voice() -> None:
        if settings.mode in ("dies", "ends"):
            await told.wait()
        if settings.mode == "dies":
            raise RuntimeError("the teller has lost its voice for pierre@example.fr")
        if settings.mode == "ends":
            return
        if settings.mode == "stuck":
            print("stuck", flush=True)
            time.sleep(60)  # noqa: ASYNC251 - a loop that never turns again is the point
        await asyncio.Event().wait()

    house.background_task("voice", voice)
    if settings.mode == "misconfigured":
        raise ConfigurationError([("IMPEX_SMALL_MODE", "asks for the impossible")])
    if settings.mode == "build fails":
        raise RuntimeError("no way to build this")
    yield None


@asynccontextmanager
async def build_listener(
    house: Runtime, settings: ListenerSettings
) -> AsyncIterator[ListenerSettings]:
    """Writes down what is done, so that a test sees the order."""

    async def note(what: str) -> None:
        async with transaction(house.pool) as tx:
            await tx.execute("INSERT INTO work (what) VALUES ($1)", what)

    async def first() -> None:
        await note("drain: registered first")

    async def second() -> None:
        await note("drain: registered second")
        if settings.mode == "stubborn":
            await asyncio.Event().wait()

    house.on_drain(first)
    house.on_drain(second)
    await note("built")
    yield settings
    await note("closed")


async def handle(_event: RequestCancelled, context: Context[Any]) -> None:
    """Begin, take the time, end; the beginning is seen on standard output."""
    print("handling", flush=True)
    await asyncio.sleep(float(context.deps.handler_seconds))
    await context.tx.execute("INSERT INTO work (at, what) VALUES (clock_timestamp(), 'handled')")


TELLER = Service(
    name="registration",
    settings=TellerSettings,
    build=build_teller,
    migrations=MIGRATIONS,
    emits=(RequestCancelled,),
)
LISTENER = Service(
    name="mailer",
    settings=ListenerSettings,
    build=build_listener,
    migrations=MIGRATIONS,
    hears=(hears(RequestCancelled, handle),),
)
