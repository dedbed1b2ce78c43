"""Passwords: checked and changed within a session (PW-08), or set with a mailed link (G-44).

Within a session a password counts like a sign-in from a known browser, before it is checked. Hashes
are computed outside the transaction; then the account is locked and must still have the password
that was checked, so of two concurrent changes one succeeds and the other is refused.

A link for a new password signs nobody in, and the second factor is still required (RE-06, OT-16).
The new password lets a frozen account sign in again, unless only support may unfreeze it.
"""

from dataclasses import dataclass, field

from services.registration import (
    account_store,
    mailed_link_store,
    password_store,
    rate_limit_store,
)
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.handlers import login_attempts, mailed_links, unlocking
from services.registration.handlers.form_validation import invalid_fields, validate_password
from services.registration.handlers.login_attempts import LoginAttempt
from services.registration.handlers.mailed_links import GONE, MALFORMED, PASSWORD
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration.events import PasswordChanged
from shared.contracts.registration.requests import (
    ChangePassword,
    CheckPassword,
    DescribeReset,
    RequestPasswordReset,
    ResetPassword,
)
from shared.contracts.registration.views import Done, MailedLinkView, PasswordChangedView
from shared.database import Pool, acquire, transaction
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.password_hashing import PasswordHash, normalize

MISSING = FieldError(field="current_password", code="missing")
WRONG = FieldError(field="current_password", code="wrong")
UNCHANGED = FieldError(field="password", code="unchanged")

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class CheckedPassword:
    """A checked password of an account, right or wrong."""

    attempt: LoginAttempt
    account: Account | None = None
    is_correct: bool = False


@dataclass(frozen=True, kw_only=True)
class ValidatedChange:
    """A change after validation: errors, or a hash of the new password."""

    checked: CheckedPassword | None = None
    errors: list[FieldError]
    hashed: PasswordHash | None = None


async def check(request: CheckPassword, deps: Deps, pool: Pool) -> CheckedPassword:
    """Count the attempt, then compare; nothing typed is no attempt."""
    typed = deps.open(request, "password")
    if typed == "":
        raise Refused(invalid_fields([FieldError(field="password", code="missing")]))
    return await check_account_password(request.account_id, typed, deps, pool)


async def check_password(request: CheckPassword, context: RequestContext[Deps]) -> Reply:
    """Whether it is the account's password."""
    checked: CheckedPassword = context.prepared
    if await lock_if_unchanged(context, checked) is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(Refusal(slug="wrong_password"))
    await rate_limit_store.clear(context.tx, login_attempts.KNOWN_BROWSER, (request.account_id,))
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
        return ValidatedChange(errors=[MISSING, *errors])
    checked = await check_account_password(request.account_id, current, deps, pool)
    if checked.account is None or current is None or new is None:
        return ValidatedChange(checked=checked, errors=errors)
    if checked.is_correct and normalize(new) == normalize(current):
        errors.append(UNCHANGED)
    if errors or not checked.is_correct:
        return ValidatedChange(checked=checked, errors=errors)
    hashed = await deps.hasher.hash(new, checked.account.address_key)
    return ValidatedChange(checked=checked, errors=errors, hashed=hashed)


async def change_password(request: ChangePassword, context: RequestContext[Deps]) -> Reply:
    """Give the account the new password; password reset links are void."""
    change: ValidatedChange = context.prepared
    checked, errors = change.checked, change.errors
    if checked is None:
        return context.refuse(invalid_fields(errors))
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
    account_id: str, password: str | None, deps: Deps, pool: Pool, *, closed: bool = False
) -> CheckedPassword:
    """Count an attempt, then compare, with `closed` for an account that cannot sign in too. Raises
    `Refused` while the scope is locked.
    """
    async with transaction(pool) as tx:
        account = await account_store.read(tx, account_id)
        scope = login_attempts.known_browser_scope(deps, account_id)
        attempt = await login_attempts.count_attempt(tx, scope, deps.clock())
        in_use = await password_store.recipes_in_use(tx)
    if attempt.wait:
        raise Refused(attempt.refusal())
    opens = account is not None and (closed or account.can_sign_in)
    own = account.credentials if account is not None and opens else None
    if password is None or account is None or own is None:
        return CheckedPassword(attempt=attempt)
    found = await deps.hasher.find(password, account.address_key, [own.password], in_use)
    return CheckedPassword(attempt=attempt, account=account, is_correct=found is not None)


async def lock_if_unchanged(
    context: RequestContext[Deps], checked: CheckedPassword
) -> Account | None:
    """The account, locked, where it still has the password that was checked."""
    if not checked.is_correct or checked.account is None:
        return None
    account = await account_store.lock(context.tx, checked.account.id)
    if account is None or not account.can_sign_in:
        return None
    return account if account.same_password(checked.account) else None


@dataclass(frozen=True, kw_only=True)
class ValidatedPassword:
    """A valid new password, hashed, and the hashes of the link that sets it."""

    hashes: list[bytes] = field(repr=False)
    hashed: PasswordHash


async def request_password_reset(
    request: RequestPasswordReset, context: RequestContext[Deps]
) -> Reply:
    """Send a link for a new password; the current one keeps working (RE-06)."""
    try:
        account_id = await mailed_links.send(request, context, PASSWORD)
    except Refused as refused:
        return await unlocking.refuse_link(context, refused, request)
    log.info(
        "A password reset was requested.", action="password_reset_requested", account=account_id
    )
    return Done()


async def describe_reset(request: DescribeReset, context: RequestContext[Deps]) -> MailedLinkView:
    """The state of a link for a new password."""
    return await mailed_links.describe(request, context, PASSWORD)


async def validate_new_password(
    request: ResetPassword, deps: Deps, pool: Pool
) -> ValidatedPassword:
    """Validate the password and hash it; the link stays valid."""
    hashes = mailed_links.token_hashes(request, deps, PASSWORD)
    if not hashes:
        raise Refused(MALFORMED)
    async with acquire(pool) as connection:
        link, account = await mailed_links.find(connection, hashes, PASSWORD)
    refusal = mailed_links.link_refusal(link, account, PASSWORD, deps.clock())
    if refusal is not None or account is None:
        raise Refused(refusal or GONE)
    password = deps.open(request, "password")
    errors = await validate_for(account, password, deps)
    if errors or password is None:
        raise Refused(invalid_fields(errors))
    return ValidatedPassword(
        hashes=hashes, hashed=await deps.hasher.hash(password, account.address_key)
    )


async def reset_password(
    request: ResetPassword, context: RequestContext[Deps]
) -> PasswordChangedView:
    """Set the new password, once per link, and clear the login throttle."""
    made: ValidatedPassword = context.prepared
    _, account = await mailed_links.use(context, made.hashes, PASSWORD)
    # The link came by mail: using it verifies the address as of now (OT-13).
    await account_store.set_verified(context.tx, account.id, context.now())
    await account_store.begin_unfreeze(context.tx, account.id)
    return await set_password(context, account, made.hashed, by="reset", device=request.device)


async def set_password(
    context: RequestContext[Deps], account: Account, hashed: PasswordHash, *, by: str, device: str
) -> PasswordChangedView:
    """Give an account, locked by the caller, another password and clear its login throttle."""
    now = context.now()
    await account_store.change_password(context.tx, account.id, hashed, now)
    await login_attempts.reset(context.tx, context.deps, account.address_key, account.id)
    changed = PasswordChanged(by=by, changed_at=now, device=device)
    await context.emit(changed, subject=account.id)
    log.info("A password was changed.", action="authn_password_change", account=account.id, by=by)
    return PasswordChangedView(account_id=account.id, changed_at=now)


async def validate_for(account: Account, password: str | None, deps: Deps) -> list[FieldError]:
    """All errors of a new password for the holder of an account."""
    return await validate_password(
        password,
        deps,
        first_name=account.first_name,
        last_name=account.last_name,
        address=account.address,
    )
