"""The configuration of the site and the clock, for every layer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from services.gateway.http.client_ip import Network
from shared.security.sealing import KeyRing


@dataclass(frozen=True)
class SiteConfig:
    """The service's name, the origin as browsers write it, the proxies that are trusted, and the
    signing keys.

    `cookie_prefix` begins the names of its cookies. `networks` are those that may ask for anything
    at all; empty where all may.
    """

    service: str
    origin: str
    secure: bool
    trusted: tuple[Network, ...]
    session_keys: KeyRing
    cookie_prefix: str
    networks: tuple[Network, ...] = ()


SITE = web.AppKey("site", SiteConfig)
CLOCK: web.AppKey[Callable[[], datetime]] = web.AppKey("clock")
