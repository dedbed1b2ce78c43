"""The portal's settings: where it listens, what it seals with, its sessions and limits."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from services.gateway.features.dossiers.filing_links import validate_link, validate_row_link
from services.gateway.features.legal.legal_texts import validate_folder
from services.gateway.front_end_settings import FrontEndSettings
from services.gateway.sessions.model import SessionLimits
from shared.domain.answer_days import AnswerDays
from shared.domain.lost_phone_alone import LostPhoneAloneDelay
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.settings import Problem, amqp_url_of, database_url_of, health_port_of, setting


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(FrontEndSettings, AnswerDays, LostPhoneAloneDelay):
    """What the gateway needs to know."""

    database_url: str = database_url_of("gateway")
    amqp_url: str = amqp_url_of("gateway")
    health_port: int = health_port_of("gateway")
    host: str = setting(
        "IMPEX_GATEWAY_HOST", default="127.0.0.1", doc="Address that the portal listens on."
    )
    port: int = setting(
        "IMPEX_GATEWAY_PORT",
        default=8080,
        doc="Port that the portal listens on; 0 takes a free one.",
        between=(0, 65_535),
    )
    session_keys: KeyRing = setting(
        "IMPEX_SESSION_KEYS", secret=True, doc="Keys of cookies, form tokens and idempotency keys."
    )
    seal_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_REGISTRATION",
        secret=True,
        doc="Public keys that seal passwords and codes for registration.",
    )
    mfa_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_MFA",
        secret=True,
        doc="Public keys that seal codes for mfa.",
    )
    profile_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_PROFILE",
        secret=True,
        doc="Public keys that seal the complementary information for profile.",
    )
    support_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_SUPPORT",
        secret=True,
        doc="Public keys that seal what people write to the desk.",
    )
    own_keys: OpeningRing = setting(
        "IMPEX_SEAL_KEYS_GATEWAY",
        secret=True,
        doc="Private keys that open what other services sealed for the gateway's pages.",
    )
    session_idle: int = setting(
        "IMPEX_SESSION_IDLE",
        default=30,
        doc="How long a session lasts without activity.",
        unit="minutes",
        between=(5, 60),
    )
    session_hours: int = setting(
        "IMPEX_SESSION_HOURS",
        default=8,
        doc="How long a session lasts at most.",
        unit="hours",
        between=(1, 24),
    )
    session_parallel: int = setting(
        "IMPEX_SESSION_PARALLEL",
        default=3,
        doc="Maximum number of sessions of one account; another one ends the oldest.",
        between=(1, 20),
    )
    session_fresh: int = setting(
        "IMPEX_SESSION_FRESH",
        default=15,
        doc="How long after a code sensitive actions need no further code.",
        unit="minutes",
        between=(1, 30),
    )
    known_browser_days: int = setting(
        "IMPEX_KNOWN_BROWSER_DAYS",
        default=90,
        doc="How long a browser is known after a sign-in: its sign-ins are not reported as a new "
        "device, and nobody can lock it out.",
        unit="days",
        between=(1, 365),
    )
    reset_minutes: int = setting(
        "IMPEX_RESET_MINUTES",
        default=60,
        doc="Lifetime of links for a new password and of links that confirm a lost phone; must "
        "be the same for registration and the gateway.",
        unit="minutes",
        between=(30, 1_440),
    )
    recovery_codes: bool = setting(
        "IMPEX_RECOVERY_CODES",
        default=True,
        doc="Whether people get and can use recovery codes; must be the same for mfa and the "
        "gateway.",
    )
    legal_dir: Path | None = setting(
        "IMPEX_LEGAL_DIR",
        default=None,
        doc="Folder of the operator's privacy notice and legal notice.",
        default_doc="try-out: model texts; mandatory elsewhere",
    )
    filing_url: str = setting(
        "IMPEX_FILING_URL",
        default="",
        doc="Page for filing dossiers, which « Déposer une demande » links to.",
        default_doc="contacts instead of such a button",
        valid=validate_link,
    )
    dossier_url: str = setting(
        "IMPEX_DOSSIER_URL",
        default="",
        doc="Where one dossier is seen, with {dossier_id} or {number} in its place, such as "
        "https://office.example/dossiers/{dossier_id}.",
        default_doc="no link",
        valid=validate_row_link,
    )
    lookups_per_minute: int = setting(
        "IMPEX_LOOKUPS_PER_MINUTE",
        default=120,
        doc="Look-ups of words and addresses per network while people type.",
        between=(1, 10_000),
    )
    departures_per_network: int = setting(
        "IMPEX_DEPARTURES_PER_NETWORK",
        default=20,
        doc="Departures of colleagues reported per network and hour; unlimited in the try-out.",
        between=(1, 10_000),
    )
    messages_per_network: int = setting(
        "IMPEX_MESSAGES_PER_NETWORK",
        default=200,
        doc="Messages to the support desk, and as many reports of emails that do not arrive, by "
        "people who are not signed in, per network and hour; unlimited in the try-out.",
        between=(1, 10_000),
    )

    @property
    def session_limits(self) -> SessionLimits:
        """The limits of sessions as durations."""
        return SessionLimits(
            idle=timedelta(minutes=self.session_idle),
            absolute=timedelta(hours=self.session_hours),
            parallel=self.session_parallel,
            fresh=timedelta(minutes=self.session_fresh),
            browser=timedelta(days=self.known_browser_days),
        )

    @property
    def requests_per_network(self) -> dict[str, int]:
        """Limits of requests to the support desk by kind, per hour; none in the try-out."""
        if self.try_out:
            return {}
        return {
            "departure": self.departures_per_network,
            "message": self.messages_per_network,
            "mailbox": self.messages_per_network,
        }

    @property
    def lost_phone_minutes(self) -> int:
        """After how long the password enrols another phone without an agent; 0: never."""
        return self.lost_phone_alone_minutes if self.lost_phone_alone else 0

    @property
    def secure(self) -> bool:
        """Whether the portal is reached over https, so cookies and HSTS may demand it."""
        return self.base.scheme == "https"

    def check(self) -> list[Problem]:
        """Off the loopback address the operator must have legal texts."""
        problems: list[Problem] = []
        if self.session_idle > self.session_hours * 60:
            problems.append(("IMPEX_SESSION_IDLE", "must not exceed IMPEX_SESSION_HOURS"))
        if not self.try_out and self.legal_dir is None:
            problems.append(("IMPEX_LEGAL_DIR", "is required off the loopback address"))
        if self.legal_dir is not None:
            problems += [("IMPEX_LEGAL_DIR", text) for text in validate_folder(self.legal_dir)]
        return problems
