"""Settings of the mfa service: connections, keys, TOTP window, throttle.

Bounds refuse values that would make codes easier to guess than AU-02 and OT-05 allow.
"""

from dataclasses import dataclass

from shared.domain.brand import DEFAULT_BRAND, validate_line
from shared.domain.rate_limits import Throttle
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.settings import (
    Problem,
    ServiceSettings,
    amqp_url_of,
    database_url_of,
    health_port_of,
    setting,
)

#: Authenticator applications cut longer names.
MAX_ISSUER_LENGTH = 64


def validate_issuer(value: str) -> str | None:
    """Why this cannot be the issuer shown by authenticator applications, or None."""
    if ":" in value:
        return "must not contain a colon: applications separate name and address by it"
    if len(value) > MAX_ISSUER_LENGTH or not value.strip():
        return f"must be a name of at most {MAX_ISSUER_LENGTH} characters"
    return validate_line(value)


@dataclass(frozen=True, kw_only=True)
class MfaSettings(ServiceSettings):
    """Settings of the mfa service."""

    database_url: str = database_url_of("mfa")
    amqp_url: str = amqp_url_of("mfa")
    health_port: int = health_port_of("mfa")
    seal_keys: OpeningRing = setting(
        "IMPEX_SEAL_KEYS_MFA", doc="Private keys that open what is sealed for mfa.", secret=True
    )
    gateway_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_GATEWAY",
        doc="Public keys that seal authenticator keys and recovery codes for the gateway.",
        secret=True,
    )
    desk_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_DESK",
        doc="Public keys that seal agents' authenticator keys for the desk.",
        secret=True,
    )
    totp_keys: KeyRing = setting(
        "IMPEX_TOTP_KEYS", doc="Keys that encrypt authenticator keys.", secret=True
    )
    recovery_keys: KeyRing = setting(
        "IMPEX_RECOVERY_KEYS", doc="Keys that recovery codes are hashed with.", secret=True
    )
    code_proof_keys: KeyRing = setting(
        "IMPEX_CODE_PROOF_KEYS",
        doc="Keys that sign proofs of agents' codes for support; the desk must not have them.",
        secret=True,
    )
    service_name: str = setting(
        "IMPEX_SERVICE_NAME",
        default=DEFAULT_BRAND.service_name,
        doc="Name of the service, on pages and in the sender's name.",
        valid=validate_issuer,
    )
    totp_window: int = setting(
        "IMPEX_TOTP_WINDOW",
        default=1,
        doc="Steps of 30 seconds that a phone's clock may be fast or slow.",
        between=(0, 1),
    )
    enrol_minutes: int = setting(
        "IMPEX_ENROL_MINUTES",
        default=30,
        doc="How long an enrolment lasts and shows the same key.",
        unit="minutes",
        between=(5, 60),
    )
    recovery_codes: bool = setting(
        "IMPEX_RECOVERY_CODES",
        default=True,
        doc="Whether people get and can use recovery codes; must be the same for mfa and the "
        "gateway.",
    )
    code_free_tries: int = setting(
        "IMPEX_CODE_FREE_TRIES",
        default=5,
        doc="Wrong codes before the first wait; recovery codes are counted separately.",
        between=(1, 10),
    )
    code_wait: int = setting(
        "IMPEX_CODE_WAIT",
        default=90,
        doc="First wait after wrong codes; each further one is twice as long.",
        unit="seconds",
        between=(61, 3_600),
    )
    code_wait_cap: int = setting(
        "IMPEX_CODE_WAIT_CAP",
        default=3_600,
        doc="Maximum wait after wrong codes, except for the daily limit.",
        unit="seconds",
        between=(61, 86_400),
    )
    codes_per_day: int = setting(
        "IMPEX_CODES_PER_DAY",
        default=25,
        doc="Wrong codes per account and 24 hours; only time lifts this limit.",
        between=(5, 100),
    )

    @property
    def throttle(self) -> Throttle:
        """The limits on wrong codes."""
        return Throttle(
            free=self.code_free_tries,
            first_wait=self.code_wait,
            cap=self.code_wait_cap,
            ceiling=self.codes_per_day,
        )

    def check(self) -> list[Problem]:
        """The first wait must not exceed the longest."""
        if self.code_wait > self.code_wait_cap:
            return [("IMPEX_CODE_WAIT", "must not exceed IMPEX_CODE_WAIT_CAP")]
        return []
