"""Login attempts, counted before the password is checked, so that parallel guesses count (AU-03).

An attempt counts in every scope first and is uncounted where the password was right. While one
scope is locked, no password is checked; an address without an account counts like any other (AU-02,
AU-08).

Anonymous sign-ins are throttled per e-mail address and network, per e-mail address, and per
network; an IPv6 network counts as its /64, /56 and /48. Where one of these scopes is locked, a
browser that is known for the account has a few attempts of its own, which an attacker cannot use up
(AU-04).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registration import rate_limit_store
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.login_throttle import ThrottleScope
from services.registration.rate_limit_store import with_network
from shared.contracts.base import Refusal
from shared.contracts.registration.events import OWNER
from shared.database import Connection
from shared.domain.rate_limits import networks_around, within
from shared.runtime.sign_in_metrics import LOCKOUTS
from shared.runtime.telemetry import get_logger

ADDRESS_FROM_NETWORK, ADDRESS = "sign_in", "sign_in_address"
NETWORK, KNOWN_BROWSER = "sign_in_network", "sign_in_known"

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class LoginAttempt:
    """One attempt: its password is checked unless there is a `wait` in seconds.

    `locked_until` is set where this attempt, if it is wrong, locks a scope for the first time,
    `at_ceiling` where it is the day's last one for the address, alone or with a network, or comes
    after that one.
    """

    scopes: Sequence[ThrottleScope]
    at: datetime
    wait: int = 0
    locked_until: datetime | None = None
    at_ceiling: bool = False

    def refusal(self) -> Refusal:
        """The refusal while a scope is locked; `limit` where its mailbox can lift it."""
        params: dict[str, str | int] = {"limit": "address"} if self.at_ceiling else {}
        return Refusal(slug="too_many_tries", params=params, retry_after=self.wait)


def anonymous_scopes(deps: Deps, address_key: str, network: str) -> list[ThrottleScope]:
    """Where a password for an address counts, in the order in which the rows are locked."""
    settings, address = deps.settings, deps.rate_limit_keys(address_key)
    around = networks_around(network)
    scopes = [
        ThrottleScope(ADDRESS_FROM_NETWORK, with_network(address, each), settings.throttle)
        for each in around
    ]
    scopes.append(ThrottleScope(ADDRESS, address, settings.sign_in_quota))
    for each in around:
        of_network = settings.sign_ins_quota(each)
        if of_network is not None:
            scopes.append(ThrottleScope(NETWORK, (each,), of_network))
    return scopes


def known_browser_scope(deps: Deps, account_id: str) -> list[ThrottleScope]:
    """Where a password for an account counts, typed in a browser that is known for it."""
    return [ThrottleScope(KNOWN_BROWSER, (account_id,), deps.settings.known_browser_throttle)]


async def count_attempt(
    tx: Connection,
    scopes: Sequence[ThrottleScope],
    now: datetime,
    fallback_scopes: Sequence[ThrottleScope] = (),
) -> LoginAttempt:
    """Count an attempt, or return how long to wait; `fallback_scopes` count it while locked."""
    attempt = await _count_in_scopes(tx, scopes, now)
    if attempt.wait and fallback_scopes:
        return await _count_in_scopes(tx, fallback_scopes, now)
    return attempt


async def _count_in_scopes(
    tx: Connection, scopes: Sequence[ThrottleScope], now: datetime
) -> LoginAttempt:
    counted = [(scope.kind, scope.keys) for scope in scopes]
    seen = await rate_limit_store.lock(tx, counted, now)
    waits = [scope.limit.wait(moments, now) for scope, moments in zip(scopes, seen, strict=True)]
    if any(waits):
        wait = max(waits)
        longest, moments = list(zip(scopes, seen, strict=True))[waits.index(wait)]
        log.warning(
            "Login attempts are throttled.",
            action="excess_rate_limit_exceeded",
            limit=longest.kind,
            wait=wait,
        )
        of_address = longest.kind in (ADDRESS_FROM_NETWORK, ADDRESS)
        full = of_address and longest.reaches_ceiling(moments, now)
        return LoginAttempt(scopes=scopes, at=now, wait=wait, at_ceiling=full)
    await rate_limit_store.add(tx, counted, now)
    locks: list[datetime] = []
    at_ceiling = False
    for scope, moments in zip(scopes, seen, strict=True):
        if scope.kind == NETWORK:  # A locked network concerns no single account.
            continue
        until = scope.locks_until([*moments, now], now)
        locks += [until] if until is not None else []
        anonymous = scope.kind != KNOWN_BROWSER
        at_ceiling |= anonymous and scope.reaches_ceiling([*moments, now], now)
    until = max(locks, default=None)
    return LoginAttempt(scopes=scopes, at=now, locked_until=until, at_ceiling=at_ceiling)


async def uncount(tx: Connection, attempt: LoginAttempt) -> None:
    """The password was right for a request: this attempt does not count, earlier ones still do.

    Anybody can make a request for any address and knows its password: that must not clear the
    failures counted for the account.
    """
    for scope in attempt.scopes:
        await rate_limit_store.remove(tx, scope.kind, scope.keys, attempt.at)


async def clear_failures(
    tx: Connection,
    deps: Deps,
    attempt: LoginAttempt,
    address_key: str,
    network: str,
    account: Account,
) -> int:
    """The password was right for the account; returns how many were wrong since the last right one.

    Failures from other networks keep counting, also in the wider ones around this one: otherwise an
    attacker would have new attempts whenever the holder signs in (AU-02).
    """
    address = deps.rate_limit_keys(address_key)
    (wrong,) = await rate_limit_store.read(tx, [(ADDRESS, address)])
    own, *wider = (with_network(address, each) for each in networks_around(network))
    for failure in await rate_limit_store.clear(tx, ADDRESS_FROM_NETWORK, own):
        await rate_limit_store.remove(tx, ADDRESS, address, failure)
        for around in wider:
            await rate_limit_store.remove(tx, ADDRESS_FROM_NETWORK, around, failure)
    for scope in attempt.scopes:
        if scope.kind == NETWORK:
            await rate_limit_store.remove(tx, scope.kind, scope.keys, attempt.at)
    wrong += await rate_limit_store.clear(tx, KNOWN_BROWSER, (account.id,))
    since = account.credentials.right_at if account.credentials else None
    recent = within(wrong, rate_limit_store.MAX_WINDOW, attempt.at)
    # This attempt was counted too.
    return max(0, sum(since is None or moment > since for moment in recent) - 1)


async def reset(tx: Connection, deps: Deps, address_key: str, account_id: str) -> None:
    """The account has a new password: clear the failures from every network."""
    address = deps.rate_limit_keys(address_key)
    await rate_limit_store.clear_by_address(tx, ADDRESS_FROM_NETWORK, address)
    await rate_limit_store.clear(tx, ADDRESS, address)
    await rate_limit_store.clear(tx, KNOWN_BROWSER, (account_id,))


def log_failure(attempt: LoginAttempt, account: Account | None = None) -> None:
    """Log a failed attempt, and a lock that it caused.

    The password of a closed account is not compared: it may have been right.
    """
    bound = log.bind(account=None if account is None else account.id)
    if account is not None and not account.can_sign_in:
        bound.warning("A password was given for a closed account.", action="authn_login_fail")
    else:
        bound.warning("A password was wrong.", action="authn_login_fail")
    if attempt.locked_until is not None:
        LOCKOUTS.labels(OWNER, "password").inc()
        bound.warning("Further login attempts are locked for a time.", action="authn_login_lock")
