"""The portal's application: what it holds, its layers, its routes. Opens nothing by itself."""

from aiohttp import web
from yarl import URL

from services.gateway.clients.registration_texts import REGISTRATION_TEXTS, RegistrationTexts
from services.gateway.clients.services import RpcSender, Services
from services.gateway.features.account.routes import PAGES as ACCOUNT
from services.gateway.features.activity.routes import PAGES as ACTIVITY
from services.gateway.features.data_export.personal_data import GATEWAY_POOL
from services.gateway.features.data_export.routes import PAGES as DATA_EXPORT
from services.gateway.features.dossiers.filing_links import FILING_LINKS, FilingLinks
from services.gateway.features.dossiers.routes import PAGES as DOSSIERS
from services.gateway.features.follow_up.routes import PAGES as FOLLOW_UP
from services.gateway.features.help.routes import PAGES as HELP
from services.gateway.features.legal.legal_texts import LEGAL, LegalTexts
from services.gateway.features.legal.routes import PAGES as LEGAL_PAGES
from services.gateway.features.objections.routes import PAGES as OBJECTIONS
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
from services.gateway.front_end import FrontEnd, init_front_end
from services.gateway.http.client_ip import parse_networks
from services.gateway.http.site import SiteConfig
from services.gateway.http.sliding_window import LOOKUPS, SlidingWindow
from services.gateway.portal import session_pages
from services.gateway.portal.applicant_sessions import APPLICANT_SESSIONS
from services.gateway.portal.error_links import LINKS
from services.gateway.portal.flash import flash_message
from services.gateway.portal.form_errors import APPLICANT_TEXTS
from services.gateway.portal.language_routes import PAGES as LANGUAGE
from services.gateway.portal.recent_requests import RECENT_REQUESTS, RecentRequests
from services.gateway.portal.resources import STATIC, TEMPLATES
from services.gateway.portal.sent_requests import PROMISES
from services.gateway.portal.session_routes import PAGES as SESSION
from services.gateway.sessions.presession_store import PRESESSIONS, Presessions
from services.gateway.settings import GatewaySettings
from shared.runtime.service import Runtime
from shared.security.sealing import Opener, Sealer

#: The pages of the portal; the sitemap lists them in this order.
PAGES = (
    *SIGN_IN,
    *DOSSIERS,
    *PROFILE,
    *ACCOUNT,
    *ACTIVITY,
    *DATA_EXPORT,
    *SUPPORT,
    *FOLLOW_UP,
    *REGISTRATION,
    *RECOVERY,
    *OBJECTIONS,
    *HELP,
    *LEGAL_PAGES,
    *SESSION,
    *LANGUAGE,
)


def init_app(settings: GatewaySettings, runtime: Runtime) -> web.Application:
    """The fully wired application of the portal."""
    pool, clock = runtime.pool, runtime.clock
    front = FrontEnd(
        site=SiteConfig(
            service="gateway",
            origin=str(URL(settings.base_url).origin()),
            secure=settings.secure,
            trusted=parse_networks(settings.proxies),
            session_keys=settings.session_keys,
            cookie_prefix="impex",
        ),
        pages=PAGES,
        services=_services(settings, runtime.rpc_client),
        sessions=APPLICANT_SESSIONS,
        session_limits=settings.session_limits,
        session_pages=session_pages.PAGES,
        error_links=LINKS,
        flash_message=flash_message,
        error_texts=APPLICANT_TEXTS,
        templates=TEMPLATES,
        static=STATIC,
        recovery_codes=settings.recovery_codes,
        lost_phone_minutes=settings.lost_phone_minutes,
    )
    app = init_front_end(front, settings, runtime)
    app[REGISTRATION_TEXTS] = RegistrationTexts()
    app[GATEWAY_POOL] = pool
    app[PRESESSIONS] = Presessions(pool, clock)
    app[RECENT_REQUESTS] = RecentRequests()
    app[SUPPORT_REQUESTS] = SupportRequests(
        pool,
        clock,
        runtime.wake_relay,
        Sealer("support", settings.support_keys),
        settings,
        settings.requests_per_network,
    )
    app[PROMISES] = settings
    app[FILING_LINKS] = FilingLinks(settings.filing_url, settings.dossier_url)
    app[LINK_MINUTES] = settings.reset_minutes
    app[LEGAL] = LegalTexts(settings.legal_dir)
    app[LOOKUPS] = SlidingWindow(settings.lookups_per_minute, 60)
    return app


def _services(settings: GatewaySettings, sender: RpcSender) -> Services:
    rings = {
        "registration": settings.seal_keys,
        "mfa": settings.mfa_keys,
        "profile": settings.profile_keys,
        "support": settings.support_keys,
    }
    sealers = {owner: Sealer(owner, ring) for owner, ring in rings.items()}
    return Services(sender, sealers, Opener("gateway", settings.own_keys))
