"""The application: what it holds, its layers, its routes. Opens nothing by itself."""

from aiohttp import web
from yarl import URL

from services.gateway.clients.registration_texts import REGISTRATION_TEXTS, RegistrationTexts
from services.gateway.clients.services import SERVICES, RpcSender, Services
from services.gateway.features.account.routes import PAGES as ACCOUNT
from services.gateway.features.data_export.personal_data import GATEWAY_POOL
from services.gateway.features.data_export.routes import PAGES as DATA_EXPORT
from services.gateway.features.dossiers.filing_links import FILING_LINKS, FilingLinks
from services.gateway.features.dossiers.routes import PAGES as DOSSIERS
from services.gateway.features.help.routes import PAGES as HELP
from services.gateway.features.language.routes import PAGES as LANGUAGE
from services.gateway.features.legal.legal_texts import LEGAL, LegalTexts
from services.gateway.features.legal.routes import PAGES as LEGAL_PAGES
from services.gateway.features.profile.routes import PAGES as PROFILE
from services.gateway.features.recovery.forgotten_password import LINK_MINUTES
from services.gateway.features.recovery.routes import PAGES as RECOVERY
from services.gateway.features.registration.routes import PAGES as REGISTRATION
from services.gateway.features.sign_in.routes import PAGES as SIGN_IN
from services.gateway.features.support_requests.routes import PAGES as SUPPORT
from services.gateway.features.support_requests.support_requests import (
    SUPPORT_REQUESTS,
    SupportRequests,
)
from services.gateway.http import csp_reports
from services.gateway.http.client_ip import parse_networks
from services.gateway.http.errors import ERROR_LINKS
from services.gateway.http.form_routes import ALERT_TEXT, add_routes
from services.gateway.http.forms import MAX_READ_BYTES
from services.gateway.http.middleware import add_headers, handle_request
from services.gateway.http.rendering import FLASH_MESSAGE, RENDERER, PageBrand, Renderer
from services.gateway.http.routes import ROUTES, Routes
from services.gateway.http.security_headers import REPORTS
from services.gateway.http.site import CLOCK, SITE, SiteConfig
from services.gateway.http.sliding_window import (
    LOOKUPS,
    MAX_OVERSIZED,
    OVERSIZED,
    OVERSIZED_SECONDS,
    SlidingWindow,
)
from services.gateway.http.sse import STREAMS, Streams
from services.gateway.http.static_files import ASSETS, Assets, find_dsfr
from services.gateway.portal import session_pages
from services.gateway.portal.error_links import LINKS
from services.gateway.portal.flash import flash_message
from services.gateway.portal.resources import STATIC, TEMPLATES
from services.gateway.portal.texts import alert_text
from services.gateway.sessions.guards import SESSION_PAGES
from services.gateway.sessions.presession_store import PRESESSIONS, Presessions
from services.gateway.sessions.saved_forms import MAX_PER_NETWORK, SAVED_FORMS, SavedForms
from services.gateway.sessions.sealed_state import SEALED_STATE, SealedState
from services.gateway.sessions.sessions import SESSIONS, Sessions
from services.gateway.settings import GatewaySettings
from shared.runtime.service import Runtime
from shared.security.sealing import Opener, Sealer

#: The pages of the portal; the sitemap lists them in this order.
PAGES = (
    *SIGN_IN,
    *DOSSIERS,
    *PROFILE,
    *ACCOUNT,
    *DATA_EXPORT,
    *SUPPORT,
    *REGISTRATION,
    *RECOVERY,
    *HELP,
    *LEGAL_PAGES,
    *LANGUAGE,
)


def init_app(settings: GatewaySettings, runtime: Runtime) -> web.Application:
    """A fully wired application; templates are compiled and static files read (CPU, once)."""
    pool, clock, wake_relay = runtime.pool, runtime.clock, runtime.wake_relay
    app = web.Application(middlewares=[handle_request], client_max_size=MAX_READ_BYTES)
    app[SITE] = SiteConfig(
        origin=str(URL(settings.base_url).origin()),
        secure=settings.secure,
        trusted=parse_networks(settings.proxies),
        session_keys=settings.session_keys,
    )
    app[CLOCK] = clock
    app[SERVICES] = _services(settings, runtime.rpc_client)
    app[REGISTRATION_TEXTS] = RegistrationTexts()
    app[GATEWAY_POOL] = pool
    app[PRESESSIONS] = Presessions(pool, clock)
    app[SESSIONS] = Sessions(pool, clock, settings.session_limits, wake_relay)
    app[SESSION_PAGES] = session_pages.PAGES
    app[ERROR_LINKS] = LINKS
    app[SEALED_STATE] = SealedState(settings.session_keys)
    app[SAVED_FORMS] = SavedForms(
        pool, clock, app[SEALED_STATE], None if settings.try_out else MAX_PER_NETWORK
    )
    app[ALERT_TEXT] = alert_text
    app[SUPPORT_REQUESTS] = SupportRequests(
        pool,
        clock,
        wake_relay,
        Sealer("support", settings.support_keys),
        None if settings.try_out else settings.departures_per_network,
    )
    app[FILING_LINKS] = FilingLinks(settings.filing_url, settings.dossier_url)
    app[LINK_MINUTES] = settings.reset_minutes
    app[LEGAL] = LegalTexts(settings.legal_dir)
    app[STREAMS] = Streams(settings.streams_per_visitor)
    app[LOOKUPS] = SlidingWindow(settings.lookups_per_minute, 60)
    app[OVERSIZED] = SlidingWindow(MAX_OVERSIZED, OVERSIZED_SECONDS)
    app[csp_reports.CSP_REPORTS] = SlidingWindow(csp_reports.MAX_PER_MINUTE, 60)
    app[csp_reports.CSP_REPORTS_BY_NETWORK] = SlidingWindow(csp_reports.MAX_PER_NETWORK, 60)
    app[ASSETS] = assets = Assets(STATIC, find_dsfr(settings.dsfr_dir))
    app[ROUTES] = routes = Routes(PAGES)
    brand = PageBrand(
        **vars(settings.brand),
        logo_lines=settings.logo_lines,
        theme=settings.theme,
        try_out=settings.try_out,
        recovery_codes=settings.recovery_codes,
    )
    app[RENDERER] = Renderer(brand, assets.url, routes.url, TEMPLATES)
    app[FLASH_MESSAGE] = flash_message
    app[RENDERER].compile_all()
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_end_streams)
    setup_routes(app.router, routes)
    return app


def setup_routes(router: web.UrlDispatcher, routes: Routes) -> None:
    """Every path of the portal; anything else is a 404, another method a 405."""
    add_routes(router, routes)
    router.add_post(REPORTS, csp_reports.receive)
    router.add_get("/static/{version:[0-9a-f]{16}}/{name:.+}", _static_file)


async def _static_file(request: web.Request) -> web.StreamResponse:
    return await request.app[ASSETS].serve(request)


def _services(settings: GatewaySettings, sender: RpcSender) -> Services:
    rings = {
        "registration": settings.seal_keys,
        "mfa": settings.mfa_keys,
        "profile": settings.profile_keys,
    }
    sealers = {owner: Sealer(owner, ring) for owner, ring in rings.items()}
    return Services(sender, sealers, Opener("gateway", settings.own_keys))


async def _end_streams(app: web.Application) -> None:
    await app[STREAMS].drain()
