"""The composition of the gateway: what it opens, and its messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.gateway import handlers
from services.gateway.app import AppDependencies, init_app
from services.gateway.clients.clients import CALLS
from services.gateway.features.profile.saved_input import SAVED_INPUT, SavedInput
from services.gateway.features.support_requests.support_requests import (
    SUPPORT_REQUESTS,
    SupportRequests,
)
from services.gateway.http.server import HttpServer
from services.gateway.http.sse import STREAMS
from services.gateway.sessions.presessions import PRESESSIONS, Presessions
from services.gateway.sessions.sessions import SESSIONS, Sessions
from services.gateway.settings import GatewaySettings
from shared.contracts.gateway import (
    CorrectionRequested,
    DepartureReported,
    SessionClosed,
    SessionOpened,
)
from shared.contracts.mfa.events import AuthenticatorRemoved, AuthenticatorReplaced
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AddressChanged,
    CredentialsRemoved,
    NameChanged,
    PasswordChanged,
)
from shared.database import TRANSIENT_ERRORS
from shared.messaging.handlers import hears
from shared.runtime.service import Runtime, Service
from shared.runtime.telemetry import get_logger

#: Seconds between two purges of expired rows.
PURGE_SECONDS = 60

log = get_logger("gateway")


@asynccontextmanager
async def build(runtime: Runtime, settings: GatewaySettings) -> AsyncIterator[Sessions]:
    """Bind the port at once, serve once the runtime is ready, finish open requests at the end."""
    app = init_app(
        settings,
        AppDependencies(runtime.pool, runtime.rpc_client, runtime.clock, runtime.wake_relay),
    )
    server = HttpServer(app, settings.host, settings.port)
    await server.bind()
    runtime.background_task("portal", server.serve)
    runtime.background_task(
        "purge of sessions",
        lambda: purge(app[PRESESSIONS], app[SESSIONS], app[SAVED_INPUT], app[SUPPORT_REQUESTS]),
    )

    async def drain() -> None:
        await app[STREAMS].drain()
        await server.stop()

    runtime.on_drain(drain)
    try:
        yield app[SESSIONS]
    finally:
        await server.stop()


async def purge(
    presessions: Presessions, sessions: Sessions, kept: SavedInput, desk: SupportRequests
) -> None:
    """Delete expired rows periodically; waits while the database is unavailable."""
    while True:
        try:
            await kept.purge()
            await desk.purge()
            gone = await presessions.purge() + await sessions.purge()
        except TRANSIENT_ERRORS:
            gone = 0
        if gone:
            log.info("Sessions and pre-sessions expired.", action="session_expire", count=gone)
        await asyncio.sleep(PURGE_SECONDS)


SERVICE = Service(
    name="gateway",
    settings=GatewaySettings,
    build=build,
    migrations=Path(__file__).with_name("migrations"),
    asks=CALLS,
    hears=(
        hears(PasswordChanged, handlers.password_changed),
        hears(AccountFrozen, handlers.account_frozen),
        hears(AccountDeactivated, handlers.account_deactivated),
        hears(CredentialsRemoved, handlers.credentials_removed),
        hears(NameChanged, handlers.name_changed),
        hears(AddressChanged, handlers.address_changed),
        hears(AccountValidated, handlers.account_validated),
        hears(AuthenticatorReplaced, handlers.authenticator_replaced),
        hears(AuthenticatorRemoved, handlers.authenticator_removed),
    ),
    emits=(
        SessionOpened,
        SessionClosed,
        # For the support desk, once there is one.
        CorrectionRequested,
        DepartureReported,
    ),
)
