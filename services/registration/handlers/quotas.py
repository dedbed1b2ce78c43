"""Counting what strangers ask, and refusing what is too much (AU-17).

Counters are locked for the length of the transaction, address before network. A refusal counts
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.registration import rate_limit_store
from services.registration.deps import Deps
from shared.contracts.base import Refusal
from shared.database import Connection
from shared.domain.rate_limits import Quota
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

CHANGES, CHANGE_CODES = "address_changes", "address_change_codes"

log = get_logger("registration")


@dataclass(frozen=True)
class Counted:
    """One counter (`kind`, `key`) and the quota that judges it."""

    quota: Quota
    kind: str
    key: str


def _of_request(deps: Deps, quota: Quota, address_key: str, network: str) -> list[Counted]:
    counted = [Counted(quota, quota.name, deps.counter(address_key))]
    return counted + _of_network(deps, "network", network)


def _of_network(deps: Deps, kind: str, network: str) -> list[Counted]:
    quota = deps.settings.network_quota(network, deps.raised_networks)
    return [] if quota is None else [Counted(quota, kind, network)]


async def peek(
    tx: Connection, deps: Deps, quota: Quota, address_key: str, network: str
) -> Refusal | None:
    """Why it would be too much now, or None: looked at before anything takes long."""
    now = deps.clock()
    for each in _of_request(deps, quota, address_key, network):
        wait = each.quota.wait(await rate_limit_store.peek(tx, each.kind, each.key), now)
        if wait:
            return too_many(each.quota, wait)
    return None


async def take(context: RequestContext[Deps], quota: Quota, address_key: str, network: str) -> None:
    """Count an account request or message, or raise `Refused` with `too_many_requests`."""
    await _take(context, _of_request(context.deps, quota, address_key, network))


async def take_link(
    context: RequestContext[Deps], kind: str, address_key: str, network: str
) -> None:
    """Count a mailed link, apart from account requests (settled 3): by kind, and by network."""
    deps = context.deps
    of_address = Counted(deps.settings.resets_quota, kind, deps.counter(address_key))
    await _take(context, [of_address, *_of_network(deps, "links_network", network)])


async def take_code(context: RequestContext[Deps], account_id: str) -> None:
    """Count a code that is sent to an account's own address."""
    await _take(context, [Counted(context.deps.settings.sends_quota, "codes", account_id)])


async def take_change(context: RequestContext[Deps], account_id: str) -> None:
    """Count another address that an account asks for."""
    await _take(context, [Counted(context.deps.settings.changes_quota, CHANGES, account_id)])


async def take_change_code(context: RequestContext[Deps], account_id: str) -> None:
    """Count a further code that is sent to another address."""
    await _take(context, [Counted(context.deps.settings.sends_quota, CHANGE_CODES, account_id)])


async def change_codes_left(tx: Connection, deps: Deps, account_id: str) -> int:
    """How many more of them may be asked for today."""
    quota = deps.settings.sends_quota
    return quota.left(await rate_limit_store.peek(tx, CHANGE_CODES, account_id), deps.clock())


async def sends_left(tx: Connection, deps: Deps, address_key: str) -> int:
    """How many more messages may be asked for an address today."""
    quota = deps.settings.sends_quota
    return quota.left(
        await rate_limit_store.peek(tx, quota.name, deps.counter(address_key)), deps.clock()
    )


async def _take(context: RequestContext[Deps], counted: list[Counted]) -> None:
    now = context.now()
    keys = [(each.kind, each.key) for each in counted]
    seen = await rate_limit_store.lock(context.tx, keys, now)
    for each, moments in zip(counted, seen, strict=True):
        wait = each.quota.wait(moments, now)
        if wait:
            raise Refused(too_many(each.quota, wait))
    await rate_limit_store.add(context.tx, keys, now)


def too_many(limit: Quota, wait: int) -> Refusal:
    """The refusal, said in the log too."""
    log.warning(
        "Too much was asked.", action="excess_rate_limit_exceeded", limit=limit.name, wait=wait
    )
    return Refusal(slug="too_many_requests", retry_after=wait, params={"limit": limit.name})
