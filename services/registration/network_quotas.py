"""Networks that an operator gives a quota of their own. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: The prefixes people are counted by, per version of the protocol.
COUNTED = {4: 24, 6: 64}


def networks_problem(entries: tuple[str, ...]) -> str | None:
    """Why this cannot be a list of networks with quotas of their own, or None."""
    try:
        read_networks(entries)
    except ValueError:
        return (
            "must be network=quota, parted by commas, such as 192.0.2.0/24=2000; "
            "no network narrower than /24 (IPv6: /64), no quota below 1"
        )
    return None


def read_networks(entries: tuple[str, ...]) -> dict[Network, int]:
    """Quota by network. ValueError on anything else, and on what could never be applied.

    People are counted by their /24, or /64, each of which has the quota of the network around it.
    """
    quotas: dict[Network, int] = {}
    for entry in entries:
        prefix, _, text = entry.partition("=")
        network, quota = ipaddress.ip_network(prefix.strip()), int(text)
        if network.prefixlen > COUNTED[network.version] or quota < 1:
            raise ValueError(entry)
        quotas[network] = quota
    return quotas


def raised_quota(network: str, raised: Mapping[Network, int]) -> int | None:
    """The quota of the narrowest named network around this one, or None."""
    address = ipaddress.ip_network(network).network_address
    around = [named for named in raised if address in named]
    return raised[max(around, key=lambda named: named.prefixlen)] if around else None
