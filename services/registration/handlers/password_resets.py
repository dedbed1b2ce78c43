"""Forgotten passwords: a link is requested, opened and used to set a new password (G-44).

The link signs nobody in, and the second factor is still required (RE-06, OT-16). The new password
lets a frozen account sign in again, unless only support may unfreeze it.
"""

from dataclasses import dataclass, field

from services.registration import account_store, mailed_link_store
from services.registration.accounts import Account, MailedLink
from services.registration.deps import Deps
from services.registration.handlers import login_attempts
from services.registration.handlers.form_validation import invalid_fields, validate_password
from services.registration.handlers.mailed_links import (
    GONE,
    MALFORMED,
    PASSWORD,
    describe,
    find,
    link_refusal,
    lock_valid,
    send,
    token_hashes,
)
from services.registration.passwords import PasswordHash
from services.registration.terms import supported_language
from shared.contracts.base import Event, FieldError, Sealed
from shared.contracts.registration.events import PasswordChanged, PasswordResetRequested
from shared.contracts.registration.requests import (
    DescribeReset,
    RequestPasswordReset,
    ResetPassword,
)
from shared.contracts.registration.views import Done, MailedLinkView, PasswordChangedView
from shared.database import Pool, acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class ValidatedPassword:
    """A valid new password, hashed, and the hashes of the link that sets it."""

    hashes: list[bytes] = field(repr=False)
    hashed: PasswordHash


async def request_password_reset(
    request: RequestPasswordReset, context: RequestContext[Deps]
) -> Done:
    """Send a link for a new password; the current one keeps working (RE-06)."""

    def make_event(account: Account, token: Sealed, link: MailedLink) -> Event:
        return PasswordResetRequested(
            address=account.address,
            language=supported_language(request.language),
            link_token=token,
            requested_at=context.now(),
            expires_at=link.expires_at,
            thaws=account.state == "frozen",
        )

    account_id = await send(request, context, PASSWORD, make_event)
    log.info(
        "A password reset was requested.", action="password_reset_requested", account=account_id
    )
    return Done()


async def describe_reset(request: DescribeReset, context: RequestContext[Deps]) -> MailedLinkView:
    """The state of a link for a new password."""
    return await describe(request, context, PASSWORD)


async def validate_new_password(
    request: ResetPassword, deps: Deps, pool: Pool
) -> ValidatedPassword:
    """Validate the password and hash it; the link stays valid."""
    hashes = token_hashes(request, deps, PASSWORD)
    if not hashes:
        raise Refused(MALFORMED)
    async with acquire(pool) as connection:
        link, account = await find(connection, hashes, PASSWORD)
    refusal = link_refusal(link, account, PASSWORD, deps.clock())
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
    _, account = await lock_valid(context, made.hashes, PASSWORD)
    now = context.now()
    await mailed_link_store.set_used(context.tx, PASSWORD.name, made.hashes, now)
    # The link came by mail: using it verifies the address as of now (OT-13).
    await account_store.set_verified(context.tx, account.id, now)
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
