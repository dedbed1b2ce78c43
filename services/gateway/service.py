"""The gateway put together: what it opens, asks, hears and says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.gateway import handlers
from services.gateway.app import Ground, init_app
from services.gateway.clients import ASKS
from services.gateway.features.profile.saved_input import KeptForms
from services.gateway.features.support_requests.support_requests import Desk
from services.gateway.http.server import HttpServer
from services.gateway.portal.app_keys import DESK, KEPT_FORMS, PRESESSIONS, SESSIONS, STREAMS
from services.gateway.sessions.presessions import Presessions
from services.gateway.sessions.sessions import Sessions
from services.gateway.settings import GatewaySettings
from shared.contracts import mfa, profile, registration
from shared.contracts.gateway import (
    CorrectionRequested,
    DepartureReported,
    SessionClosed,
    SessionOpened,
)
from shared.database import TRANSIENT_ERRORS
from shared.messaging.handlers import hears
from shared.runtime.service import Runtime, Service
from shared.runtime.telemetry import get_logger

#: Seconds between two clean-ups of sessions and pre-sessions that have run out.
PURGE_SECONDS = 60

log = get_logger("gateway")


@asynccontextmanager
async def build(runtime: Runtime, settings: GatewaySettings) -> AsyncIterator[Sessions]:
    """Take the port at once, answer once the house is ready, finish what has begun at the end."""
    app = init_app(
        settings, Ground(runtime.pool, runtime.rpc_client, runtime.clock, runtime.wake_relay)
    )
    server = HttpServer(app, settings.host, settings.port)
    await server.bind()
    runtime.background_task("portal", server.serve)
    runtime.background_task(
        "purge of sessions",
        lambda: purge(app[PRESESSIONS], app[SESSIONS], app[KEPT_FORMS], app[DESK]),
    )

    async def drain() -> None:
        await app[STREAMS].drain()
        await server.stop()

    runtime.on_drain(drain)
    try:
        yield app[SESSIONS]
    finally:
        await server.stop()


async def purge(presessions: Presessions, sessions: Sessions, kept: KeptForms, desk: Desk) -> None:
    """Delete what has run out, for ever; waits while the database is away."""
    while True:
        try:
            await kept.purge()
            await desk.purge()
            gone = await presessions.purge() + await sessions.purge()
        except TRANSIENT_ERRORS:
            gone = 0
        if gone:
            log.info("Sessions and pre-sessions ran out.", action="session_expire", count=gone)
        await asyncio.sleep(PURGE_SECONDS)


SERVICE = Service(
    name="gateway",
    settings=GatewaySettings,
    build=build,
    migrations=Path(__file__).with_name("migrations"),
    asks=ASKS,
    hears=(
        hears(registration.PasswordChanged, handlers.password_changed),
        hears(registration.AccountFrozen, handlers.account_frozen),
        hears(registration.AccountDeactivated, handlers.account_deactivated),
        hears(registration.CredentialsRemoved, handlers.credentials_removed),
        hears(registration.NameChanged, handlers.name_changed),
        hears(registration.AddressChanged, handlers.address_changed),
        hears(profile.AccountValidated, handlers.account_validated),
        hears(mfa.AuthenticatorReplaced, handlers.authenticator_replaced),
        hears(mfa.AuthenticatorRemoved, handlers.authenticator_removed),
    ),
    emits=(
        SessionOpened,
        SessionClosed,
        # Heard by the desk, once there is one.
        CorrectionRequested,
        DepartureReported,
    ),
)
