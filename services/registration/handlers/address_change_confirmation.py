"""A wish for another address: its code sent, described, sent again, proved, given up (B-14).

An address that has an account is answered alike, and its holder is told by mail (B-03). Until the
code is given the former address signs in, and it is told at the wish and at the change.
"""

from __future__ import annotations

import dataclasses

from services.registration import (
    account_request_store,
    account_store,
    address_change_store,
    address_code_store,
    mailed_link_store,
)
from services.registration.account_requests import CODE_DIGITS, judge_tries
from services.registration.accounts import Account, AddressChange
from services.registration.deps import Deps
from services.registration.handlers import quotas
from services.registration.handlers.account_requests import known_language, too_soon
from services.registration.handlers.address_codes import CLOSED
from services.registration.handlers.email_verification import read_code
from services.registration.handlers.mailed_links import PASSWORD, PHONE
from services.registration.views import show_address_change
from shared.contracts.base import Refusal, Reply, Sealed
from shared.contracts.registration import (
    AddressChanged,
    AddressChangedView,
    AddressChangeRequested,
    AddressChangeView,
    CancelAddressChange,
    ConfirmAddressChange,
    DescribeAddressChange,
    Done,
    KnownAddressRequested,
    RequestAddressChange,
    RequestExpired,
    ResendAddressChange,
)
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, matches, new_code, seal_context

NO_CHANGE = Refusal(slug="no_change")

log = get_logger("registration")


async def send(
    request: RequestAddressChange | ResendAddressChange,
    context: RequestContext[Deps],
    account: Account,
    wish: AddressChange,
    *,
    again: bool,
) -> AddressChangeView:
    """A new code for a wish, stored and sent; whoever has the address already is told instead."""
    deps, now, digits = context.deps, context.now(), new_code(CODE_DIGITS)
    key_id, code_hash = keyed_hash(deps.tokens, _purpose(wish.id), digits)
    expires_at = min(now + deps.settings.address_change_life, wish.kept_until)
    made = dataclasses.replace(
        wish, code_key_id=key_id, code_hash=code_hash, tries=0, sent_at=now, expires_at=expires_at
    )
    await address_change_store.store(context.tx, account.id, made)
    kind, language = AddressChangeRequested, known_language(request.language)
    code: Sealed | None = deps.sealer.seal(digits, seal_context(kind, "code"))
    if made.decoy:
        code = None
        await _tell_holder(context, made, language)
    event = kind(
        address=account.address,
        new_address=made.address,
        language=language,
        code=code,
        requested_at=now,
        expires_at=expires_at,
        device=request.device,
        again=again,
    )
    await context.emit(event, subject=account.id)
    return await _show(context, account.id, made)


async def describe_address_change(
    request: DescribeAddressChange, context: RequestContext[Deps]
) -> AddressChangeView:
    """Where the wish stands."""
    account = await account_store.read(context.tx, request.account_id)
    found = await _standing(context, account)
    return await _show(context, request.account_id, found)


async def resend_address_change(
    request: ResendAddressChange, context: RequestContext[Deps]
) -> AddressChangeView:
    """Another code; the former one is worth nothing from now on."""
    account = await _account(context, request.account_id)
    found = await _standing(context, account)
    too_soon(found.sent_at, context.deps.settings.resend_seconds, context.now())
    await quotas.take_change_code(context, account.id)
    return await send(request, context, account, found, again=True)


async def confirm_address_change(
    request: ConfirmAddressChange, context: RequestContext[Deps]
) -> Reply:
    """Give the account its new address, once the code of the latest message is right."""
    typed = read_code(request, context.deps)
    seen = await address_change_store.read(context.tx, request.account_id)
    if seen is not None:
        await account_request_store.lock_address(context.tx, seen.address_key)
    account = await _account(context, request.account_id)
    found = await _standing(context, account)
    if seen is None or seen.id != found.id:
        raise Refused(NO_CHANGE)
    refusal = await _judge_code(context, account, found, typed)
    if refusal is not None:
        return context.refuse(refusal)
    if await _taken(context, account, found):
        await address_change_store.delete(context.tx, account.id)
        return context.refuse(Refusal(slug="address_taken"))
    return await _move(context, account, found, request.device)


async def cancel_address_change(
    request: CancelAddressChange, context: RequestContext[Deps]
) -> Done:
    """Forget the wish; the code that was sent is worth nothing."""
    account = await _account(context, request.account_id)
    if await address_change_store.delete(context.tx, account.id):
        log.info(
            "Another address was given up.", action="address_change_cancelled", account=account.id
        )
    return Done()


async def _tell_holder(context: RequestContext[Deps], wish: AddressChange, language: str) -> None:
    standing = await account_store.standing(context.tx, wish.address_key)
    known = KnownAddressRequested(
        request_id=wish.id,
        address=wish.address,
        language=language,
        requested_at=context.now(),
        expires_at=min(context.now() + context.deps.settings.address_change_life, wish.kept_until),
    )
    # Nobody may have it any more: then there is nobody to tell.
    if standing.account_id is not None:
        await context.emit(known, subject=standing.account_id)


async def _judge_code(
    context: RequestContext[Deps], account: Account, wish: AddressChange, typed: str
) -> Refusal | None:
    deps = context.deps
    most = deps.settings.verify_tries
    same = matches(deps.tokens, _purpose(wish.id), typed, wish.code_key_id, wish.code_hash)
    outcome = judge_tries(
        wish.expires_at,
        wish.tries,
        right=same and not wish.decoy,
        now=context.now(),
        most_tries=most,
    )
    if outcome == "right":
        return None
    if outcome == "expired":
        return Refusal(slug="code_expired", params={"at": wish.expires_at.isoformat()})
    if wish.tries < most:
        await address_change_store.count_try(context.tx, account.id)
    log.warning("A new address's code was wrong.", action="authn_code_fail", account=account.id)
    if outcome == "void":
        return Refusal(slug="code_void", params={"tries": most})
    return Refusal(slug="wrong_code", params={"tries_left": most - wish.tries - 1})


async def _taken(context: RequestContext[Deps], account: Account, wish: AddressChange) -> bool:
    """Whether somebody proved that address first, for an account or for one to come."""
    standing = await account_store.standing(context.tx, wish.address_key)
    if standing.account_id not in (None, account.id):
        return True
    return await account_request_store.is_proved(context.tx, wish.address_key)


async def _move(
    context: RequestContext[Deps], account: Account, wish: AddressChange, device: str
) -> AddressChangedView:
    now, tx = context.now(), context.tx
    for other in await account_request_store.delete_of_address(tx, wish.address_key):
        await context.emit(RequestExpired(request_id=other.id), subject=other.account_id)
    await account_store.move(tx, account.id, wish, now)
    await address_change_store.delete(tx, account.id)
    # What was sent to the former address opens nothing any more.
    await address_code_store.delete(tx, account.id)
    for kind in (PASSWORD, PHONE):
        await mailed_link_store.void(tx, kind.name, account.id)
    changed = AddressChanged(
        address=wish.address,
        former_address=account.address,
        by="holder",
        changed_at=now,
        device=device,
    )
    await context.emit(changed, subject=account.id)
    log.info("An address was changed.", action="address_changed", account=account.id, by="holder")
    return AddressChangedView(address=wish.address, changed_at=now)


async def _account(context: RequestContext[Deps], account_id: str) -> Account:
    account = await account_store.lock(context.tx, account_id)
    if account is None or not account.opens:
        raise Refused(CLOSED)
    return account


async def _standing(context: RequestContext[Deps], account: Account | None) -> AddressChange:
    """The account's wish, if it is still worth something."""
    found = None if account is None else await address_change_store.read(context.tx, account.id)
    if account is None or found is None or not found.stands(account, context.now()):
        raise Refused(NO_CHANGE)
    return found


async def _show(
    context: RequestContext[Deps], account_id: str, wish: AddressChange
) -> AddressChangeView:
    left = await quotas.change_codes_left(context.tx, context.deps, account_id)
    return show_address_change(wish, context.deps.settings, left)


def _purpose(wish_id: str) -> str:
    """What a code's hash is bound to: the code of one wish is none of another's (RE-03)."""
    return f"registration/address_change/{wish_id}"
