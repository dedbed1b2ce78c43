"""Counting a password before it is looked at, so that parallel guesses are counted too (AU-03).

A try is counted at every door first and taken back where the password was right: of fifty guesses
at one moment no more are looked at than fifty in a row would be. While one door is shut nothing is
looked at, and an address without an account counts like any other (AU-02, AU-08).

A stranger's doors are the address from this network, the address from anywhere, and the network.
Where one of them is shut, a browser that is known for the account has a few tries of its own, which
no attacker can use up (AU-04).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registration import rate_limit_store
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.login_throttle import Door
from shared.contracts.base import Refusal
from shared.database import Connection
from shared.domain.rate_limits import within
from shared.runtime.telemetry import get_logger

FROM_NETWORK, ADDRESS = "sign_in", "sign_in_address"
NETWORK, KNOWN = "sign_in_network", "sign_in_known"

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One password: to be looked at, unless there is a `wait` in seconds.

    `locked_until` is set where this try, if it is wrong, shuts a door for the first time.
    """

    doors: Sequence[Door]
    at: datetime
    wait: int = 0
    locked_until: datetime | None = None

    def too_many(self) -> Refusal:
        """The refusal while a door is shut."""
        return Refusal(slug="too_many_tries", retry_after=self.wait)


def strangers_doors(deps: Deps, address_key: str, network: str) -> list[Door]:
    """Where a password for an address is counted, in the order in which they are locked."""
    settings, address = deps.settings, deps.counter(address_key)
    of_network = settings.sign_ins_quota(network, deps.raised_networks)
    doors = [
        Door(kind=FROM_NETWORK, key=_pair(address, network), limit=settings.throttle),
        Door(kind=ADDRESS, key=address, limit=settings.ceiling),
    ]
    if of_network is not None:
        doors.append(Door(kind=NETWORK, key=network, limit=of_network))
    return doors


def known_door(deps: Deps, account_id: str) -> list[Door]:
    """Where a password for an account is counted, typed in a browser that is known for it."""
    return [Door(kind=KNOWN, key=account_id, limit=deps.settings.reserve)]


async def begin(
    tx: Connection, doors: Sequence[Door], now: datetime, reserve: Sequence[Door] = ()
) -> Attempt:
    """Count a try, or say how long to wait; where that is long, count it at `reserve` instead."""
    attempt = await _at(tx, doors, now)
    if attempt.wait and reserve:
        return await _at(tx, reserve, now)
    return attempt


async def _at(tx: Connection, doors: Sequence[Door], now: datetime) -> Attempt:
    counted = [(door.kind, door.key) for door in doors]
    seen = await rate_limit_store.lock(tx, counted, now)
    waits = [door.limit.wait(moments, now) for door, moments in zip(doors, seen, strict=True)]
    if any(waits):
        log.warning(
            "Passwords come too fast.",
            action="excess_rate_limit_exceeded",
            limit=doors[waits.index(max(waits))].kind,
            wait=max(waits),
        )
        return Attempt(doors=doors, at=now, wait=max(waits))
    await rate_limit_store.add(tx, counted, now)
    shut: list[datetime] = []
    for door, moments in zip(doors, seen, strict=True):
        until = door.shuts_until([*moments, now], now)
        # A network's door says nothing of an account.
        shut += [until] if until is not None and door.kind != NETWORK else []
    return Attempt(doors=doors, at=now, locked_until=max(shut, default=None))


async def take_back(tx: Connection, attempt: Attempt) -> None:
    """The password was right for a request: this try does not count, earlier ones still do.

    A stranger can make a request for any address and knows its password: it must not wash away
    the failures on the account's.
    """
    for door in attempt.doors:
        await rate_limit_store.take_back(tx, door.kind, door.key, attempt.at)


async def forgive(
    tx: Connection, deps: Deps, attempt: Attempt, address_key: str, network: str, account: Account
) -> int:
    """The password was right for the account; returns how many were wrong since the last right one.

    What was counted from other networks keeps counting, there and for the day: else an attacker
    would have new tries whenever the holder signs in (AU-02).
    """
    address = deps.counter(address_key)
    wrong = await rate_limit_store.peek(tx, ADDRESS, address)
    for mine in await rate_limit_store.clear(tx, FROM_NETWORK, _pair(address, network)):
        await rate_limit_store.take_back(tx, ADDRESS, address, mine)
    for door in attempt.doors:
        if door.kind == NETWORK:
            await rate_limit_store.take_back(tx, door.kind, door.key, attempt.at)
    wrong += await rate_limit_store.clear(tx, KNOWN, account.id)
    since = account.credentials.right_at if account.credentials else None
    recent = within(wrong, rate_limit_store.LONGEST_WINDOW, attempt.at)
    # This try was counted too.
    return max(0, sum(since is None or moment > since for moment in recent) - 1)


async def lift(tx: Connection, deps: Deps, address_key: str, account_id: str) -> None:
    """The account has a new password: nothing counts any more, wherever it came from."""
    address = deps.counter(address_key)
    await rate_limit_store.clear_all(tx, FROM_NETWORK, address)
    await rate_limit_store.clear(tx, ADDRESS, address)
    await rate_limit_store.clear(tx, KNOWN, account_id)


def log_failure(attempt: Attempt, account: Account | None = None) -> None:
    """Say that a password opened nothing, and that the next one has to wait.

    A closed account's is not looked at: it may have been the right one.
    """
    said = log.bind(account=None if account is None else account.id)
    if account is not None and not account.opens:
        said.warning("A password was for a closed account.", action="authn_login_fail")
    else:
        said.warning("A password was wrong.", action="authn_login_fail")
    if attempt.locked_until is not None:
        said.warning("Further passwords have to wait.", action="authn_login_lock")


def _pair(address: str, network: str) -> str:
    return f"{address} {network}"
