"""Recognises password spraying: many addresses, a few wrong passwords each (AU-11).

It comes from one network, or with one password from many networks, and stays below what is counted
for each address. Everything is in memory, in digests under a random key, and forgotten with the
hour: no password can be found from it afterwards, and nothing of it is logged or stored. Each
process has its own. Addresses without an account count alike. Pure: the time is passed in.

Where spraying was recognised, strangers from that network, or with that password, have one password
compared every half minute. They share it, so that somebody who keeps asking may leave others none:
whose password was chosen within the hour, as by a mailed link, needs none. A browser that is known
for the account is no stranger; neither is it counted.
"""

import hashlib
import hmac
import math
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.domain.rate_limits import networks_around
from shared.security.password_hashing import normalize

By = Literal["network", "password"]

#: A password that was wrong for so many addresses.
MAX_ADDRESSES_PER_PASSWORD = 10
#: A network may have wrong passwords for as many addresses in an hour as its quota counts in ten
#: minutes; each address with a right password speaks for so many more.
WRONG_FOR_ONE_RIGHT = 2
#: Seconds between two passwords of strangers that are compared.
PAUSE_SECONDS = 30
#: The networks and passwords that are remembered, those that came last.
MAX_REMEMBERED = 20_000
#: How long anything is remembered, and how often that is looked at.
HOUR_SECONDS = 3_600
CLEAR_SECONDS = 60


@dataclass(frozen=True)
class Alarm:
    """Spraying was recognised: by one network or one password, for so many addresses.

    `first` of the hour of its kind: the others are counted, not logged.
    """

    by: By
    addresses: int
    first: bool


@dataclass
class _Source:
    """A network or a password."""

    wrong: set[bytes] = field(default_factory=set)
    right: set[bytes] = field(default_factory=set)
    recognised: bool = False
    compared_at: datetime | None = None


@dataclass
class _Hour:
    number: int
    key: bytes = field(default_factory=lambda: os.urandom(32))
    sources: "OrderedDict[tuple[By, bytes], _Source]" = field(default_factory=OrderedDict)
    recognised: set[By] = field(default_factory=set)


class SprayingWatch:
    """Counts wrong passwords. `network_quota` gives the quota of wrong passwords of a network, or
    None where it is not watched; `password_limit` the addresses of one password, likewise.
    """

    def __init__(
        self,
        network_quota: Callable[[str], int | None],
        password_limit: int | None = MAX_ADDRESSES_PER_PASSWORD,
    ) -> None:
        self._network_quota = network_quota
        self._password_limit = password_limit
        self._hour = _Hour(number=0)

    def wait(self, network: str, password: str, now: datetime) -> int:
        """Seconds until a stranger's password is compared; 0 is now, and then it counts as one."""
        sources = [
            found
            for key in self._keys(network, password, now)
            if (found := self._hour.sources.get(key)) is not None and found.recognised
        ]
        waits = [
            PAUSE_SECONDS - (now - each.compared_at).total_seconds()
            for each in sources
            if each.compared_at is not None
        ]
        left = math.ceil(max(waits, default=0))
        if left > 0:
            return left
        for each in sources:
            each.compared_at = now
        return 0

    def record_wrong(
        self, network: str, address_key: str, password: str, now: datetime
    ) -> list[Alarm]:
        """A stranger's password was wrong; returns what is recognised by it for the first time."""
        alarms = []
        keys = self._keys(network, password, now)
        address = self._digest("address", address_key)
        limits = [*self._network_limits(network), self._password_limit]
        for key, limit in zip(keys, limits, strict=True):
            source = self._source(key)
            if limit is None or source.recognised:
                continue
            source.wrong.add(address)
            source.wrong -= source.right
            if len(source.wrong) >= limit + WRONG_FOR_ONE_RIGHT * len(source.right):
                by = key[0]
                alarms.append(Alarm(by, len(source.wrong), by not in self._hour.recognised))
                self._hour.recognised.add(by)
                source.recognised, source.compared_at = True, now
                source.wrong.clear()
        return alarms

    def record_right(self, network: str, address_key: str, now: datetime) -> None:
        """A password was right for an account: its network is the more likely an office."""
        keys = self._keys(network, "", now)[:-1]
        address = self._digest("address", address_key)
        for key, limit in zip(keys, self._network_limits(network), strict=True):
            source = self._source(key)
            source.wrong.discard(address)
            # An attacker may have accounts too: they do not speak for any number of wrong ones.
            if limit is not None and not source.recognised and len(source.right) < limit:
                source.right.add(address)

    def clear_expired(self, now: datetime) -> None:
        """Forget everything with its key, if the hour is over."""
        number = int(now.timestamp()) // HOUR_SECONDS
        if number != self._hour.number:
            self._hour = _Hour(number)

    def _keys(self, network: str, password: str, now: datetime) -> list[tuple[By, bytes]]:
        """The networks around a client, and the password."""
        self.clear_expired(now)
        keys: list[tuple[By, bytes]] = [
            ("network", self._digest("network", each)) for each in networks_around(network)
        ]
        return [*keys, ("password", self._digest("password", normalize(password)))]

    def _network_limits(self, network: str) -> list[int | None]:
        quotas = [self._network_quota(each) for each in networks_around(network)]
        return [None if quota is None else quota + 1 for quota in quotas]

    def _digest(self, purpose: str, value: str) -> bytes:
        message = f"{purpose}\n{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._hour.key, message, hashlib.sha256).digest()[:16]

    def _source(self, key: tuple[By, bytes]) -> _Source:
        sources = self._hour.sources
        found = sources.pop(key, None) or _Source()
        sources[key] = found
        while len(sources) > MAX_REMEMBERED:
            sources.popitem(last=False)
        return found
