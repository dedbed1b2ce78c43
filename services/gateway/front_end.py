"""What the portal and the desk are composed of alike: the application, its server, its purge.

Each front end says in a `FrontEnd` what is its own: pages, sessions, services, look. Opens nothing
by itself.
"""

import ctypes
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from services.gateway.clients.services import SERVICES, Services
from services.gateway.front_end_settings import FrontEndSettings
from services.gateway.http import csp_reports
from services.gateway.http.errors import ERROR_LINKS, ErrorLinks
from services.gateway.http.form_routes import ALERT_TEXT, add_routes
from services.gateway.http.forms import MAX_READ_BYTES
from services.gateway.http.middleware import add_headers, handle_request
from services.gateway.http.rendering import (
    FLASH_MESSAGE,
    RENDERER,
    FlashMessage,
    PageBrand,
    Renderer,
)
from services.gateway.http.routes import ROUTES, JsonQuestion, Page, Routes
from services.gateway.http.security_headers import REPORTS
from services.gateway.http.server import HttpServer
from services.gateway.http.site import CLOCK, SITE, SiteConfig
from services.gateway.http.sliding_window import (
    MAX_OVERSIZED,
    OVERSIZED,
    OVERSIZED_SECONDS,
    SlidingWindow,
)
from services.gateway.http.sse import STREAMS, Streams
from services.gateway.http.static_files import ASSETS, Assets, find_dsfr
from services.gateway.portal.form_errors import ERROR_TEXTS, ErrorTexts
from services.gateway.portal.qr import ENROLMENT_CODES, EnrolmentCodes
from services.gateway.sessions.guards import SESSION_PAGES, SessionPages
from services.gateway.sessions.model import SessionLimits
from services.gateway.sessions.saved_forms import MAX_PER_NETWORK, SAVED_FORMS, SavedForms
from services.gateway.sessions.sealed_state import SEALED_STATE, SealedState
from services.gateway.sessions.session_table import SessionTable
from services.gateway.sessions.sessions import SESSIONS, Sessions
from shared.runtime.service import Runtime
from shared.runtime.telemetry import get_logger

#: Seconds between two purges of expired rows.
PURGE_SECONDS = 60

log = get_logger("gateway")


@dataclass(frozen=True, kw_only=True)
class FrontEnd:
    """What one front end has of its own.

    Of `templates` the first folder that has a name wins, so a front end may replace the frame of
    the pages that both show. `recovery_codes`: whether its people have any. After
    `lost_phone_minutes` their password enrols another phone in place of a lost one; 0: never.
    `middlewares` run around every view, once the session is known.
    """

    site: SiteConfig
    pages: Sequence[Page | JsonQuestion]
    services: Services
    sessions: SessionTable
    session_limits: SessionLimits
    session_pages: SessionPages
    error_links: ErrorLinks
    flash_message: FlashMessage
    error_texts: ErrorTexts
    templates: Sequence[Path]
    static: Sequence[Path]
    recovery_codes: bool
    lost_phone_minutes: int
    middlewares: Sequence[Middleware] = ()


def init_front_end(
    front: FrontEnd, settings: FrontEndSettings, runtime: Runtime
) -> web.Application:
    """The application with what both have; its templates are compiled and its static files read
    (CPU, once). Whoever calls it adds the keys that its own pages need.
    """
    pool, clock = runtime.pool, runtime.clock
    app = web.Application(
        middlewares=[handle_request, *front.middlewares], client_max_size=MAX_READ_BYTES
    )
    app[SITE] = front.site
    app[CLOCK] = clock
    app[SERVICES] = front.services
    app[SESSIONS] = Sessions(pool, clock, front.session_limits, runtime.publish, front.sessions)
    app[SESSION_PAGES] = front.session_pages
    app[ERROR_LINKS] = front.error_links
    app[SEALED_STATE] = SealedState(front.site.session_keys)
    app[SAVED_FORMS] = SavedForms(
        pool, clock, app[SEALED_STATE], None if settings.try_out else MAX_PER_NETWORK
    )
    app[ERROR_TEXTS] = front.error_texts
    app[ALERT_TEXT] = front.error_texts.alert
    app[STREAMS] = Streams(settings.streams_per_visitor)
    app[OVERSIZED] = SlidingWindow(MAX_OVERSIZED, OVERSIZED_SECONDS)
    app[csp_reports.CSP_REPORTS] = SlidingWindow(csp_reports.MAX_PER_MINUTE, 60)
    app[csp_reports.CSP_REPORTS_BY_NETWORK] = SlidingWindow(csp_reports.MAX_PER_NETWORK, 60)
    app[ASSETS] = assets = Assets(front.static, find_dsfr(settings.dsfr_dir))
    app[ROUTES] = routes = Routes(front.pages)
    brand = PageBrand(
        **vars(settings.brand),
        logo_lines=settings.logo_lines,
        theme=settings.theme,
        try_out=settings.try_out,
        recovery_codes=front.recovery_codes,
        lost_phone_minutes=front.lost_phone_minutes,
    )
    app[RENDERER] = Renderer(brand, assets.url, routes.url, front.templates)
    app[FLASH_MESSAGE] = front.flash_message
    app[ENROLMENT_CODES] = EnrolmentCodes()
    app[RENDERER].compile_all()
    give_memory_back()
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_end_streams)
    setup_routes(app.router, routes)
    return app


def give_memory_back() -> None:
    """Give the system what reading and compiling took for a moment, where the C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def setup_routes(router: web.UrlDispatcher, routes: Routes) -> None:
    """Every path of a front end; anything else is a 404, another method a 405."""
    add_routes(router, routes)
    router.add_post(REPORTS, csp_reports.receive)
    router.add_get("/static/{version:[0-9a-f]{16}}/{name:.+}", _static_file)


async def _static_file(request: web.Request) -> web.StreamResponse:
    return await request.app[ASSETS].serve(request)


async def _end_streams(app: web.Application) -> None:
    await app[STREAMS].drain()


@asynccontextmanager
async def served(
    app: web.Application,
    runtime: Runtime,
    host: str,
    port: int,
    purges: Sequence[Callable[[], Awaitable[int | None]]] = (),
) -> AsyncIterator[None]:
    """Bind the port at once, serve once the runtime is ready, finish open requests at the end.

    `purges` delete expired rows, besides those of sessions and saved forms.
    """
    server = HttpServer(app, host, port)
    await server.bind()
    runtime.background_task("portal", server.serve)

    async def purge() -> None:
        await app[SAVED_FORMS].purge()
        count = await app[SESSIONS].purge()
        for work in purges:
            count += await work() or 0
        if count:
            log.info("Sessions and pre-sessions expired.", action="session_expire", count=count)

    runtime.every(PURGE_SECONDS, "purge", purge)

    async def drain() -> None:
        await app[STREAMS].drain()
        await server.stop()

    runtime.on_drain(drain)
    try:
        yield
    finally:
        await server.stop()
