"""What the desk's agents decided about an account, carried out once each (RE-10, PW-09, B-14).

Where it cannot be done, `ActNotCarriedOut` says why: `unknown_account`, `unchanged` (the account is
so already), `wrong_state`, `address_taken`, `changed_since` (the value is another one than when the
act was proposed), or `invalid` for a value that the rules refuse.
"""

from datetime import datetime

from services.registration import account_order_store, account_request_store, account_store
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.handlers import freezing
from services.registration.handlers.account_requests import emit_expired
from services.registration.handlers.form_validation import validate_address
from shared.contracts.registration.events import (
    AccountAnonymised,
    AccountDeactivated,
    AccountReactivated,
    AccountUnfreezeAllowed,
    ActNotCarriedOut,
    AddressChanged,
    AddressReleased,
    CredentialsRemoved,
    NameChanged,
    PasswordResetRequired,
)
from shared.contracts.support import acts
from shared.domain.person_names import check_name
from shared.messaging.handlers import Context
from shared.runtime.telemetry import get_logger

DESK = "desk"
CHANGED_SINCE = "changed_since"

log = get_logger("registration")


async def deactivate(order: acts.AccountDeactivationOrdered, context: Context[Deps]) -> None:
    """The account signs in no more and keeps its history (RE-10)."""
    account = await _lock(order, context)
    if account is None:
        return
    if account.state == "deactivated":
        await _refuse(order, context, "unchanged")
        return
    await account_order_store.deactivate(context.tx, account.id)
    await context.emit(AccountDeactivated(deactivated_at=context.now()), subject=account.id)
    log.warning("An account was deactivated.", action="account_deactivated", account=account.id)


async def reactivate(order: acts.AccountReactivationOrdered, context: Context[Deps]) -> None:
    """A deactivated account can sign in again, unless its address was taken from it."""
    account = await _lock(order, context)
    if account is None:
        return
    if account.state != "deactivated" or not account.address:
        why = "wrong_state" if account.state == "deactivated" else "unchanged"
        await _refuse(order, context, why)
        return
    await account_order_store.reactivate(context.tx, account.id)
    await context.emit(AccountReactivated(reactivated_at=context.now()), subject=account.id)
    log.warning("An account was reactivated.", action="account_reactivated", account=account.id)


async def freeze(order: acts.AccountFreezeOrdered, context: Context[Deps]) -> None:
    """Nobody signs in until the desk allows it."""
    account = await _lock(order, context)
    if account is None:
        return
    if account.state == "deactivated" or account.desk_only:
        await _refuse(order, context, "unchanged" if account.desk_only else "wrong_state")
        return
    await freezing.freeze(context, account, by=DESK, desk_only=True)


async def allow_unfreeze(order: acts.AccountUnfreezeOrdered, context: Context[Deps]) -> None:
    """A new password and the second factor open the frozen account again."""
    account = await _lock(order, context)
    if account is None:
        return
    if account.state != "frozen":
        await _refuse(order, context, "wrong_state")
        return
    await account_order_store.allow_unfreeze(context.tx, account.id)
    await context.emit(AccountUnfreezeAllowed(allowed_at=context.now()), subject=account.id)
    log.warning("An account may be unfrozen.", action="unfreeze_allowed", account=account.id)


async def release_address(order: acts.AddressReleaseOrdered, context: Context[Deps]) -> None:
    """The address of a deactivated account may be used for another one."""
    account = await _lock(order, context)
    if account is None:
        return
    if account.state != "deactivated" or not account.address:
        why = "wrong_state" if account.address else "unchanged"
        await _refuse(order, context, why)
        return
    await account_order_store.release_address(context.tx, account.id, context.now())
    await context.emit(AddressReleased(released_at=context.now()), subject=account.id)
    log.warning("An address was released.", action="address_released", account=account.id)


async def change_address(order: acts.AddressChangeOrdered, context: Context[Deps]) -> None:
    """Give the account another address, whose mailbox then sets a new password."""
    typed = context.deps.open(order, "new_address") or ""
    address, errors = validate_address(typed, context.deps)
    if address is None or errors:
        await _refuse(order, context, "invalid")
        return
    await account_request_store.lock_address(context.tx, address.key)
    account = await _lock(order, context)
    if account is None:
        return
    refusal = await _address_refusal(context, account, address.key)
    if refusal is None and _changed_since(order.proposed_at, account.address_changed_at):
        refusal = CHANGED_SINCE
    if refusal is not None:
        await _refuse(order, context, refusal)
        return
    now, tx = context.now(), context.tx
    await emit_expired(context, await account_request_store.delete_pending(tx, address.key))
    await account_order_store.change_address(tx, account.id, address, now)
    changed = AddressChanged(
        address=address.text, former_address=account.address, by=DESK, changed_at=now
    )
    await context.emit(changed, subject=account.id)
    log.warning("An address was changed.", action="address_changed", account=account.id, by=DESK)


async def change_name(order: acts.NameChangeOrdered, context: Context[Deps]) -> None:
    """Give the holder another name, which every service follows."""
    account = await _lock(order, context)
    if account is None:
        return
    names = {}
    for field in ("first_name", "last_name"):
        names[field], wrong = check_name(field, context.deps.open(order, field) or "")
        if wrong is not None:
            await _refuse(order, context, "invalid")
            return
    if account.is_anonymous or names == {
        "first_name": account.first_name,
        "last_name": account.last_name,
    }:
        await _refuse(order, context, "unchanged")
        return
    if _changed_since(order.proposed_at, account.named_at):
        await _refuse(order, context, CHANGED_SINCE)
        return
    now = context.now()
    await account_store.set_name(context.tx, account.id, **names, changed_at=now)
    await context.emit(NameChanged(**names, by=DESK, changed_at=now), subject=account.id)
    log.info("A name was changed.", action="name_changed", account=account.id, by=DESK)


async def require_reset(order: acts.PasswordMarkedCompromised, context: Context[Deps]) -> None:
    """The password opens nothing until it is replaced (PW-09)."""
    account = await _lock(order, context)
    if account is None:
        return
    if account.credentials is None:
        await _refuse(order, context, "wrong_state")
        return
    await account_order_store.require_reset(context.tx, account.id)
    await context.emit(PasswordResetRequired(required_at=context.now()), subject=account.id)
    log.warning("A password must be replaced.", action="password_compromised", account=account.id)


async def anonymise(order: acts.AnonymisationOrdered, context: Context[Deps]) -> None:
    """Remove name, address and credentials; only the account's id stays."""
    seen = await account_store.read(context.tx, context.require_account_id())
    if seen is not None:
        await account_request_store.lock_address(context.tx, seen.address_key)
    account = await _lock(order, context)
    if account is None:
        return
    if account.is_anonymous:
        await _refuse(order, context, "unchanged")
        return
    now = context.now()
    pending = await account_request_store.delete_pending(context.tx, account.address_key)
    await emit_expired(context, pending)
    await account_order_store.anonymise(context.tx, account.id, now)
    if account.credentials is not None:
        await context.emit(CredentialsRemoved(removed_at=now), subject=account.id)
    await context.emit(AccountAnonymised(anonymised_at=now), subject=account.id)
    log.warning("An account was anonymised.", action="account_anonymised", account=account.id)


async def _address_refusal(context: Context[Deps], account: Account, key: str) -> str | None:
    """Why an account does not get the address with this key, or None."""
    if account.credentials is None or account.state == "deactivated":
        return "wrong_state"
    holder = await account_store.find_by_address(context.tx, key)
    if holder is not None:
        return "unchanged" if holder.id == account.id else "address_taken"
    taken = await account_request_store.has_verified(context.tx, key)
    return "address_taken" if taken else None


def _changed_since(proposed_at: datetime | None, changed_at: datetime | None) -> bool:
    """Whether an act was decided on a value that is no longer the account's."""
    return proposed_at is not None and changed_at is not None and changed_at > proposed_at


async def _lock(order: acts.Order, context: Context[Deps]) -> Account | None:
    """The account of an order, locked; None where there is none, which is published."""
    account = await account_store.lock(context.tx, context.require_account_id())
    if account is None:
        await _refuse(order, context, "unknown_account")
    return account


async def _refuse(order: acts.Order, context: Context[Deps], why: str) -> None:
    log.warning(
        "An act of the desk was not carried out.",
        action="act_not_carried_out",
        type=order.TYPE,
        account=context.account_id,
        reason=why,
    )
    refused = ActNotCarriedOut(proposal_id=order.proposal_id, why=why, refused_at=context.now())
    await context.emit(refused)
