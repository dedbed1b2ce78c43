"""Sign-in with address and password.

An address with an account, without one, with only requests or with a closed account takes the same
steps: one count, the same queries, the same number of hashes, one event (AU-08). While the throttle
lasts, nothing is compared.
"""

import dataclasses
from dataclasses import dataclass

from services.registration import account_request_store, account_store, password_store
from services.registration.account_requests import AccountRequest
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.email_addresses import address_key
from services.registration.handlers import login_attempts, spraying_alarms, unlocking
from services.registration.handlers.login_attempts import LoginAttempt
from services.registration.terms import binds_at, supported_language
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration.events import (
    OWNER,
    PasswordAccepted,
    PasswordRefused,
    SignInLocked,
)
from shared.contracts.registration.requests import SignIn
from shared.contracts.registration.views import SignInView
from shared.database import Pool, transaction
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.sign_in_metrics import SIGN_INS
from shared.runtime.telemetry import get_logger
from shared.security.password_hashing import PasswordHash

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class CheckedSignIn:
    """A checked sign-in.

    `account` is the account of the address; `is_correct` is true where the password is its own.
    """

    attempt: LoginAttempt
    address_key: str
    account: Account | None = None
    is_correct: bool = False
    request: AccountRequest | None = None
    new_hash: PasswordHash | None = None


async def check_credentials(request: SignIn, deps: Deps, pool: Pool) -> CheckedSignIn:
    """Count the attempt, then compare the password with those of the address."""
    key, password = address_key(request.address), deps.open(request, "password")
    async with transaction(pool) as tx:
        account = await account_store.find_by_address(tx, key)
        known = account is not None and account.id in request.known_accounts
        turn = 0 if known else deps.spraying.wait(request.network, password or "", deps.clock())
        # Whoever has just chosen a password by mail waits for nobody; a guess is answered as ever.
        is_new = account is not None and account.has_new_password(deps.clock())
        if turn and (password is None or not is_new):
            raise spraying_alarms.slowed(turn)
        scopes, fallback = login_attempts.anonymous_scopes(deps, key, request.network), []
        if account is not None and known:
            fallback = login_attempts.known_browser_scope(deps, account.id)
        attempt = await login_attempts.count_attempt(tx, scopes, deps.clock(), fallback)
        pending: list[AccountRequest] = []
        in_use = await password_store.recipes_in_use(tx)
        if not attempt.wait:
            pending = await account_request_store.find_unfinished(tx, key, attempt.at)
    if attempt.wait:
        SIGN_INS.labels(OWNER, "throttled").inc()
        raise Refused(attempt.refusal())
    wrong = CheckedSignIn(attempt=attempt, address_key=key, account=account)
    if password is None:
        return wrong
    compared = account is not None and account.compares_password(attempt.at)
    own = account.credentials if account is not None and compared else None
    candidates: list[tuple[AccountRequest | None, PasswordHash]] = []
    if own is not None:
        candidates.append((None, own.password))
    candidates += [(each, each.password) for each in pending if each.password is not None]
    index = await deps.hasher.find(password, key, [hashed for _, hashed in candidates], in_use)
    if index is None:
        if not known:
            spraying_alarms.count_wrong(deps, request.network, key, password)
        if turn:
            raise spraying_alarms.slowed(turn)
        return wrong
    found, hashed = candidates[index]
    if found is not None:
        return dataclasses.replace(wrong, request=found)
    deps.spraying.record_right(request.network, key, deps.clock())
    # Hash again where cost or key changed since the stored hash was made (PW-11).
    outdated = deps.hasher.is_outdated(hashed, key)
    new_hash = await deps.hasher.hash(password, key) if outdated else None
    return dataclasses.replace(wrong, is_correct=True, new_hash=new_hash)


async def sign_in(request: SignIn, context: RequestContext[Deps]) -> Reply:
    """The step that the right password leads to, or one refusal for everything else."""
    checked: CheckedSignIn = context.prepared
    if checked.request is not None:
        await login_attempts.uncount(context.tx, checked.attempt)
        SIGN_INS.labels(OWNER, "request").inc()
        log.info("A pending request was resumed.", action="request_resumed")
        return SignInView(due="request", request_id=checked.request.id)
    if checked.is_correct and checked.account is not None:
        account = await account_store.lock(context.tx, checked.account.id)
        # The account may have been frozen, or its password changed, during the hashing.
        if account is not None and account.same_password(checked.account):
            if account.accepts_password(context.now()):
                return await _accept(request, context, checked, account)
            if account.must_reset_password:
                SIGN_INS.labels(OWNER, "to_replace").inc()
                log.warning(
                    "A password that must be replaced was given.",
                    action="authn_login_fail",
                    account=account.id,
                )
                return context.refuse(Refusal(slug="password_reset_required"))
    await _emit_refused(request, context, checked)
    return context.refuse(Refusal(slug="wrong_credentials"))


async def _accept(
    request: SignIn, context: RequestContext[Deps], checked: CheckedSignIn, account: Account
) -> SignInView:
    deps, now = context.deps, context.now()
    failures = await login_attempts.clear_failures(
        context.tx, deps, checked.attempt, checked.address_key, request.network, account
    )
    await account_store.record_correct_password(context.tx, account.id, now)
    if checked.new_hash is not None:
        await account_store.replace_hash(context.tx, account.id, checked.new_hash)
    terms = deps.terms[supported_language(account.language)]
    accepted_terms = await account_store.has_accepted(context.tx, account.id, terms.version)
    accepted = PasswordAccepted(network=request.network, accepted_at=now)
    await context.emit(accepted, subject=account.id)
    SIGN_INS.labels(OWNER, "right").inc()
    log.info("A password was right.", action="authn_login_success", account=account.id)
    return SignInView(
        due="account",
        account_id=account.id,
        address=account.address,
        first_name=account.first_name,
        last_name=account.last_name,
        language=account.language,
        enrol_before=account.verified_at + deps.settings.enrol_period,
        failures=failures,
        checked_at=now,
        terms_bind_at=None if accepted_terms else binds_at(terms),
    )


async def _emit_refused(
    request: SignIn, context: RequestContext[Deps], checked: CheckedSignIn
) -> None:
    """Emit the refusal, for an address without an account too."""
    login_attempts.log_failure(checked.attempt, checked.account)
    SIGN_INS.labels(OWNER, "wrong").inc()
    subject = None if checked.account is None else checked.account.id
    network, at = request.network, checked.attempt.at
    await context.emit(PasswordRefused(network=network, refused_at=at), subject=subject)
    until = checked.attempt.locked_until
    if until is not None:
        offered = checked.attempt.at_ceiling and await unlocking.offer(
            context, checked.address_key, "", "fr", about="sign_in"
        )
        locked = SignInLocked(
            network=network, locked_at=at, locked_until=until, unlock_offered=offered
        )
        await context.emit(locked, subject=subject)
