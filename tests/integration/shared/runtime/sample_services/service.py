"""An emitter, and a subscriber whose handler takes its time.

They have the names of real services because the broker and the database know those. How they
misbehave is a setting.
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
    """Settings of both."""

    mode: str = setting("IMPEX_SMALL_MODE", default="good", doc="How to misbehave.")
    handler_seconds: str = setting("IMPEX_SMALL_HANDLER_SECONDS", default="0", doc="Slowness.")


@dataclass(frozen=True, kw_only=True)
class EmitterSettings(SmallSettings):
    """The emitter's addresses."""

    database_url: str = setting("IMPEX_REGISTRATION_DATABASE_URL", secret=True, doc="Database.")
    amqp_url: str = setting("IMPEX_REGISTRATION_AMQP_URL", secret=True, doc="Broker.")
    health_port: int = setting("IMPEX_REGISTRATION_HEALTH_PORT", default=0, doc="Health pages.")


@dataclass(frozen=True, kw_only=True)
class SubscriberSettings(SmallSettings):
    """The subscriber's addresses."""

    database_url: str = setting("IMPEX_MAILER_DATABASE_URL", secret=True, doc="Database.")
    amqp_url: str = setting("IMPEX_MAILER_AMQP_URL", secret=True, doc="Broker.")
    health_port: int = setting("IMPEX_MAILER_HEALTH_PORT", default=0, doc="Health pages.")


@asynccontextmanager
async def build_emitter(runtime: Runtime, settings: EmitterSettings) -> AsyncIterator[None]:
    """Misbehaves as set; on SIGUSR1 where it waits."""

    signalled = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, signalled.set)

    async def misbehave() -> None:
        if settings.mode in ("dies", "ends"):
            await signalled.wait()
        if settings.mode == "dies":
            raise RuntimeError("the emitter failed for pierre@example.fr")
        if settings.mode == "ends":
            return
        if settings.mode == "stuck":
            print("stuck", flush=True)
            time.sleep(60)  # noqa: ASYNC251 - the loop must block
        await asyncio.Event().wait()

    runtime.background_task("misbehave", misbehave)
    if settings.mode == "misconfigured":
        raise ConfigurationError([("IMPEX_SMALL_MODE", "asks for the impossible")])
    if settings.mode == "build fails":
        raise RuntimeError("no way to build this")
    yield None


@asynccontextmanager
async def build_subscriber(
    runtime: Runtime, settings: SubscriberSettings
) -> AsyncIterator[SubscriberSettings]:
    """Records its steps, so that a test sees the order."""

    async def note(what: str) -> None:
        async with transaction(runtime.pool) as tx:
            await tx.execute("INSERT INTO work (what) VALUES ($1)", what)

    async def first() -> None:
        await note("drain: registered first")

    async def second() -> None:
        await note("drain: registered second")
        if settings.mode == "stubborn":
            await asyncio.Event().wait()

    runtime.on_drain(first)
    runtime.on_drain(second)
    await note("built")
    yield settings
    await note("closed")


async def handle(_event: RequestCancelled, context: Context[Any]) -> None:
    """Start, take the time, end; the start is printed to standard output."""
    print("handling", flush=True)
    await asyncio.sleep(float(context.deps.handler_seconds))
    await context.tx.execute("INSERT INTO work (at, what) VALUES (clock_timestamp(), 'handled')")


EMITTER = Service(
    name="registration",
    settings=EmitterSettings,
    build=build_emitter,
    migrations=MIGRATIONS,
    emits=(RequestCancelled,),
)
SUBSCRIBER = Service(
    name="mailer",
    settings=SubscriberSettings,
    build=build_subscriber,
    migrations=MIGRATIONS,
    hears=(hears(RequestCancelled, handle),),
)
