"""The password within a session: checked before a delicate act, and changed (PW-08).

Counted like a sign-in of a known browser, before it is looked at. The hashes are made outside the
transaction; the account is then locked and must still have the password that was checked, so of two
changes at once, or a change and a reset, one holds and the other is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.registration import account_store, mailed_link_store, rate_limit_store
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.handlers import login_attempts
from services.registration.handlers.account_requests import refused_fields
from services.registration.handlers.form_validation import judge_password
from services.registration.handlers.login_attempts import Attempt
from services.registration.handlers.mailed_links import PASSWORD
from services.registration.handlers.password_resets import candidate, set_password
from services.registration.passwords import Hashed, normalize
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration import ChangePassword, CheckPassword, Done
from shared.database import Pool, transaction
from shared.database.pool import acquire
from shared.messaging.handlers import Refused, RequestContext

MISSING = FieldError(field="current_password", code="missing")
WRONG = FieldError(field="current_password", code="wrong")
UNCHANGED = FieldError(field="password", code="unchanged")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A password of an account: right, wrong, or not looked at for now."""

    attempt: Attempt
    account: Account | None = None
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change that was judged: wrong in these fields, or complete with its hash."""

    checked: Checked | None = None
    errors: tuple[FieldError, ...] = ()
    hashed: Hashed | None = None


async def check(request: CheckPassword, deps: Deps, pool: Pool) -> Checked:
    """Count the try, then compare."""
    return await look_at(request.account_id, deps.open(request, "password"), deps, pool)


async def check_password(request: CheckPassword, context: RequestContext[Deps]) -> Reply:
    """Whether it is the account's password."""
    checked: Checked = context.prepared
    if checked.attempt.wait:
        raise Refused(checked.attempt.too_many())
    if await lock(context, checked) is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(Refusal(slug="wrong_password"))
    await rate_limit_store.clear(context.tx, login_attempts.KNOWN, request.account_id)
    return Done()


async def judge_change(request: ChangePassword, deps: Deps, pool: Pool) -> Change:
    """Judge the new password, check the current one, and hash the new one where all is right."""
    current, new = deps.open(request, "current_password"), deps.open(request, "password")
    async with acquire(pool) as connection:
        account = await account_store.read(connection, request.account_id)
    errors: list[FieldError] = []
    if account is not None:
        errors = await judge_password(candidate(new, account), deps)
    if current == "":
        return Change(errors=(MISSING, *errors))
    checked = await look_at(request.account_id, current, deps, pool)
    if checked.attempt.wait or checked.account is None or current is None or new is None:
        return Change(checked=checked, errors=tuple(errors))
    if checked.right and normalize(new) == normalize(current):
        errors.append(UNCHANGED)
    if errors or not checked.right:
        return Change(checked=checked, errors=tuple(errors))
    return Change(checked=checked, hashed=await deps.hasher.hash(new, checked.account.address_key))


async def change_password(request: ChangePassword, context: RequestContext[Deps]) -> Reply:
    """Give the account the new password; a link that was sent for another one is void."""
    change: Change = context.prepared
    checked, errors = change.checked, list(change.errors)
    if checked is None:
        return context.refuse(refused_fields(errors))
    if checked.attempt.wait:
        raise Refused(checked.attempt.too_many())
    account = await lock(context, checked)
    if account is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(refused_fields([WRONG, *errors]))
    if change.hashed is None:
        await login_attempts.take_back(context.tx, checked.attempt)
        return context.refuse(refused_fields(errors))
    await mailed_link_store.void(context.tx, PASSWORD.name, account.id)
    return await set_password(context, account, change.hashed, by="person", device=request.device)


async def look_at(account_id: str, password: str | None, deps: Deps, pool: Pool) -> Checked:
    """Count a try, then compare; nothing is compared while the door is shut."""
    async with transaction(pool) as tx:
        account = await account_store.read(tx, account_id)
        door = login_attempts.known_door(deps, account_id)
        attempt = await login_attempts.begin(tx, door, deps.clock())
    own = account.credentials if account is not None and account.opens else None
    if attempt.wait or password is None or account is None or own is None:
        return Checked(attempt=attempt)
    found = await deps.hasher.find(password, account.address_key, [own.password])
    return Checked(attempt=attempt, account=account, right=found is not None)


async def lock(context: RequestContext[Deps], checked: Checked) -> Account | None:
    """The account, locked, where the password that was checked is still its own."""
    if not checked.right or checked.account is None:
        return None
    account = await account_store.lock(context.tx, checked.account.id)
    return account if account is not None and account.same_password(checked.account) else None
