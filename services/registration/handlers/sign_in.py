"""Checking an address and a password: where the right one leads, and nothing about the wrong one.

A known address, an unknown one, one with only requests and one whose account is closed take the
same steps: one count, the same look-ups, the same number of hashes, one fact said (AU-08). Nothing
is looked at while the throttle lasts.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.registration import account_request_store, account_store
from services.registration.account_requests import AccountRequest
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.email_addresses import address_key
from services.registration.handlers import login_attempts
from services.registration.handlers.login_attempts import Attempt
from services.registration.passwords import Hashed
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration import (
    PasswordAccepted,
    PasswordRefused,
    SignIn,
    SignInLocked,
    SignInView,
)
from shared.database import Pool, transaction
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A password that was looked at, or one that has to wait.

    `account` is what the address has, `opens` says that the password is its own.
    """

    attempt: Attempt
    address_key: str
    account: Account | None = None
    opens: bool = False
    request: AccountRequest | None = None
    new_hash: Hashed | None = None


async def check(request: SignIn, deps: Deps, pool: Pool) -> Checked:
    """Count the try, then compare the password with what the address has."""
    key = address_key(request.address)
    async with transaction(pool) as tx:
        account = await account_store.of_address(tx, key)
        doors, reserve = login_attempts.strangers_doors(deps, key, request.network), []
        if account is not None and account.id in request.known_accounts:
            reserve = login_attempts.known_door(deps, account.id)
        attempt = await login_attempts.begin(tx, doors, deps.clock(), reserve)
        pending = (
            [] if attempt.wait else await account_request_store.of_address(tx, key, attempt.at)
        )
    wrong = Checked(attempt=attempt, address_key=key, account=account)
    password = None if attempt.wait else deps.open(request, "password")
    if password is None:
        return wrong
    own = account.credentials if account is not None and account.opens else None
    candidates: list[tuple[AccountRequest | None, Hashed]] = [(None, own.password)] if own else []
    candidates += [(each, each.password) for each in pending if each.password is not None]
    place = await deps.hasher.find(password, key, [hashed for _, hashed in candidates])
    if place is None:
        return wrong
    found, hashed = candidates[place]
    if found is not None:
        return Checked(attempt=attempt, address_key=key, account=account, request=found)
    new_hash = None
    # The hash by today's cost and key, where the stored one is of yesterday's (PW-11).
    if deps.hasher.is_outdated(hashed, key):
        new_hash = await deps.hasher.hash(password, key)
    return Checked(attempt=attempt, address_key=key, account=account, opens=True, new_hash=new_hash)


async def sign_in(request: SignIn, context: RequestContext[Deps]) -> Reply:
    """Where the password leads, or one refusal for everything else."""
    checked: Checked = context.prepared
    attempt = checked.attempt
    if attempt.wait:
        raise Refused(attempt.too_many())
    if checked.request is not None:
        await login_attempts.take_back(context.tx, attempt)
        log.info("A pending request was found again.", action="request_resumed")
        return SignInView(due="request", request_id=checked.request.id)
    if checked.opens and checked.account is not None:
        account = await account_store.lock(context.tx, checked.account.id)
        # Frozen, or given another password, while this one was hashed: it is wrong now.
        if account is not None and account.same_password(checked.account):
            return await _to_account(request, context, checked, account)
    await _say_refused(request, context, checked)
    return context.refuse(Refusal(slug="wrong_credentials"))


async def _to_account(
    request: SignIn, context: RequestContext[Deps], checked: Checked, account: Account
) -> SignInView:
    deps, now = context.deps, context.now()
    failures = await login_attempts.forgive(
        context.tx, deps, checked.attempt, checked.address_key, request.network, account
    )
    await account_store.note_right(context.tx, account.id, now)
    if checked.new_hash is not None:
        await account_store.rehash(context.tx, account.id, checked.new_hash)
    accepted = PasswordAccepted(network=request.network, accepted_at=now)
    await context.emit(accepted, subject=account.id)
    log.info("A password was right.", action="authn_login_success", account=account.id)
    return SignInView(
        due="account",
        account_id=account.id,
        address=account.address,
        first_name=account.first_name,
        last_name=account.last_name,
        language=account.language,
        enrol_before=account.verified_at + deps.settings.enrol_life,
        failures=failures,
    )


async def _say_refused(request: SignIn, context: RequestContext[Deps], checked: Checked) -> None:
    """Say what was refused, of an address without an account too."""
    login_attempts.log_failure(checked.attempt, checked.account)
    subject = None if checked.account is None else checked.account.id
    network, at = request.network, checked.attempt.at
    await context.emit(PasswordRefused(network=network, refused_at=at), subject=subject)
    until = checked.attempt.locked_until
    if until is not None:
        locked = SignInLocked(network=network, locked_at=at, locked_until=until)
        await context.emit(locked, subject=subject)
