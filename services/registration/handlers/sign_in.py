"""Checking an address and a password: where the right one leads, and nothing about the wrong one.

A known address, an unknown one and one with only requests take the same steps: one count, the same
look-ups, the same number of hashes (AU-08). Nothing is looked at while the throttle lasts.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.registration import ledger, store
from services.registration.accounts import AccountRequest
from services.registration.addresses import address_key
from services.registration.deps import Deps
from services.registration.handlers import attempts
from services.registration.handlers.attempts import Attempt
from services.registration.ledger import Credentials
from services.registration.passwords import Hashed
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration import SignIn, SignInView
from shared.database import Pool, transaction
from shared.messaging.handlers import RequestContext
from shared.telemetry import get_logger

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A password that was looked at, or one that has to wait."""

    attempt: Attempt
    account: Credentials | None = None
    request: AccountRequest | None = None
    new_hash: Hashed | None = None


async def check(request: SignIn, deps: Deps, pool: Pool) -> Checked:
    """Count the try, then compare the password with what the address has."""
    key = address_key(request.address)
    async with transaction(pool) as tx:
        attempt = await attempts.begin(tx, deps, key)
        if attempt.wait:
            return Checked(attempt=attempt)
        account = await ledger.credentials(tx, key)
        pending = await store.of_address(tx, key, attempt.at)
    password = deps.open(request, "password")
    if password is None:
        return Checked(attempt=attempt)
    owners: list[Credentials | AccountRequest] = [*([account] if account else []), *pending]
    hashes = [owner.password for owner in owners if owner.password is not None]
    place = await deps.hasher.find(password, key, hashes)
    if place is None:
        return Checked(attempt=attempt)
    owner = owners[place]
    if isinstance(owner, AccountRequest):
        return Checked(attempt=attempt, request=owner)
    return Checked(
        attempt=attempt, account=owner, new_hash=await _renewed(deps, owner, password, key)
    )


async def sign_in(request: SignIn, context: RequestContext[Deps]) -> Reply:
    """Where the password leads, or one refusal for everything else."""
    checked: Checked = context.prepared
    attempt = checked.attempt
    if attempt.wait:
        return context.refuse(Refusal(slug="too_many_tries", retry_after=attempt.wait))
    if checked.account is not None:
        return await _to_account(context, checked, checked.account)
    if checked.request is not None:
        await attempts.take_back(context.tx, attempt)
        log.info("A pending request was found again.", action="request_resumed")
        return SignInView(due="request", request_id=checked.request.id)
    attempts.log_failure(attempt)
    return context.refuse(Refusal(slug="wrong_credentials"))


async def _renewed(deps: Deps, account: Credentials, password: str, key: str) -> Hashed | None:
    """The hash by today's cost and key, where the stored one is of yesterday's (PW-11)."""
    if not deps.hasher.is_outdated(account.password, key):
        return None
    return await deps.hasher.hash(password, key)


async def _to_account(
    context: RequestContext[Deps], checked: Checked, account: Credentials
) -> SignInView:
    await attempts.forgive(context.tx, checked.attempt)
    if checked.new_hash is not None:
        await ledger.rehash(context.tx, account.account_id, checked.new_hash)
    log.info("A password was right.", action="authn_login_success")
    return SignInView(due="account", account_id=account.account_id)
