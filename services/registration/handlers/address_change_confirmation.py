"""A pending change of address: its code sent, sent again and confirmed, or the change cancelled.

A new address that has an account gets the same answers, and its holder is notified by mail (B-03).
Until the code is confirmed the account signs in with the former address, which is notified of the
request and of the change (B-14).
"""

import dataclasses
from functools import partial

from services.registration import (
    account_request_store,
    account_store,
    address_change_store,
    address_code_store,
    mailed_link_store,
)
from services.registration.accounts import Account, AddressChange
from services.registration.deps import Deps
from services.registration.handlers import mailed_codes, quotas
from services.registration.handlers.account_requests import (
    check_resend_pause,
    emit_expired,
    supported_language,
)
from services.registration.handlers.address_codes import lock_open_account
from services.registration.handlers.mailed_links import PASSWORD, PHONE
from services.registration.views import show_address_change
from shared.contracts.base import Refusal, Reply, Sealed
from shared.contracts.registration.events import (
    AddressChanged,
    AddressChangeRequested,
    KnownAddressRequested,
)
from shared.contracts.registration.holder import (
    CancelAddressChange,
    ConfirmAddressChange,
    DescribeAddressChange,
    RequestAddressChange,
    ResendAddressChange,
)
from shared.contracts.registration.views import AddressChangedView, AddressChangeView, Done
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

NO_CHANGE = Refusal(slug="no_change")

log = get_logger("registration")


async def send(
    request: RequestAddressChange | ResendAddressChange,
    context: RequestContext[Deps],
    account: Account,
    change: AddressChange,
    *,
    again: bool,
) -> AddressChangeView:
    """Store and send a new code; a decoy's mail goes to the holder of the address instead."""
    deps, now = context.deps, context.now()
    digits, key_id, code_hash = mailed_codes.create(deps, "address_change", change.id)
    expires_at = min(now + deps.settings.address_change_period, change.kept_until)
    made = dataclasses.replace(
        change, code_key_id=key_id, code_hash=code_hash, tries=0, sent_at=now, expires_at=expires_at
    )
    await address_change_store.upsert(context.tx, account.id, made)
    kind, language = AddressChangeRequested, supported_language(request.language)
    code: Sealed | None = deps.mailer_sealer.seal(digits, seal_context(kind, "code"))
    if made.decoy:
        code = None
        await _notify_holder(context, made, language)
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
    """The pending change of address."""
    account = await account_store.read(context.tx, request.account_id)
    found = await _pending_change(context, account)
    return await _show(context, request.account_id, found)


async def resend_address_change(
    request: ResendAddressChange, context: RequestContext[Deps]
) -> AddressChangeView:
    """Send another code; the former one is void."""
    account = await lock_open_account(context, request.account_id)
    found = await _pending_change(context, account)
    check_resend_pause(found.sent_at, context.deps.settings.resend_seconds, context.now())
    await quotas.count_change_code(context, account.id)
    return await send(request, context, account, found, again=True)


async def confirm_address_change(
    request: ConfirmAddressChange, context: RequestContext[Deps]
) -> Reply:
    """Give the account its new address, where the code of the latest message is right."""
    typed = mailed_codes.read_code(request, context.deps)
    seen = await address_change_store.read(context.tx, request.account_id)
    if seen is not None:
        await account_request_store.lock_address(context.tx, seen.address_key)
    account = await lock_open_account(context, request.account_id)
    found = await _pending_change(context, account)
    if seen is None or seen.id != found.id:
        raise Refused(NO_CHANGE)
    refusal = await mailed_codes.check(
        context,
        "address_change",
        found.id,
        found,
        typed,
        count_wrong=partial(address_change_store.count_wrong_code, context.tx, account.id),
        decoy=found.decoy,
        account=account.id,
    )
    if refusal is not None:
        return context.refuse(refusal)
    if await _is_taken(context, account, found):
        await address_change_store.delete(context.tx, account.id)
        return context.refuse(Refusal(slug="address_taken"))
    return await _change_address(context, account, found, request.device)


async def cancel_address_change(
    request: CancelAddressChange, context: RequestContext[Deps]
) -> Done:
    """Delete the pending change; its code is void."""
    account = await lock_open_account(context, request.account_id)
    if await address_change_store.delete(context.tx, account.id):
        log.info(
            "A change of address was cancelled.",
            action="address_change_cancelled",
            account=account.id,
        )
    return Done()


async def _notify_holder(
    context: RequestContext[Deps], change: AddressChange, language: str
) -> None:
    status = await account_store.address_status(context.tx, change.address_key)
    # The account may have been given another address since.
    if status.account_id is not None:
        known = KnownAddressRequested(
            request_id=change.id,
            address=change.address,
            language=language,
            requested_at=change.sent_at,
            expires_at=change.expires_at,
        )
        await context.emit(known, subject=status.account_id)


async def _is_taken(context: RequestContext[Deps], account: Account, change: AddressChange) -> bool:
    """Whether the address was verified for another account or request in the meantime."""
    status = await account_store.address_status(context.tx, change.address_key)
    if status.account_id not in (None, account.id):
        return True
    return await account_request_store.has_verified(context.tx, change.address_key)


async def _change_address(
    context: RequestContext[Deps], account: Account, change: AddressChange, device: str
) -> AddressChangedView:
    now, tx = context.now(), context.tx
    await emit_expired(context, await account_request_store.delete_pending(tx, change.address_key))
    await account_store.change_address(tx, account.id, change, now)
    await address_change_store.delete(tx, account.id)
    # Codes and links mailed to the former address are void.
    await address_code_store.delete(tx, account.id)
    for kind in (PASSWORD, PHONE):
        await mailed_link_store.delete_unused(tx, kind.name, account.id)
    changed = AddressChanged(
        address=change.address,
        former_address=account.address,
        by="holder",
        changed_at=now,
        device=device,
    )
    await context.emit(changed, subject=account.id)
    log.info("An address was changed.", action="address_changed", account=account.id, by="holder")
    return AddressChangedView(address=change.address, changed_at=now)


async def _pending_change(context: RequestContext[Deps], account: Account | None) -> AddressChange:
    """The pending change of the account; `Refused` where there is none, or no longer."""
    found = None if account is None else await address_change_store.read(context.tx, account.id)
    if account is None or found is None or not found.is_pending(account, context.now()):
        raise Refused(NO_CHANGE)
    return found


async def _show(
    context: RequestContext[Deps], account_id: str, change: AddressChange
) -> AddressChangeView:
    left = await quotas.change_codes_left(context.tx, context.deps, account_id)
    return show_address_change(change, context.deps.settings, left)
