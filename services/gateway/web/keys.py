"""What the application holds, by typed key, and what one visit holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from services.gateway.presessions import Anonymous, Reference
from services.gateway.store import Presession
from services.gateway.web.addresses import Network
from services.gateway.web.clients import Registration
from services.gateway.web.legal import LegalTexts
from services.gateway.web.limits import Window
from services.gateway.web.live import Streams
from services.gateway.web.pages import Pages
from services.gateway.web.sessions import Presessions
from services.gateway.web.static import Assets
from shared.secrets import KeyRing


@dataclass(frozen=True)
class Front:
    """How the portal is reached, as browsers write its origin, and which keys it signs with."""

    origin: str
    secure: bool
    trusted: tuple[Network, ...]
    session_keys: KeyRing


@dataclass
class Visit:
    """One request of one browser: what is known of it, and what the answer must carry.

    `cookie` is what the browser carries and we recognised; `presession` is filled in once it has
    been looked up.
    """

    reference: str
    nonce: str
    lang: str
    address: str
    network: str
    cookie: Anonymous | Reference | None
    started: float
    presession: Presession | None = None
    looked_up: bool = False
    flash: str | None = None
    cookies: dict[str, tuple[str, int | None]] = field(default_factory=dict)


FRONT = web.AppKey("front", Front)
CLOCK: web.AppKey[Callable[[], datetime]] = web.AppKey("clock")
REGISTRATION = web.AppKey("registration", Registration)
PRESESSIONS = web.AppKey("presessions", Presessions)
PAGES = web.AppKey("pages", Pages)
ASSETS = web.AppKey("assets", Assets)
LEGAL = web.AppKey("legal", LegalTexts)
STREAMS = web.AppKey("streams", Streams)
LOOKUPS = web.AppKey("lookups", Window)
REPORTS = web.AppKey("reports", Window)
