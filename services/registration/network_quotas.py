"""Networks with a quota of their own (`IMPEX_NETWORK_QUOTAS`). Pure."""

import ipaddress
from collections.abc import Mapping

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Requests are counted per network of this prefix length, by IP version.
PREFIX_LENGTHS = {4: 24, 6: 64}


def validate_network_quotas(entries: tuple[str, ...]) -> str | None:
    """What is wrong with the setting, or None."""
    try:
        parse_network_quotas(entries)
    except ValueError:
        return (
            "must be network=quota, separated by commas, such as 192.0.2.0/24=2000; "
            "no network narrower than /24 (IPv6: /64), no quota below 1"
        )
    return None


def parse_network_quotas(entries: tuple[str, ...]) -> dict[Network, int]:
    """Quota by network. Raises ValueError for a malformed entry or one narrower than is counted.

    The quota holds for each /24 (IPv6: /64) of the network.
    """
    quotas: dict[Network, int] = {}
    for entry in entries:
        prefix, _, text = entry.partition("=")
        network, quota = ipaddress.ip_network(prefix.strip()), int(text)
        if network.prefixlen > PREFIX_LENGTHS[network.version] or quota < 1:
            raise ValueError(entry)
        quotas[network] = quota
    return quotas


def quota_for(network: str, raised: Mapping[Network, int]) -> int | None:
    """The quota of the narrowest configured network that contains this one, or None."""
    address = ipaddress.ip_network(network).network_address
    around = [named for named in raised if address in named]
    return raised[max(around, key=lambda named: named.prefixlen)] if around else None
