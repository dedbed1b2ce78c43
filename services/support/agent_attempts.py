"""Passwords of agents: counted before they are compared, so that parallel guesses count (AU-03).

An attempt counts per address and network, per address and per network; it is forgotten where the
password was right. An address that is no agent's takes the same steps (AU-08). Where one of them is
locked, a browser in which the agent signed in before, or a session, has a few attempts of its own:
a stranger who types wrong passwords does not shut the desk (AU-04).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from services.support import agent_store
from services.support.agents import Agent, agent_key
from services.support.deps import Deps
from shared.contracts.base import Refusal
from shared.database import Connection, Pool, transaction
from shared.domain.rate_limits import Quota, Throttle, widest_network
from shared.domain.typed_text import UnsafeText
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger
from shared.security.password_hashing import PasswordHash
from shared.security.sealing import keyed_hash

OF_ADDRESS_AND_NETWORK = Throttle()
OF_ADDRESS = Quota(name="agent_address", limit=25, window=timedelta(days=1))
OF_KNOWN_BROWSER = Throttle(ceiling=10)
OF_NETWORK = Quota(name="agent_network", limit=60, window=timedelta(minutes=10))
PURPOSE = "support/agent attempts"
#: Keys to count under, each with its limit, in the order in which rows are locked.
Counters: TypeAlias = list[tuple[str, Throttle | Quota]]

log = get_logger("support")


@dataclass(frozen=True, kw_only=True)
class CheckedPassword:
    """A password that was compared.

    `agent` is the address's, whatever the result; `keys` count the attempt. `locked_until`: this
    wrong password is the last that is compared until then.
    """

    agent: Agent | None
    is_correct: bool
    keys: tuple[str, ...]
    at: datetime
    new_hash: PasswordHash | None = None
    locked_until: datetime | None = None


async def check_password(
    deps: Deps,
    pool: Pool,
    address: str,
    password: str,
    network: str,
    *,
    known_agents: Sequence[str],
) -> CheckedPassword:
    """Count an attempt and compare the password; refused with `too_many_tries` while locked.

    `known_agents` are the ids of those who signed in before where it was typed.
    """
    try:
        key = agent_key(address)
    except UnsafeText:
        key = ""
    counters, now = _counters(deps, key, network), deps.clock()
    async with transaction(pool) as tx:
        agent = await agent_store.find_by_address(tx, key) if key else None
        recipes = await agent_store.recipes_in_use(tx)
        wait, seen = await _count(tx, counters, now)
        if wait and agent is not None and agent.id in known_agents:
            counters = [(f"known {agent.id}", OF_KNOWN_BROWSER)]
            wait, seen = await _count(tx, counters, now)
    if wait:
        log.warning(
            "Sign-ins of agents are throttled.", action="excess_rate_limit_exceeded", wait=wait
        )
        raise Refused(Refusal(slug="too_many_tries", retry_after=wait))
    own = agent.password if agent is not None and agent.may_sign_in else None
    found = await deps.hasher.find(password, key, [own] if own else [], recipes)
    is_correct = found is not None
    outdated = own is not None and is_correct and deps.hasher.is_outdated(own, key)
    return CheckedPassword(
        agent=agent,
        is_correct=is_correct,
        keys=tuple(name for name, _ in counters),
        at=now,
        new_hash=await deps.hasher.hash(password, key) if outdated else None,
        locked_until=_locked_until(counters, seen, now),
    )


async def _count(
    tx: Connection, counters: Counters, now: datetime
) -> tuple[int, list[list[datetime]]]:
    """Count an attempt unless one of these is locked: for how many seconds, and what was counted
    before."""
    keys = [name for name, _ in counters]
    seen = await agent_store.lock_attempts(tx, keys, now)
    wait = max(limit.wait(moments, now) for (_, limit), moments in zip(counters, seen, strict=True))
    if not wait:
        await agent_store.add_attempt(tx, keys, now)
    return wait, seen


def _counters(deps: Deps, key: str, network: str) -> Counters:
    """Where a password for an address counts."""
    address = keyed_hash(deps.token_keys, PURPOSE, key)[1].hex()
    around = widest_network(network)
    counters: Counters = [
        (f"{address} {around}", OF_ADDRESS_AND_NETWORK),
        (address, OF_ADDRESS),
    ]
    if not deps.settings.try_out:
        counters.append((around, OF_NETWORK))
    return counters


def _locked_until(
    counters: Counters,
    seen: Sequence[Sequence[datetime]],
    now: datetime,
) -> datetime | None:
    waits = [
        limit.wait([*moments, now], now) for (_, limit), moments in zip(counters, seen, strict=True)
    ]
    return now + timedelta(seconds=max(waits)) if any(waits) else None
