"""Rate limits of requests, mailed links and codes (AU-17).

Counters are locked until the transaction ends, address before network. A refused request does not
count.
"""

from dataclasses import dataclass
from datetime import datetime

from services.registration import rate_limit_store
from services.registration.deps import Deps
from services.registration.limit_settings import all_networks
from services.registration.rate_limit_store import with_network
from shared.contracts.base import Refusal
from shared.database import Connection
from shared.domain.rate_limits import Moments, Quota, networks_around
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

#: What is counted per account.
ADDRESS_CODES, ADDRESS_CHANGES = "codes", "address_changes"
RECOVERY_ADDRESSES = "recovery_addresses"
ADDRESS_CHANGE_CODES = "address_change_codes"

log = get_logger("registration")


@dataclass(frozen=True)
class CountedQuota:
    """One counter (`kind`, `keys`) and its quota."""

    quota: Quota
    kind: str
    keys: tuple[str, ...]


def _of_address(
    deps: Deps, quota: Quota, kind: str, address_key: str, network: str
) -> list[CountedQuota]:
    """What somebody asks for an address: the quota holds for each network, the address has more,
    so that one stranger does not use it up."""
    address = deps.quota_keys(address_key)
    apart = [
        CountedQuota(quota, kind, with_network(address, each)) for each in networks_around(network)
    ]
    return [*apart, CountedQuota(all_networks(quota), kind, address)]


def _of_network(deps: Deps, kind: str, network: str) -> list[CountedQuota]:
    around = [(deps.settings.network_quota(each), each) for each in networks_around(network)]
    return [CountedQuota(quota, kind, (each,)) for quota, each in around if quota is not None]


def _of_request(deps: Deps, address_key: str, network: str) -> list[CountedQuota]:
    quota = deps.settings.address_quota
    of_address = _of_address(deps, quota, quota.name, address_key, network)
    return of_address + _of_network(deps, "network", network)


def _of_message(deps: Deps, address_key: str, network: str) -> list[CountedQuota]:
    quota = deps.settings.sends_quota
    of_address = CountedQuota(quota, quota.name, deps.quota_keys(address_key))
    return [of_address, *_of_network(deps, "network", network)]


async def check_request(tx: Connection, deps: Deps, address_key: str, network: str) -> None:
    """Raise `Refused` if an account were requested now: read before the password is hashed."""
    await _check(tx, deps, _of_request(deps, address_key, network))


async def check_message(tx: Connection, deps: Deps, address_key: str, network: str) -> None:
    """The same for a further message."""
    await _check(tx, deps, _of_message(deps, address_key, network))


async def count_request(context: RequestContext[Deps], address_key: str, network: str) -> None:
    """Count an account request, or raise `Refused` with `too_many_requests`."""
    await _count(context, _of_request(context.deps, address_key, network))


async def count_message(context: RequestContext[Deps], address_key: str, network: str) -> None:
    """Count a further message of a request, or raise `Refused` with `too_many_requests`."""
    await _count(context, _of_message(context.deps, address_key, network))


async def count_network(context: RequestContext[Deps], network: str) -> None:
    """Count a form of a network, as `count_request` does, without an address."""
    await _count(context, _of_network(context.deps, "network", network))


async def count_link(
    context: RequestContext[Deps], kind: str, address_key: str, network: str
) -> None:
    """Count a mailed link by kind and by network, apart from account requests."""
    deps = context.deps
    of_address = _of_address(deps, deps.settings.resets_quota, kind, address_key, network)
    await _count(context, of_address + _of_network(deps, "links_network", network))


async def count_for_account(
    context: RequestContext[Deps], quota: Quota, kind: str, account_id: str
) -> None:
    """Count a code or an address change of an account, by kind."""
    await _count(context, [CountedQuota(quota, kind, (account_id,))])


async def check_for_account(
    tx: Connection, deps: Deps, quota: Quota, kind: str, account_id: str
) -> None:
    """The same without counting: before something else is used up."""
    await _check(tx, deps, [CountedQuota(quota, kind, (account_id,))])


async def change_codes_left(tx: Connection, deps: Deps, account_id: str) -> int:
    """How many more codes may be sent to the new address today."""
    (moments,) = await rate_limit_store.read(tx, [(ADDRESS_CHANGE_CODES, (account_id,))])
    return deps.settings.sends_quota.left(moments, deps.clock())


async def sends_left(tx: Connection, deps: Deps, address_key: str) -> int:
    """How many more messages may be sent to an address today."""
    quota = deps.settings.sends_quota
    (moments,) = await rate_limit_store.read(tx, [(quota.name, deps.quota_keys(address_key))])
    return quota.left(moments, deps.clock())


async def _check(tx: Connection, deps: Deps, counted: list[CountedQuota]) -> None:
    now = deps.clock()
    seen = await rate_limit_store.read(tx, [(each.kind, each.keys) for each in counted])
    for each, moments in zip(counted, seen, strict=True):
        _require_left(each.quota, moments, now)


async def _count(context: RequestContext[Deps], counted: list[CountedQuota]) -> None:
    now = context.now()
    keys = [(each.kind, each.keys) for each in counted]
    seen = await rate_limit_store.lock(context.tx, keys, now)
    for each, moments in zip(counted, seen, strict=True):
        _require_left(each.quota, moments, now)
    await rate_limit_store.add(context.tx, keys, now)


def _require_left(quota: Quota, moments: Moments, now: datetime) -> None:
    """Raise `Refused` with `too_many_requests`, which is logged, while the quota is used up."""
    wait, limit = quota.wait(moments, now), quota.name
    if wait:
        log.warning(
            "A rate limit was exceeded.",
            action="excess_rate_limit_exceeded",
            limit=limit,
            wait=wait,
        )
        params: dict[str, str | int] = {"limit": limit}
        raise Refused(Refusal(slug="too_many_requests", retry_after=wait, params=params))
