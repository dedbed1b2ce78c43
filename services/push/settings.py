"""Settings of the push service: connections, the keys that sign, networks of receivers."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from services.push.network_rules import Network
from shared.security.signing_keys import SigningRing
from shared.settings import (
    ServiceSettings,
    amqp_url_of,
    database_url_of,
    health_port_of,
    setting,
)


def validate_networks(texts: tuple[str, ...]) -> str | None:
    """Why one of these cannot be a network, or None."""
    for text in texts:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            return f"must be networks such as 10.20.0.0/16, which {text[:60]} is not"
    return None


@dataclass(frozen=True, kw_only=True)
class PushSettings(ServiceSettings):
    """Settings of the push service."""

    database_url: str = database_url_of("push")
    amqp_url: str = amqp_url_of("push")
    health_port: int = health_port_of("push")
    keys: SigningRing = setting(
        "IMPEX_PUSH_KEYS",
        doc="Private keys that sign what is pushed to partners; each message bears a signature by "
        "every one.",
        secret=True,
    )
    network_texts: tuple[str, ...] = setting(
        "IMPEX_PUSH_NETWORKS",
        default=(),
        doc="Networks inside, such as 10.20.0.0/16, where receivers of partners are; without them "
        "public addresses only are connected to.",
        valid=validate_networks,
    )
    ca_file: Path | None = setting(
        "IMPEX_PUSH_CA_FILE",
        default=None,
        doc="File of authorities that receivers' certificates may be from, besides the system's.",
    )

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks inside that may be connected to."""
        return tuple(map(ipaddress.ip_network, self.network_texts))
