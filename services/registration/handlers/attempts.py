"""Counting a password before it is looked at, so that parallel guesses are counted too (AU-03).

A try is counted first and taken back where the password was right: of fifty guesses at one moment
no more are looked at than fifty in a row would be. While the wait lasts nothing is looked at, and
an address without an account counts like any other (AU-02, AU-08).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.registration import counters
from services.registration.deps import Deps
from shared.database import Connection
from shared.telemetry import get_logger

KIND = "sign_in"

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One password for one address: to be looked at, unless there is a `wait` in seconds."""

    counter: str
    at: datetime
    wait: int
    last_free: bool


async def begin(tx: Connection, deps: Deps, address_key: str) -> Attempt:
    """Count a try, or say how long to wait."""
    now, counter = deps.clock(), deps.counter(address_key)
    throttle = deps.settings.throttle
    failures = await counters.lock(tx, KIND, counter, now)
    wait = throttle.wait(failures, now)
    if not wait:
        await counters.add(tx, KIND, counter, now)
        failures = [*failures, now]
    else:
        log.warning(
            "Passwords come too fast.", action="excess_rate_limit_exceeded", limit=KIND, wait=wait
        )
    last_free = throttle.wait(failures, now) > 0
    return Attempt(counter=counter, at=now, wait=wait, last_free=last_free)


async def take_back(tx: Connection, attempt: Attempt) -> None:
    """The password was right for a request: this try does not count, earlier ones still do.

    A stranger can make a request for any address and knows its password: it must not wash away
    the failures on the account's.
    """
    await counters.take_back(tx, KIND, attempt.counter, attempt.at)


async def forgive(tx: Connection, attempt: Attempt) -> None:
    """The password was right for the account: nothing counts any more."""
    await counters.clear(tx, KIND, attempt.counter)


def log_failure(attempt: Attempt) -> None:
    """Say that a password was wrong, and that the next one has to wait."""
    log.warning("A password was wrong.", action="authn_login_fail")
    if attempt.last_free:
        log.warning("Further passwords have to wait.", action="authn_login_lock")
