"""The settings that every service shares, and the rules that combine them."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from shared.security.connection_urls import is_loopback, validate_amqp_url, validate_database_url
from shared.security.seal_keys import SealRing
from shared.security.sealing import KeyRing
from shared.security.signing_keys import SigningRing
from shared.settings.reading import Problem, setting, specs


def validate_base_url(url: str) -> str | None:
    """Why this cannot be the address of a front end, or None."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        return "is not an address such as https://portal.example"
    if not valid or parts.username or parts.query or parts.fragment or parts.path not in ("", "/"):
        return "must be scheme, host and port only, such as https://portal.example"
    return None


def validate_traces_endpoint(url: str) -> str | None:
    """Why this cannot be the address of a collector, or None."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or parts.username or parts.query or parts.fragment:
        return "must be an address such as http://127.0.0.1:4318, without a login"
    return None


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """What every service and `make up` need to know."""

    base_url: str = setting(
        "IMPEX_BASE_URL",
        default="http://127.0.0.1:8080",
        doc="URL of the portal as people type it; a loopback URL is the try-out.",
        valid=validate_base_url,
    )
    log_level: str = setting(
        "IMPEX_LOG_LEVEL",
        default="info",
        doc="Lowest level of the log lines that are written.",
        choices=("debug", "info", "warning", "error"),
    )
    instance: str = setting(
        "IMPEX_INSTANCE",
        default=socket.gethostname(),
        default_doc="the machine's name",
        doc="Name of this process's machine in logs and connection names.",
    )
    health_host: str = setting(
        "IMPEX_HEALTH_HOST",
        default="127.0.0.1",
        doc="Address that the health and metrics pages listen on.",
    )
    traces_endpoint: str = setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        default="",
        doc="URL of a collector of OpenTelemetry's traces (OTLP over HTTP), such as "
        "http://127.0.0.1:4318; none are made without.",
        valid=validate_traces_endpoint,
    )
    database_pool: int = setting(
        "IMPEX_DATABASE_POOL",
        default=10,
        doc="Maximum number of database connections of each service in a process.",
        between=(2, 100),
    )
    start_seconds: int = setting(
        "IMPEX_START_SECONDS",
        default=30,
        doc="How long a start waits for the database and the broker.",
        unit="seconds",
        between=(1, 600),
    )
    drain_seconds: int = setting(
        "IMPEX_DRAIN_SECONDS",
        default=25,
        doc="How long a stop waits for running work.",
        unit="seconds",
        between=(1, 120),
    )

    @property
    def base(self) -> SplitResult:
        """The portal's address in parts."""
        return urlsplit(self.base_url)

    @property
    def try_out(self) -> bool:
        """Whether the portal is only reachable from its own machine."""
        return is_loopback(self.base.hostname or "")

    def check(self) -> list[Problem]:
        """Off loopback: https, and TLS with verified certificates to the database and broker."""
        problems: list[Problem] = []
        if not self.try_out and self.base.scheme != "https":
            problems.append(("IMPEX_BASE_URL", "must be https off the loopback address"))
        judges = {"database_url": validate_database_url, "amqp_url": validate_amqp_url}
        for field, spec in specs(type(self)):
            url = getattr(self, field.name, None)
            if url and field.name in judges:
                sentence = judges[field.name](url, try_out=self.try_out)
                problems += [(spec.name, sentence)] if sentence else []
        return problems + self._shared_keys()

    def _shared_keys(self) -> list[Problem]:
        """One key serves one purpose: a key of two rings would let one service open for another."""
        problems: list[Problem] = []
        owners: dict[bytes, str] = {}
        for field, spec in specs(type(self)):
            ring = getattr(self, field.name, None)
            for key_id, key in _keys(ring):
                if key in owners:
                    sentence = f"has the key {key_id} in common with {owners[key]}"
                    problems.append((spec.name, sentence))
                owners.setdefault(key, spec.name)
        return problems


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(CommonSettings):
    """What the process of a service reads. Each service declares these three under its own name,
    by the functions below.
    """

    database_url: str
    amqp_url: str
    health_port: int


def _keys(ring: Any) -> Sequence[tuple[str, bytes]]:
    if isinstance(ring, SealRing):
        return ring.fingerprints()
    if isinstance(ring, SigningRing):
        return ring.public_keys()
    return ring.keys if isinstance(ring, KeyRing) else ()


def desk_base_url_setting() -> Any:
    """The setting of the desk's address, for the services that link to it and the desk itself."""
    return setting(
        "IMPEX_DESK_BASE_URL",
        default="http://127.0.0.1:8090",
        doc="URL of the desk as agents type it, on another host than the portal's off the loopback "
        "address.",
        valid=validate_base_url,
    )


def database_url_of(service: str) -> Any:
    """The setting of a service's database URL."""
    name = f"IMPEX_{service.upper()}_DATABASE_URL"
    return setting(name, secret=True, doc="Database URL of the service's role.")


def amqp_url_of(service: str) -> Any:
    """The setting of a service's broker URL."""
    name = f"IMPEX_{service.upper()}_AMQP_URL"
    return setting(name, secret=True, doc="Broker URL of the service's user.")


def health_port_of(service: str) -> Any:
    """The setting of the port of a service's health and metrics pages."""
    return setting(
        f"IMPEX_{service.upper()}_HEALTH_PORT",
        default=0,
        doc="Port of the health and metrics pages; 0 for none.",
        between=(0, 65_535),
    )
