"""Settings of rate limits: quotas and throttles (AU-02, AU-04, AU-17)."""

import ipaddress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from shared.domain.rate_limits import Quota, Throttle
from shared.settings import Problem, ServiceSettings, setting

#: Wrong passwords per day from browsers that are known for the account.
MAX_KNOWN_BROWSER_FAILURES_PER_DAY = 10
#: Requests are counted per network of this prefix length, by IP version.
PREFIX_LENGTHS = {4: 24, 6: 64}

#: How many times the limit of one network the wider ones of IPv6 around it have.
WIDER_NETWORKS = {56: 2, 48: 4}
#: What one network may use up of the day's wrong passwords for an address, in percent.
NETWORK_SHARE = 40
#: What an address may be asked for from all networks: as often as from this many.
ALL_NETWORKS = 2

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def all_networks(quota: Quota) -> Quota:
    """The quota of an address for requests from all networks, by that for each."""
    return replace(quota, limit=quota.limit * ALL_NETWORKS)


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


@dataclass(frozen=True, kw_only=True)
class LimitSettings(ServiceSettings):
    """The rate limits that an operator may change."""

    requests_per_address: int = setting(
        "IMPEX_REQUESTS_PER_ADDRESS",
        default=5,
        doc="Account requests per address, network and day; twice as many from all networks.",
        between=(1, 100),
    )
    resends_per_address: int = setting(
        "IMPEX_RESENDS_PER_ADDRESS",
        default=5,
        doc="Further messages per address and day.",
        between=(1, 100),
    )
    requests_per_network: int = setting(
        "IMPEX_REQUESTS_PER_NETWORK",
        default=200,
        doc="Requests per network and hour; unlimited in the try-out.",
        between=(1, 1_000_000),
    )
    network_quotas: tuple[str, ...] = setting(
        "IMPEX_NETWORK_QUOTAS",
        default=(),
        doc="Networks with another quota per hour, as 192.0.2.0/24=2000; a larger one applies to "
        "sign-ins.",
        valid=validate_network_quotas,
    )
    sign_in_free_tries: int = setting(
        "IMPEX_SIGN_IN_FREE_TRIES",
        default=5,
        doc="Wrong passwords before the first wait.",
        between=(1, 10),
    )
    sign_in_wait: int = setting(
        "IMPEX_SIGN_IN_WAIT",
        default=90,
        doc="First wait after wrong passwords; each further one is twice as long.",
        unit="seconds",
        between=(61, 3_600),
    )
    sign_in_wait_cap: int = setting(
        "IMPEX_SIGN_IN_WAIT_CAP",
        default=3_600,
        doc="Maximum wait after wrong passwords.",
        unit="seconds",
        between=(61, 86_400),
    )
    sign_in_per_day: int = setting(
        "IMPEX_SIGN_IN_PER_DAY",
        default=25,
        doc="Wrong passwords per address and 24 hours; 40 % of them from one network.",
        between=(5, 100),
    )
    sign_ins_per_network: int = setting(
        "IMPEX_SIGN_INS_PER_NETWORK",
        default=60,
        doc="Wrong passwords per network and ten minutes, right ones not counted; unlimited in the "
        "try-out.",
        between=(1, 100_000),
    )
    resets_per_address: int = setting(
        "IMPEX_RESETS_PER_ADDRESS",
        default=5,
        doc="Forgotten passwords, and separately lost phones, per address, network and day; "
        "twice as many from all networks.",
        between=(1, 100),
    )

    address_changes: int = setting(
        "IMPEX_ADDRESS_CHANGES",
        default=5,
        doc="Changes of address that an account may request per day.",
        between=(1, 100),
    )

    @property
    def changes_quota(self) -> Quota:
        """Address changes requested per account."""
        return Quota(name="changes", limit=self.address_changes, window=timedelta(days=1))

    @property
    def address_quota(self) -> Quota:
        """Account requests per address and network."""
        return Quota(name="address", limit=self.requests_per_address, window=timedelta(days=1))

    @property
    def sends_quota(self) -> Quota:
        """Further messages per address."""
        return Quota(name="sends", limit=self.resends_per_address, window=timedelta(days=1))

    @property
    def resets_quota(self) -> Quota:
        """Mailed links of one kind per address and network."""
        return Quota(name="address", limit=self.resets_per_address, window=timedelta(days=1))

    @property
    def throttle(self) -> Throttle:
        """The wait after wrong passwords for one address from one network."""
        return Throttle(
            free=self.sign_in_free_tries,
            first_wait=self.sign_in_wait,
            cap=self.sign_in_wait_cap,
            ceiling=max(self.sign_in_free_tries, self.sign_in_per_day * NETWORK_SHARE // 100),
        )

    @property
    def known_browser_throttle(self) -> Throttle:
        """The wait after wrong passwords from a browser known for the account (AU-04)."""
        return replace(self.throttle, ceiling=MAX_KNOWN_BROWSER_FAILURES_PER_DAY)

    @property
    def sign_in_quota(self) -> Quota:
        """Wrong passwords for one address, from all networks (AU-02)."""
        return Quota(name="sign_in", limit=self.sign_in_per_day, window=timedelta(days=1))

    def sign_ins_quota(self, network: str) -> Quota | None:
        """Wrong passwords from one network; None in the try-out."""
        if self.try_out:
            return None
        most = max(self._raised_quota(network) or 0, _of(network) * self.sign_ins_per_network)
        return Quota(name="network", limit=most, window=timedelta(minutes=10))

    def network_quota(self, network: str) -> Quota | None:
        """Requests from one network; None in the try-out, where all come from this machine."""
        if self.try_out:
            return None
        most = self._raised_quota(network) or _of(network) * self.requests_per_network
        return Quota(name="network", limit=most, window=timedelta(hours=1))

    @cached_property
    def _quotas_by_network(self) -> dict[Network, int]:
        return parse_network_quotas(self.network_quotas)

    def _raised_quota(self, network: str) -> int | None:
        """The quota of the narrowest configured network that contains this one; of a /56 or /48
        that contains configured ones at least theirs. None where nothing is configured."""
        one = ipaddress.ip_network(network)
        quotas = self._quotas_by_network
        around = [named for named in quotas if one.network_address in named]
        narrowest = max(around, key=lambda named: named.prefixlen, default=None)
        inside = [quotas[named] for named in quotas if named.network_address in one]
        raised = [] if narrowest is None else [_of(network) * quotas[narrowest]]
        return max((*raised, *inside), default=None)

    def check(self) -> list[Problem]:
        """Check that the first wait is within its cap."""
        if self.sign_in_wait > self.sign_in_wait_cap:
            return [("IMPEX_SIGN_IN_WAIT", "must not exceed IMPEX_SIGN_IN_WAIT_CAP")]
        return []


def _of(network: str) -> int:
    """How many times the limit of one network holds for this one."""
    return WIDER_NETWORKS.get(ipaddress.ip_network(network).prefixlen, 1)
