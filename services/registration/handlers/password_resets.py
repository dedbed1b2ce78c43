"""A forgotten password: a link is asked for, looked at, and used for a new password (G-44).

The link alone opens nothing: nobody is signed in by it, and the second factor is still asked
(RE-06, OT-16). It thaws a frozen account as far as signing in, unless only the desk may.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.registration import account_store, mailed_link_store
from services.registration.accounts import Account, MailedLink
from services.registration.deps import Deps
from services.registration.handlers import login_attempts
from services.registration.handlers.account_requests import known_language, refused_fields
from services.registration.handlers.form_validation import judge_password
from services.registration.handlers.mailed_links import (
    GONE,
    MALFORMED,
    PASSWORD,
    describe,
    find,
    hashes_of,
    hold,
    refuse,
    send,
)
from services.registration.passwords import Candidate, Hashed
from shared.contracts.base import Event, Refusal, Sealed
from shared.contracts.registration import (
    DescribeReset,
    Done,
    MailedLinkView,
    PasswordChanged,
    PasswordChangedView,
    PasswordResetRequested,
    RequestPasswordReset,
    ResetPassword,
)
from shared.database import Pool
from shared.database.pool import acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class NewPassword:
    """A password for a link, judged and hashed, or why not."""

    hashes: list[bytes] = field(default_factory=list, repr=False)
    hashed: Hashed | None = None
    refusal: Refusal | None = None


async def request_password_reset(
    request: RequestPasswordReset, context: RequestContext[Deps]
) -> Done:
    """Have a link for a new password sent; sign-in goes on as before (RE-06)."""

    def say(account: Account, token: Sealed, link: MailedLink) -> Event:
        return PasswordResetRequested(
            address=account.address,
            language=known_language(request.language),
            link_token=token,
            requested_at=context.now(),
            expires_at=link.expires_at,
            thaws=account.state == "frozen",
        )

    account_id = await send(request, context, PASSWORD, say)
    log.info("A new password was asked for.", action="password_reset_requested", account=account_id)
    return Done()


async def describe_reset(request: DescribeReset, context: RequestContext[Deps]) -> MailedLinkView:
    """What a link for a new password is worth."""
    return await describe(request, context, PASSWORD)


async def judge_new_password(request: ResetPassword, deps: Deps, pool: Pool) -> NewPassword:
    """Judge the password by the account's name and address, and hash it; the link stays good."""
    hashes = hashes_of(request, deps, PASSWORD)
    if not hashes:
        return NewPassword(refusal=MALFORMED)
    async with acquire(pool) as connection:
        link, account = await find(connection, hashes, PASSWORD)
    refusal = refuse(link, account, PASSWORD, deps.clock())
    if refusal is not None or account is None:
        return NewPassword(refusal=refusal or GONE)
    password = deps.open(request, "password")
    errors = await judge_password(candidate(password, account), deps)
    if errors or password is None:
        return NewPassword(refusal=refused_fields(errors))
    return NewPassword(hashes=hashes, hashed=await deps.hasher.hash(password, account.address_key))


async def reset_password(
    request: ResetPassword, context: RequestContext[Deps]
) -> PasswordChangedView:
    """Set the new password, once per link, and lift the throttle of passwords (settled 4)."""
    made: NewPassword = context.prepared
    if made.refusal is not None or made.hashed is None:
        raise Refused(made.refusal or GONE)
    _, account = await hold(context, made.hashes, PASSWORD)
    now = context.now()
    await mailed_link_store.use(context.tx, PASSWORD.name, made.hashes, now)
    # Who followed the link has the mailbox: that proves the address, as of now (OT-13).
    await account_store.prove(context.tx, account.id, now)
    await account_store.begin_thaw(context.tx, account.id)
    return await set_password(context, account, made.hashed, by="reset", device=request.device)


async def set_password(
    context: RequestContext[Deps], account: Account, hashed: Hashed, *, by: str, device: str
) -> PasswordChangedView:
    """Give a locked account another password; its throttle starts afresh."""
    now = context.now()
    await account_store.change_password(context.tx, account.id, hashed, now)
    await login_attempts.lift(context.tx, context.deps, account.address_key, account.id)
    changed = PasswordChanged(by=by, changed_at=now, device=device)
    await context.emit(changed, subject=account.id)
    log.info("A password was changed.", action="authn_password_change", account=account.id, by=by)
    return PasswordChangedView(account_id=account.id, changed_at=now)


def candidate(password: str | None, account: Account) -> Candidate | None:
    """A new password with what it must not hold; None where it could not be read."""
    if password is None:
        return None
    return Candidate(
        password=password,
        first_name=account.first_name,
        last_name=account.last_name,
        address=account.address,
    )
