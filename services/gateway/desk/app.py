"""The desk's application: its pages, its layers, its look. Opens nothing by itself."""

from aiohttp import web
from yarl import URL

from services.gateway.clients.services import RpcSender, Services
from services.gateway.desk.agent_sessions import AGENT_SESSIONS
from services.gateway.desk.error_links import LINKS
from services.gateway.desk.features.account.routes import PAGES as ACCOUNT
from services.gateway.desk.features.acts.routes import PAGES as ACTS
from services.gateway.desk.features.approvals.routes import PAGES as APPROVALS
from services.gateway.desk.features.call.routes import PAGES as CALL
from services.gateway.desk.features.dormant.routes import PAGES as DORMANT
from services.gateway.desk.features.help.routes import PAGES as HELP
from services.gateway.desk.features.journal.routes import PAGES as JOURNAL
from services.gateway.desk.features.operations.routes import PAGES as OPERATIONS
from services.gateway.desk.features.own_account.routes import PAGES as OWN_ACCOUNT
from services.gateway.desk.features.requests.routes import PAGES as REQUESTS
from services.gateway.desk.features.search.routes import PAGES as SEARCH
from services.gateway.desk.features.settings.routes import PAGES as SETTINGS_PAGES
from services.gateway.desk.features.sign_in.routes import PAGES as SIGN_IN
from services.gateway.desk.features.team.routes import PAGES as TEAM
from services.gateway.desk.flash import flash_message
from services.gateway.desk.navigation import page_variables
from services.gateway.desk.own_settings import OWN_SETTINGS
from services.gateway.desk.preference_store import PREFERENCES, Preferences
from services.gateway.desk.resources import STATIC, TEMPLATES
from services.gateway.desk.session_pages import PAGES as SESSION_PAGES
from services.gateway.desk.settings import DeskSettings
from services.gateway.desk.texts import AGENT_TEXTS
from services.gateway.desk.waiting import count_waiting
from services.gateway.front_end import FrontEnd, init_front_end
from services.gateway.http.client_ip import parse_networks
from services.gateway.http.rendering import PAGE_VARIABLES
from services.gateway.http.site import SiteConfig
from services.gateway.portal.language_routes import PAGES as LANGUAGE
from services.gateway.portal.session_routes import PAGES as SESSION
from shared.runtime.service import Runtime
from shared.runtime.settings_view import setting_rows
from shared.security.sealing import Opener, Sealer

#: The pages of the desk. The portal has none of these addresses, nor the desk any of the portal's.
PAGES = (
    *SIGN_IN,
    *REQUESTS,
    *SEARCH,
    *ACCOUNT,
    *TEAM,
    *APPROVALS,
    *ACTS,
    *CALL,
    *JOURNAL,
    *DORMANT,
    *SETTINGS_PAGES,
    *OPERATIONS,
    *OWN_ACCOUNT,
    *HELP,
    *SESSION,
    *LANGUAGE,
)


def init_app(settings: DeskSettings, runtime: Runtime) -> web.Application:
    """The fully wired application of the desk."""
    front = FrontEnd(
        site=SiteConfig(
            service="desk",
            origin=str(URL(settings.desk_base_url).origin()),
            secure=settings.secure,
            trusted=parse_networks(settings.proxies),
            session_keys=settings.session_keys,
            cookie_prefix="impex-desk",
            networks=parse_networks(settings.networks),
        ),
        pages=PAGES,
        services=_services(settings, runtime.rpc_client),
        sessions=AGENT_SESSIONS,
        session_limits=settings.session_limits,
        session_pages=SESSION_PAGES,
        error_links=LINKS,
        flash_message=flash_message,
        error_texts=AGENT_TEXTS,
        templates=TEMPLATES,
        static=STATIC,
        recovery_codes=False,
        lost_phone_minutes=0,
        middlewares=(count_waiting,),
    )
    app = init_front_end(front, settings, runtime)
    app[PAGE_VARIABLES] = page_variables
    app[OWN_SETTINGS] = setting_rows(settings)
    app[PREFERENCES] = Preferences(runtime.pool)
    return app


def _services(settings: DeskSettings, sender: RpcSender) -> Services:
    rings = {"support": settings.support_keys, "mfa": settings.mfa_keys}
    sealers = {owner: Sealer(owner, ring) for owner, ring in rings.items()}
    return Services(sender, sealers, Opener("desk", settings.own_keys))
