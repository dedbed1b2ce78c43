"""The desk's settings: where it listens, whom it serves, what it seals with, its sessions."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

from services.gateway.front_end_settings import FrontEndSettings, validate_networks
from services.gateway.sessions.model import SessionLimits
from shared.security.connection_urls import is_loopback
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.settings import (
    Problem,
    amqp_url_of,
    database_url_of,
    desk_base_url_setting,
    health_port_of,
    setting,
)

#: Sessions of one agent; another one ends the oldest.
PARALLEL_SESSIONS = 3
#: How long a browser is known after a sign-in.
KNOWN_BROWSER = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class DeskSettings(FrontEndSettings):
    """What the desk needs to know."""

    database_url: str = database_url_of("desk")
    amqp_url: str = amqp_url_of("desk")
    health_port: int = health_port_of("desk")
    desk_base_url: str = desk_base_url_setting()
    host: str = setting(
        "IMPEX_DESK_HOST", default="127.0.0.1", doc="Address that the desk listens on."
    )
    port: int = setting(
        "IMPEX_DESK_PORT",
        default=8090,
        doc="Port that the desk listens on; 0 takes a free one.",
        between=(0, 65_535),
    )
    networks: tuple[str, ...] = setting(
        "IMPEX_DESK_NETWORKS",
        default=(),
        doc="Networks that the desk answers; it refuses all others with 403 and a line in the log.",
        default_doc="all networks",
        valid=validate_networks,
    )
    session_keys: KeyRing = setting(
        "IMPEX_DESK_SESSION_KEYS",
        secret=True,
        doc="Keys of the desk's cookies, form tokens and idempotency keys.",
    )
    support_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_SUPPORT",
        secret=True,
        doc="Public keys that seal agents' passwords, and what they write about people, for "
        "support.",
    )
    mfa_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_MFA", secret=True, doc="Public keys that seal agents' codes for mfa."
    )
    own_keys: OpeningRing = setting(
        "IMPEX_SEAL_KEYS_DESK",
        secret=True,
        doc="Private keys that open what other services sealed for the desk's pages.",
    )
    session_idle: int = setting(
        "IMPEX_DESK_SESSION_IDLE",
        default=15,
        doc="How long an agent's session lasts without activity.",
        unit="minutes",
        between=(5, 30),
    )
    session_hours: int = setting(
        "IMPEX_DESK_SESSION_HOURS",
        default=8,
        doc="How long an agent's session lasts at most.",
        unit="hours",
        between=(1, 12),
    )

    @property
    def desk_base(self) -> SplitResult:
        """The desk's address in parts."""
        return urlsplit(self.desk_base_url)

    @property
    def try_out(self) -> bool:
        """Whether portal and desk are only reachable from their own machine."""
        return super().try_out and is_loopback(self.desk_base.hostname or "")

    @property
    def secure(self) -> bool:
        """Whether the desk is reached over https, so cookies and HSTS may demand it."""
        return self.desk_base.scheme == "https"

    @property
    def session_limits(self) -> SessionLimits:
        """The limits of agents' sessions; no code counts for later acts, each asks its own."""
        return SessionLimits(
            idle=timedelta(minutes=self.session_idle),
            absolute=timedelta(hours=self.session_hours),
            parallel=PARALLEL_SESSIONS,
            fresh=timedelta(0),
            browser=KNOWN_BROWSER,
        )

    def check(self) -> list[Problem]:
        """An origin of its own; off the loopback address https, and a host of its own, because
        browsers send cookies to every port of a host."""
        name, problems = "IMPEX_DESK_BASE_URL", list[Problem]()
        same_host = self.desk_base.hostname == self.base.hostname
        if self.desk_base_url.rstrip("/") == self.base_url.rstrip("/"):
            problems.append((name, "must differ from IMPEX_BASE_URL"))
        elif not self.try_out and same_host:
            problems.append((name, "must be on another host than IMPEX_BASE_URL"))
        if not self.try_out and not self.secure:
            problems.append((name, "must be https off the loopback address"))
        return problems
