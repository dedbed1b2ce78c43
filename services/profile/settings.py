"""Settings of the profile service: connections, keys, drafts, the company directory."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from shared.security.connection_urls import is_loopback
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.settings import (
    ServiceSettings,
    amqp_url_of,
    database_url_of,
    health_port_of,
    setting,
    validate_base_url,
)


def validate_directory_url(url: str) -> str | None:
    """Why this cannot be the URL of the directory, or None. An empty URL turns it off."""
    if not url:
        return None
    problem = validate_base_url(url)
    if problem is not None:
        return problem.replace("portal", "directory")
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        return "must be https off the loopback address"
    return None


@dataclass(frozen=True, kw_only=True)
class ProfileSettings(ServiceSettings):
    """Settings of the profile service."""

    database_url: str = database_url_of("profile")
    amqp_url: str = amqp_url_of("profile")
    health_port: int = health_port_of("profile")
    seal_keys: OpeningRing = setting(
        "IMPEX_SEAL_KEYS_PROFILE",
        doc="Private keys that open what is sealed for profile.",
        secret=True,
    )
    gateway_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_GATEWAY",
        doc="Public keys that seal data for the gateway's pages.",
        secret=True,
    )
    registration_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_REGISTRATION",
        doc="Public keys that seal data for registration.",
        secret=True,
    )
    mailer_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_MAILER",
        doc="Public keys that seal corrections for their mail.",
        secret=True,
    )
    support_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_SUPPORT",
        doc="Public keys that seal what is held about a person for the desk.",
        secret=True,
    )
    draft_days: int = setting(
        "IMPEX_DRAFT_DAYS",
        default=365,
        doc="Retention of unused drafts of the complementary information.",
        unit="days",
        between=(30, 1_095),
    )

    directory_url: str = setting(
        "IMPEX_DIRECTORY_URL",
        default="",
        doc="URL of the public directory of companies for looking up SIRET numbers, "
        "scheme and host only (« Recherche d'entreprises »); empty for none.",
        valid=validate_directory_url,
    )
    directory_rate: int = setting(
        "IMPEX_DIRECTORY_RATE",
        default=5,
        doc="Maximum number of queries to the directory per process of the service; the directory "
        "itself allows 7 per network address.",
        unit="per second",
        between=(1, 7),
    )

    @property
    def draft_retention(self) -> timedelta:
        """How long an unchanged draft is kept."""
        return timedelta(days=self.draft_days)
