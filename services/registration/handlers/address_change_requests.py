"""Wishing for another address: the form is judged, its password looked at, a code sent (B-14).

Judged twice: once before the code of the authenticator, which is good once, is spent, and once for
good. The password, at hand here only, is hashed for the new address and must hold no part of it.
"""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass

from services.registration import account_request_store, account_store, rate_limit_store
from services.registration.accounts import CHANGE_KEPT, Account, AddressChange
from services.registration.deps import Deps
from services.registration.email_addresses import Address
from services.registration.handlers import login_attempts, passwords, quotas
from services.registration.handlers.account_requests import refused_fields
from services.registration.handlers.address_change_confirmation import send
from services.registration.handlers.address_codes import CLOSED
from services.registration.handlers.form_validation import judge_address, likely_slip
from services.registration.handlers.passwords import Checked
from services.registration.passwords import Candidate, Hashed
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration import Done, JudgeAddressChange, RequestAddressChange
from shared.database import Pool
from shared.database.pool import acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

MISSING = FieldError(field="password", code="missing")
WRONG = FieldError(field="password", code="wrong")

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A form that was judged: wrong in itself (`refusal`), or with its password looked at.

    `errors` stand against the password, were it the right one. `hashed` is the right password,
    hashed for the new address, where that was asked for.
    """

    refusal: Refusal | None = None
    address: Address | None = None
    checked: Checked | None = None
    errors: tuple[FieldError, ...] = ()
    hashed: Hashed | None = None


async def judge_wish(
    request: JudgeAddressChange | RequestAddressChange, deps: Deps, pool: Pool
) -> Wish:
    """Judge the address, then look at the password."""
    async with acquire(pool) as connection:
        account = await account_store.read(connection, request.account_id)
    if account is None or not account.opens:
        return Wish(refusal=CLOSED)
    password = deps.open(request, "password")
    address, errors = judge_address(request.address, deps)
    if address is not None and address.text == account.address:
        errors = [FieldError(field="address", code="unchanged")]
    if password == "":
        errors.append(MISSING)
    if errors or address is None:
        return Wish(refusal=refused_fields(errors))
    if request.point_out_slip and (slip := likely_slip(address)) is not None:
        return Wish(refusal=slip)
    checked = await passwords.look_at(request.account_id, password, deps, pool)
    errors = _against(password or "", request.address, deps)
    return Wish(address=address, checked=checked, errors=tuple(errors))


async def judge_and_hash(request: RequestAddressChange, deps: Deps, pool: Pool) -> Wish:
    """As `judge_wish`, and hash the right password for the new address."""
    wish = await judge_wish(request, deps, pool)
    if wish.address is None or wish.errors or wish.checked is None or not wish.checked.right:
        return wish
    password = deps.open(request, "password") or ""
    return dataclasses.replace(wish, hashed=await deps.hasher.hash(password, wish.address.key))


async def judge_address_change(request: JudgeAddressChange, context: RequestContext[Deps]) -> Reply:
    """Whether the form would do."""
    found = await _right(request.account_id, context)
    return found if isinstance(found, Reply) else Done()


async def request_address_change(
    request: RequestAddressChange, context: RequestContext[Deps]
) -> Reply:
    """Have a code sent to the new address; a former wish is void."""
    wish: Wish = context.prepared
    if wish.address is not None:
        await account_request_store.lock_address(context.tx, wish.address.key)
    account = await _right(request.account_id, context)
    if isinstance(account, Reply):
        return account
    if wish.address is None or wish.hashed is None or account.credentials is None:
        raise Refused(CLOSED)
    await quotas.take_change(context, account.id)
    standing = await account_store.standing(context.tx, wish.address.key)
    now = context.now()
    made = AddressChange(
        id=str(uuid.uuid4()),
        address=wish.address.text,
        address_key=wish.address.key,
        decoy=standing.account_id not in (None, account.id),
        password=wish.hashed,
        password_changes=account.credentials.changes,
        code_key_id="",
        code_hash=b"",
        tries=0,
        requested_at=now,
        sent_at=now,
        expires_at=now,
        kept_until=now + CHANGE_KEPT,
    )
    log.info("Another address was asked for.", action="address_change", account=account.id)
    return await send(request, context, account, made, again=False)


async def _right(account_id: str, context: RequestContext[Deps]) -> Account | Reply:
    """The account, locked, where its password was given; the refusal, which counts, where not."""
    wish: Wish = context.prepared
    checked = wish.checked
    if wish.refusal is not None or checked is None:
        raise Refused(wish.refusal or CLOSED)
    if checked.attempt.wait:
        raise Refused(checked.attempt.too_many())
    account = await passwords.lock(context, checked)
    if account is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(refused_fields([WRONG]))
    await rate_limit_store.clear(context.tx, login_attempts.KNOWN, account_id)
    if wish.errors:
        return context.refuse(refused_fields(list(wish.errors)))
    return account


def _against(password: str, address: str, deps: Deps) -> list[FieldError]:
    """A part of the new address in the password: other rules were judged when it was chosen."""
    verdicts = deps.rules.judge(Candidate(password=password, address=address))
    return [
        FieldError(field="password", code=verdict.code, params=dict(verdict.params))
        for verdict in verdicts
        if not verdict.ok and verdict.code == "identity"
    ]
