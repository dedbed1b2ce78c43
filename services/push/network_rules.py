"""Which addresses of receivers may be connected to: public ones, and networks that are named.

Pure. A partner chooses its address and its name server: without this rule, events would be posted
to whatever listens in our own networks.
"""

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Addresses behind which a translator reaches the IPv4 address in their last 32 bits.
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
#: All public IPv6 addresses. Others are "global" too: site-local ones, those of a translator inside
#: (64:ff9b:1::/48), IPv4 addresses written as ::127.0.0.1.
PUBLIC = ipaddress.IPv6Network("2000::/3")


def may_connect(address: Address, networks: Sequence[Network]) -> bool:
    """Whether a receiver may have this address."""
    reached = _reached(address)
    if any(reached.version == one.version and reached in one for one in networks):
        return True
    public = reached.version == 4 or reached in PUBLIC
    return public and reached.is_global and not reached.is_multicast


def _reached(address: Address) -> Address:
    """The address in the end: what an IPv6 address carries inside, or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
