"""Who is asking: the client's address and its network, from the connection and trusted proxies.

Pure. A header is believed only as far as the proxies that the operator named have written it
(AU-12).
"""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN = "0.0.0.0"  # noqa: S104 - not bound to: stands for "no address"


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of a setting; ValueError where one is not."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def resolve_client_ip(
    peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]
) -> str:
    """The rightmost hop that is no trusted proxy.

    `forwarded` holds the X-Forwarded-For headers in their order. An unreadable hop ends the walk
    at the proxy that passed it on.
    """
    here = _parse(peer or "")
    if here is None:
        return UNKNOWN
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    while hops and _is_trusted(here, trusted):
        before = _parse(hops.pop())
        if before is None:
            break
        here = before
    return str(here)


def network_of(address: str) -> str:
    """The /24 or /64 that an address is in: what limits count by."""
    parsed = _parse(address) or ipaddress.ip_address(UNKNOWN)
    prefix = 24 if parsed.version == 4 else 64
    return str(ipaddress.ip_network(f"{parsed}/{prefix}", strict=False))


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of these networks; an unreadable one is in none."""
    parsed = _parse(address)
    return parsed is not None and _is_trusted(parsed, networks)


def _parse(text: str) -> Address | None:
    # A proxy may write a port: 192.0.2.1:8080 or [2001:db8::1]:8080.
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if address.version == 6 and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)
