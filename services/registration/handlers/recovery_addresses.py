"""The recovery address of an account: asked for, proved by a code, removed (OT-19).

It is told of recoveries and does nothing else: whoever reads it signs in nowhere. An address that
has an account of its own may be one: nothing shows that it has.
"""

import uuid
from datetime import timedelta

from services.registration import account_store, recovery_address_store
from services.registration.accounts import Account, RecoveryAddressChange
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress
from services.registration.handlers import mailed_codes, quotas
from services.registration.handlers.address_codes import lock_open_account
from services.registration.handlers.form_validation import invalid_fields, validate_address
from services.registration.terms import supported_language
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration.recovery_address import (
    CheckRecoveryAddress,
    ConfirmRecoveryAddress,
    DescribeRecoveryAddress,
    RecoveryAddressChanged,
    RecoveryAddressRequested,
    RecoveryAddressView,
    RemoveRecoveryAddress,
    RequestRecoveryAddress,
)
from shared.contracts.registration.views import Done
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

NO_CHANGE = Refusal(slug="no_change")

log = get_logger("registration")


async def describe_recovery_address(
    request: DescribeRecoveryAddress, context: RequestContext[Deps]
) -> RecoveryAddressView:
    """The address, and the one that waits for its code."""
    return await _show(context, request.account_id)


async def check_recovery_address(
    request: CheckRecoveryAddress, context: RequestContext[Deps]
) -> Done:
    """Whether the address may be one."""
    await _check_address(request, context)
    return Done()


async def request_recovery_address(
    request: RequestRecoveryAddress, context: RequestContext[Deps]
) -> RecoveryAddressView:
    """Send a code to an address; a former wish is void."""
    account, address = await _check_address(request, context)
    deps, now = context.deps, context.now()
    quota, kind = deps.settings.changes_quota, quotas.RECOVERY_ADDRESSES
    await quotas.count_for_account(context, quota, kind, account.id)
    change_id = str(uuid.uuid4())
    code = mailed_codes.create(deps, mailed_codes.RECOVERY_ADDRESS, change_id)
    change = RecoveryAddressChange(
        account_id=account.id,
        id=change_id,
        address=address.text,
        code_hash=code.code_hash,
        code_key_id=code.key_id,
        sent_at=now,
        expires_at=now + timedelta(minutes=deps.settings.address_change_minutes),
    )
    await recovery_address_store.save_change(context.tx, change)
    sealed = deps.mailer_sealer.seal(code.digits, seal_context(RecoveryAddressRequested, "code"))
    event = RecoveryAddressRequested(
        address=change.address,
        language=supported_language(request.language),
        code=sealed,
        requested_at=now,
        expires_at=change.expires_at,
    )
    await context.emit(event, subject=account.id)
    return await _show(context, account.id)


async def confirm_recovery_address(
    request: ConfirmRecoveryAddress, context: RequestContext[Deps]
) -> Reply:
    """The code of the latest message proves the address."""
    typed = mailed_codes.read_code(request, context.deps)
    account = await lock_open_account(context, request.account_id)
    change = await recovery_address_store.read_change(context.tx, account.id)
    if change is None:
        raise Refused(NO_CHANGE)
    refusal = await mailed_codes.check(
        context, mailed_codes.RECOVERY_ADDRESS, change.id, change, typed, account=account.id
    )
    if refusal is not None:
        return context.refuse(refusal)
    await recovery_address_store.save(context.tx, account.id, change.address, context.now())
    await recovery_address_store.delete_change(context.tx, account.id)
    await _changed(context, account, change.address, request.device)
    return await _show(context, account.id)


async def remove_recovery_address(
    request: RemoveRecoveryAddress, context: RequestContext[Deps]
) -> Done:
    """Remove the address and the wish for one."""
    account = await lock_open_account(context, request.account_id)
    await recovery_address_store.delete_change(context.tx, account.id)
    if await recovery_address_store.delete(context.tx, account.id):
        await _changed(context, account, "", request.device)
    return Done()


async def _check_address(
    request: CheckRecoveryAddress | RequestRecoveryAddress, context: RequestContext[Deps]
) -> tuple[Account, EmailAddress]:
    """The account, locked, and the address; refused where it cannot be the account's."""
    account = await lock_open_account(context, request.account_id)
    address, errors = validate_address(request.address, context.deps)
    own = await recovery_address_store.read(context.tx, account.id)
    if address is not None and address.text in (account.address, own and own.address):
        errors = [FieldError(field="address", code="unchanged")]
    if errors or address is None:
        raise Refused(invalid_fields(errors))
    return account, address


async def _changed(
    context: RequestContext[Deps], account: Account, address: str, device: str
) -> None:
    event = RecoveryAddressChanged(address=address, changed_at=context.now(), device=device)
    await context.emit(event, subject=account.id)
    log.info(
        "A recovery address was changed.",
        action="recovery_address_changed",
        account=account.id,
        removed=not address,
    )


async def _show(context: RequestContext[Deps], account_id: str) -> RecoveryAddressView:
    if await account_store.read(context.tx, account_id) is None:
        return RecoveryAddressView()
    own = await recovery_address_store.read(context.tx, account_id)
    change = await recovery_address_store.read_change(context.tx, account_id)
    view = RecoveryAddressView(
        address="" if own is None else own.address,
        verified_at=None if own is None else own.verified_at,
    )
    if change is None or change.expires_at <= context.now():
        return view
    return RecoveryAddressView(
        address=view.address,
        verified_at=view.verified_at,
        pending=change.address,
        code_sent_at=change.sent_at,
        expires_at=change.expires_at,
        tries_left=max(0, context.deps.settings.verify_tries - change.tries),
    )
