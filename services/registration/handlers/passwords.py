"""The password within a session: checked before sensitive actions, and changed (PW-08).

It counts like a sign-in from a known browser, before it is checked. Hashes are computed outside the
transaction; then the account is locked and must still have the password that was checked, so of two
concurrent changes one succeeds and the other is refused.
"""

from dataclasses import dataclass

from services.registration import account_store, mailed_link_store, rate_limit_store
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.handlers import login_attempts
from services.registration.handlers.form_validation import invalid_fields
from services.registration.handlers.login_attempts import LoginAttempt
from services.registration.handlers.mailed_links import PASSWORD
from services.registration.handlers.password_resets import set_password, validate_for
from services.registration.passwords import PasswordHash, normalize
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration.requests import ChangePassword, CheckPassword
from shared.contracts.registration.views import Done
from shared.database import Pool, acquire, transaction
from shared.messaging.handlers import Refused, RequestContext

MISSING = FieldError(field="current_password", code="missing")
WRONG = FieldError(field="current_password", code="wrong")
UNCHANGED = FieldError(field="password", code="unchanged")


@dataclass(frozen=True, kw_only=True)
class CheckedPassword:
    """A checked password of an account: right, wrong, or not compared because of the throttle."""

    attempt: LoginAttempt
    account: Account | None = None
    is_correct: bool = False


@dataclass(frozen=True, kw_only=True)
class ValidatedChange:
    """A change after validation: errors, or a hash of the new password."""

    checked: CheckedPassword | None = None
    errors: tuple[FieldError, ...] = ()
    hashed: PasswordHash | None = None


async def check(request: CheckPassword, deps: Deps, pool: Pool) -> CheckedPassword:
    """Count the attempt, then compare."""
    return await check_account_password(
        request.account_id, deps.open(request, "password"), deps, pool
    )


async def check_password(request: CheckPassword, context: RequestContext[Deps]) -> Reply:
    """Whether it is the account's password."""
    checked: CheckedPassword = context.prepared
    if checked.attempt.wait:
        raise Refused(checked.attempt.refusal())
    if await lock_if_unchanged(context, checked) is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(Refusal(slug="wrong_password"))
    await rate_limit_store.clear(context.tx, login_attempts.KNOWN_BROWSER, request.account_id)
    return Done()


async def validate_change(request: ChangePassword, deps: Deps, pool: Pool) -> ValidatedChange:
    """Validate the new password, check the current one, and hash the new one."""
    current, new = deps.open(request, "current_password"), deps.open(request, "password")
    async with acquire(pool) as connection:
        account = await account_store.read(connection, request.account_id)
    errors: list[FieldError] = []
    if account is not None:
        errors = await validate_for(account, new, deps)
    if current == "":
        return ValidatedChange(errors=(MISSING, *errors))
    checked = await check_account_password(request.account_id, current, deps, pool)
    if checked.attempt.wait or checked.account is None or current is None or new is None:
        return ValidatedChange(checked=checked, errors=tuple(errors))
    if checked.is_correct and normalize(new) == normalize(current):
        errors.append(UNCHANGED)
    if errors or not checked.is_correct:
        return ValidatedChange(checked=checked, errors=tuple(errors))
    return ValidatedChange(
        checked=checked, hashed=await deps.hasher.hash(new, checked.account.address_key)
    )


async def change_password(request: ChangePassword, context: RequestContext[Deps]) -> Reply:
    """Give the account the new password; password reset links are void."""
    change: ValidatedChange = context.prepared
    checked, errors = change.checked, list(change.errors)
    if checked is None:
        return context.refuse(invalid_fields(errors))
    if checked.attempt.wait:
        raise Refused(checked.attempt.refusal())
    account = await lock_if_unchanged(context, checked)
    if account is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(invalid_fields([WRONG, *errors]))
    if change.hashed is None:
        await login_attempts.uncount(context.tx, checked.attempt)
        return context.refuse(invalid_fields(errors))
    await mailed_link_store.delete_unused(context.tx, PASSWORD.name, account.id)
    return await set_password(context, account, change.hashed, by="person", device=request.device)


async def check_account_password(
    account_id: str, password: str | None, deps: Deps, pool: Pool
) -> CheckedPassword:
    """Count an attempt, then compare; nothing is compared while the scope is locked."""
    async with transaction(pool) as tx:
        account = await account_store.read(tx, account_id)
        scope = login_attempts.known_browser_scope(deps, account_id)
        attempt = await login_attempts.count_attempt(tx, scope, deps.clock())
    own = account.credentials if account is not None and account.can_sign_in else None
    if attempt.wait or password is None or account is None or own is None:
        return CheckedPassword(attempt=attempt)
    found = await deps.hasher.find(password, account.address_key, [own.password])
    return CheckedPassword(attempt=attempt, account=account, is_correct=found is not None)


async def lock_if_unchanged(
    context: RequestContext[Deps], checked: CheckedPassword
) -> Account | None:
    """The account, locked, where it still has the password that was checked."""
    if not checked.is_correct or checked.account is None:
        return None
    account = await account_store.lock(context.tx, checked.account.id)
    return account if account is not None and account.same_password(checked.account) else None
