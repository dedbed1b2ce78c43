"""What the application holds, by typed key, and what one visit holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from services.gateway.clients import (
    Access,
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
from services.gateway.http.client_ip import Network
from services.gateway.http.rendering import Pages
from services.gateway.http.sliding_window import Window
from services.gateway.http.sse import Streams
from services.gateway.http.static_files import Assets
from services.gateway.sessions.model import Session
from services.gateway.sessions.presession_store import Presession
from services.gateway.sessions.presessions import Presessions
from services.gateway.sessions.sealed_state import SealedPages
from services.gateway.sessions.sessions import Sessions
from services.gateway.sessions.tokens import Anonymous, Reference
from shared.security.sealing import KeyRing


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
    been looked up. `token` is the session's cookie and `session` what it opens; `problem` is why
    that could not be looked up; `ended` says that the cookie opens nothing any more. `browser` is
    the cookie of a browser that signed in before, `bound` the one that a posted form was made for.
    """

    reference: str
    nonce: str
    lang: str
    address: str
    network: str
    cookie: Anonymous | Reference | None
    started: float
    device: str = ""
    token: str | None = None
    browser: str | None = None
    session: Session | None = None
    problem: Exception | None = None
    ended: bool = False
    bound: str | None = None
    presession: Presession | None = None
    looked_up: bool = False
    gone: bool = False
    flash: str | None = None
    cookies: dict[str, tuple[str, int | None]] = field(default_factory=dict)


FRONT = web.AppKey("front", Front)
CLOCK: web.AppKey[Callable[[], datetime]] = web.AppKey("clock")
REGISTRATION = web.AppKey("registration", Registration)
ACCESS = web.AppKey("access", Access)
FACTOR = web.AppKey("factor", Factor)
DOSSIERS = web.AppKey("dossiers", Dossiers)
PROFILE = web.AppKey("profile", Profile)
HOLDER = web.AppKey("holder", Holder)
PERSONAL = web.AppKey("personal", Personal)
DESK = web.AppKey("desk", Desk)
SESSIONS = web.AppKey("sessions", Sessions)
#: Minutes that a link for a new password, or of a lost phone, is good for.
LINK_MINUTES = web.AppKey("link_minutes", int)
PRESESSIONS = web.AppKey("presessions", Presessions)
PAGES = web.AppKey("pages", Pages)
ASSETS = web.AppKey("assets", Assets)
OFFICE = web.AppKey("office", Office)
LEGAL = web.AppKey("legal", LegalTexts)
KEPT_FORMS = web.AppKey("kept_forms", KeptForms)
SEALED_PAGES = web.AppKey("sealed_pages", SealedPages)
STREAMS = web.AppKey("streams", Streams)
LOOKUPS = web.AppKey("lookups", Window)
REPORTS = web.AppKey("reports", Window)
