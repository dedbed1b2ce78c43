"""The application: what it holds, its layers, its routes. Opens nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from yarl import URL

from services.gateway.clients import (
    Access,
    Asker,
    Dossiers,
    Factor,
    Holder,
    Personal,
    Profile,
    Registration,
)
from services.gateway.features.dossiers.filing_links import Office
from services.gateway.features.legal.legal_texts import LegalTexts
from services.gateway.features.profile.saved_input import KeptForms
from services.gateway.features.support_requests.support_requests import Desk
from services.gateway.http.client_ip import parse_networks
from services.gateway.http.forms import BODY_BYTES
from services.gateway.http.middleware import dress, observe
from services.gateway.http.rendering import PageBrand, Pages
from services.gateway.http.sliding_window import Window
from services.gateway.http.sse import Streams
from services.gateway.http.static_files import Assets, find_dsfr
from services.gateway.portal import app_keys
from services.gateway.portal.resources import STATIC, TEMPLATES
from services.gateway.routes import setup_routes
from services.gateway.sessions.presessions import Presessions
from services.gateway.sessions.sealed_state import SealedPages
from services.gateway.sessions.sessions import Sessions
from services.gateway.settings import GatewaySettings
from shared.database import Pool
from shared.security.sealing import Opener, Sealer

#: Browsers' reports that are logged in a minute.
REPORTS_PER_MINUTE = 30


@dataclass(frozen=True)
class Ground:
    """What the application stands on: made by the composition root, or by a test."""

    pool: Pool
    asker: Asker
    clock: Callable[[], datetime]
    wake_relay: Callable[[], None]


def init_app(settings: GatewaySettings, ground: Ground) -> web.Application:
    """A fully wired application; templates are compiled and static files read (CPU, once)."""
    app = web.Application(middlewares=[observe], client_max_size=BODY_BYTES)
    app[app_keys.FRONT] = app_keys.Front(
        origin=str(URL(settings.base_url).origin()),
        secure=settings.secure,
        trusted=parse_networks(settings.trusted_proxies),
        session_keys=settings.session_keys,
    )
    app[app_keys.CLOCK] = ground.clock
    to_registration = Sealer("registration", settings.seal_keys)
    app[app_keys.REGISTRATION] = Registration(ground.asker, to_registration)
    app[app_keys.ACCESS] = Access(ground.asker, to_registration)
    app[app_keys.HOLDER] = Holder(ground.asker, to_registration)
    opener = Opener("gateway", settings.own_keys)
    app[app_keys.FACTOR] = Factor(ground.asker, Sealer("mfa", settings.mfa_keys), opener)
    to_profile = Sealer("profile", settings.profile_keys)
    app[app_keys.PROFILE] = Profile(ground.asker, to_profile, opener)
    app[app_keys.DOSSIERS] = Dossiers(ground.asker)
    app[app_keys.OFFICE] = Office(settings.filing_url, settings.dossier_url)
    app[app_keys.PRESESSIONS] = Presessions(ground.pool, ground.clock)
    app[app_keys.SESSIONS] = Sessions(
        ground.pool, ground.clock, settings.session_limits, ground.wake_relay
    )
    app[app_keys.PERSONAL] = Personal(ground.asker, opener, app[app_keys.SESSIONS].held)
    app[app_keys.DESK] = Desk(
        ground.pool,
        ground.clock,
        ground.wake_relay,
        Sealer("support", settings.support_keys),
        None if settings.try_out else settings.departures_per_network,
    )
    app[app_keys.SEALED_PAGES] = sealed_pages = SealedPages(settings.session_keys)
    app[app_keys.KEPT_FORMS] = KeptForms(ground.pool, ground.clock, sealed_pages)
    app[app_keys.LINK_MINUTES] = settings.reset_minutes
    app[app_keys.LEGAL] = LegalTexts(settings.legal_dir)
    app[app_keys.STREAMS] = Streams(settings.streams_per_visitor)
    app[app_keys.LOOKUPS] = Window(settings.lookups_per_minute, 60)
    app[app_keys.REPORTS] = Window(REPORTS_PER_MINUTE, 60)
    app[app_keys.ASSETS] = assets = Assets(STATIC, find_dsfr(settings.dsfr_dir))
    app[app_keys.PAGES] = pages = Pages(page_brand(settings), assets.url, TEMPLATES)
    pages.compile_all()
    app.on_response_prepare.append(dress)
    app.on_shutdown.append(_end_streams)
    setup_routes(app)
    return app


async def _end_streams(app: web.Application) -> None:
    await app[app_keys.STREAMS].drain()


def page_brand(settings: GatewaySettings) -> PageBrand:
    """What pages say of the operator."""
    brand = settings.brand
    return PageBrand(
        service_name=brand.service_name,
        operator=brand.operator_name,
        logo_lines=settings.logo_lines,
        theme=settings.theme,
        phone=brand.phone,
        phone_international=brand.phone_international,
        import_address=brand.import_address,
        export_address=brand.export_address,
        dpo=brand.dpo_address,
        dpo_postal=brand.dpo_postal,
        sender=brand.sender,
        try_out=settings.try_out,
        recovery_codes=settings.recovery_codes,
    )
