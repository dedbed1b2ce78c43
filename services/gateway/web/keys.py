"""What the application holds, by typed key, and what one visit holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from services.gateway.presessions import Anonymous, Reference
from services.gateway.sessions import Session
from services.gateway.store import Presession
from services.gateway.web.addresses import Network
from services.gateway.web.clients import (
    Access,
    Dossiers,
    Factor,
    Holder,
    Personal,
    Profile,
    Registration,
)
from services.gateway.web.desk import Desk
from services.gateway.web.kept_forms import KeptForms
from services.gateway.web.legal import LegalTexts
from services.gateway.web.limits import Window
from services.gateway.web.live import Streams
from services.gateway.web.office import Office
from services.gateway.web.pages import Pages
from services.gateway.web.presessions import Presessions
from services.gateway.web.sealed_pages import SealedPages
from services.gateway.web.sessions import Sessions
from services.gateway.web.static import Assets
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
