"""How often something may be asked, and how long one waits after something wrong.

Both count moments in a sliding window, kept by their owner; here they are only judged. The throttle
is AU-02's: some free tries, then a wait that doubles, and a ceiling per day. Pure: the moment is
passed in.
"""

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Moments = Sequence[datetime]
#: An IPv6 network counts with what may belong to one customer or one site around it.
IPV6_PREFIXES = (56, 48)


@dataclass(frozen=True, kw_only=True)
class Quota:
    """At most `most` in any `window`."""

    name: str
    limit: int
    window: timedelta

    def wait(self, moments: Moments, now: datetime) -> int:
        """Seconds until another one may be asked; 0 is now."""
        recent = within(moments, self.window, now)
        if len(recent) < self.limit:
            return 0
        return _seconds(recent[-self.limit] + self.window - now)

    def left(self, moments: Moments, now: datetime) -> int:
        """How many more may be asked now."""
        return max(0, self.limit - len(within(moments, self.window, now)))


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """`free` wrong tries, then `first_wait` seconds doubling up to `cap`, `ceiling` a day."""

    free: int = 5
    first_wait: int = 90
    cap: int = 3600
    ceiling: int = 25
    window: timedelta = timedelta(hours=24)

    def wait(self, failures: Moments, now: datetime) -> int:
        """Seconds until the next try is looked at; 0 is now."""
        recent = within(failures, self.window, now)
        if len(recent) >= self.ceiling:
            return _seconds(recent[-self.ceiling] + self.window - now)
        beyond = len(recent) - self.free
        if beyond < 0:
            return 0
        wait = min(self.first_wait * 2 ** min(beyond, 16), self.cap)
        return _seconds(recent[-1] + timedelta(seconds=wait) - now)


def networks_around(network: str) -> tuple[str, ...]:
    """The networks that a client's /24 or /64 counts in, the narrowest first: a client that
    has a whole /48 of IPv6 addresses is one client in it.

    >>> networks_around("2001:db8:1:2::/64")
    ('2001:db8:1:2::/64', '2001:db8:1::/56', '2001:db8:1::/48')
    """
    one = ipaddress.ip_network(network)
    wider = IPV6_PREFIXES if one.version == 6 else ()
    return network, *(str(one.supernet(new_prefix=length)) for length in wider)


def widest_network(network: str) -> str:
    """The widest network around a client's /24 or /64: for limits that have one counter only.

    >>> widest_network("2001:db8:1:2::/64"), widest_network("192.0.2.0/24")
    ('2001:db8:1::/48', '192.0.2.0/24')
    """
    return networks_around(network)[-1]


def within(moments: Moments, window: timedelta, now: datetime) -> list[datetime]:
    """The moments that still count, oldest first."""
    return sorted(moment for moment in moments if moment > now - window)


def _seconds(left: timedelta) -> int:
    return max(0, math.ceil(left.total_seconds()))
