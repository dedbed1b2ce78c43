"""Counting what strangers ask, and refusing what is too much (AU-17).

Counters are locked for the length of the transaction, address before network. A refusal counts
nothing.
"""

from __future__ import annotations

from services.registration import counters
from services.registration.deps import Deps
from shared.contracts.base import Refusal
from shared.database import Connection
from shared.limits import Quota
from shared.messaging.handlers import Refused, RequestContext
from shared.telemetry import get_logger

log = get_logger("registration")


def _limits(deps: Deps, quota: Quota, address_key: str, network: str) -> list[tuple[Quota, str]]:
    of_network = deps.settings.network_quota(network, deps.raised_networks)
    return [(quota, deps.counter(address_key))] + ([(of_network, network)] if of_network else [])


async def peek(
    tx: Connection, deps: Deps, quota: Quota, address_key: str, network: str
) -> Refusal | None:
    """Why it would be too much now, or None: looked at before anything takes long."""
    now = deps.clock()
    for limit, key in _limits(deps, quota, address_key, network):
        wait = limit.wait(await counters.peek(tx, limit.name, key), now)
        if wait:
            return too_many(limit, wait)
    return None


async def take(context: RequestContext[Deps], quota: Quota, address_key: str, network: str) -> None:
    """Count one, or raise `Refused` with `too_many_requests`."""
    now = context.now()
    limits = _limits(context.deps, quota, address_key, network)
    for limit, key in limits:
        wait = limit.wait(await counters.lock(context.tx, limit.name, key, now), now)
        if wait:
            raise Refused(too_many(limit, wait))
    for limit, key in limits:
        await counters.add(context.tx, limit.name, key, now)


async def sends_left(tx: Connection, deps: Deps, address_key: str) -> int:
    """How many more messages may be asked for an address today."""
    quota = deps.settings.sends_quota
    return quota.left(await counters.peek(tx, quota.name, deps.counter(address_key)), deps.clock())


def too_many(limit: Quota, wait: int) -> Refusal:
    """The refusal, said in the log too."""
    log.warning(
        "Too much was asked.", action="excess_rate_limit_exceeded", limit=limit.name, wait=wait
    )
    return Refusal(slug="too_many_requests", retry_after=wait, params={"limit": limit.name})
