"""Changes of an account's address: requested, the code sent again, confirmed, cancelled (B-14).

The form is checked twice: with `JudgeAddressChange` before the authenticator's code is consumed,
since that code works once, then with `RequestAddressChange`. The password, available in plain text
only here, is hashed for the new address and must not contain a part of it.

A new address that has an account gets the same answers, and its holder is notified by mail (B-03).
Until the code is confirmed the account signs in with the former address, which is notified of the
request and of the change.
"""

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import timedelta

from services.registration import (
    account_request_store,
    account_store,
    address_store,
    mailed_link_store,
    rate_limit_store,
)
from services.registration.accounts import ADDRESS_CHANGE_RETENTION, Account, AddressChange
from services.registration.address_questions import ValidatedAddress
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress
from services.registration.handlers import (
    address_questions,
    login_attempts,
    mailed_codes,
    passwords,
    quotas,
)
from services.registration.handlers.account_requests import check_resend_pause, emit_expired
from services.registration.handlers.address_codes import CLOSED, lock_open_account
from services.registration.handlers.form_validation import (
    invalid_fields,
    validate_address,
)
from services.registration.handlers.mailed_links import PASSWORD, PHONE
from services.registration.handlers.passwords import CheckedPassword
from services.registration.terms import supported_language
from services.registration.views import show_address_change
from shared.contracts.base import FieldError, Refusal, Reply, Sealed
from shared.contracts.registration.events import (
    AddressChanged,
    AddressChangeRequested,
    KnownAddressRequested,
)
from shared.contracts.registration.holder import (
    AnswerAddressChange,
    CancelAddressChange,
    ConfirmAddressChange,
    DescribeAddressChange,
    JudgeAddressChange,
    RequestAddressChange,
    ResendAddressChange,
)
from shared.contracts.registration.views import AddressChangedView, AddressChangeView, Done
from shared.database import Pool, acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

NO_CHANGE = Refusal(slug="no_change")

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class AddressChangeForm:
    """A form whose address is valid and whose password was checked.

    `errors` are reported only if the password is right. Where it is, and is needed for one of the
    addresses, `typed` and `meant` have it hashed.
    """

    address: EmailAddress
    checked: CheckedPassword
    errors: list[FieldError]
    typed: ValidatedAddress | None = None
    meant: ValidatedAddress | None = None


async def validate_form(
    request: JudgeAddressChange | RequestAddressChange, deps: Deps, pool: Pool
) -> AddressChangeForm:
    """Validate the address, then check the password."""
    async with acquire(pool) as connection:
        account = await account_store.read(connection, request.account_id)
    if account is None or not account.can_sign_in:
        raise Refused(CLOSED)
    password = deps.open(request, "password")
    address, errors = validate_address(request.address, deps)
    if address is not None and address.text == account.address:
        errors = [FieldError(field="address", code="unchanged")]
    if password == "":
        errors.append(FieldError(field="password", code="missing"))
    if errors or address is None:
        raise Refused(invalid_fields(errors))
    checked = await passwords.check_account_password(request.account_id, password, deps, pool)
    given, form = password or "", AddressChangeForm(address=address, checked=checked, errors=[])
    errors = address_questions.identity_errors(given, request.address, deps)
    meant = address_questions.find_meant(address, deps) if request.point_out_slip else None
    if meant and not errors:
        errors = address_questions.identity_errors(given, meant.text, deps)
    if errors or meant is None or not checked.is_correct:
        return dataclasses.replace(form, errors=errors)
    return dataclasses.replace(
        form,
        typed=await address_questions.hash_for(address, given, deps),
        meant=await address_questions.hash_for(meant, given, deps),
    )


async def validate_and_hash(
    request: RequestAddressChange, deps: Deps, pool: Pool
) -> AddressChangeForm:
    """As `validate_form`, and hash the right password for the new address."""
    form = await validate_form(request, deps, pool)
    if form.errors or form.typed is not None or not form.checked.is_correct:
        return form
    password = deps.open(request, "password") or ""
    typed = await address_questions.hash_for(form.address, password, deps)
    return dataclasses.replace(form, typed=typed)


async def judge_address_change(request: JudgeAddressChange, context: RequestContext[Deps]) -> Reply:
    """Whether the form is valid and no limit is reached; only the question which address was meant
    is stored.
    """
    found = await _check_password(request.account_id, context)
    if isinstance(found, Reply):
        return found
    deps, kind = context.deps, quotas.ADDRESS_CHANGES
    try:
        await quotas.check_for_account(
            context.tx, deps, deps.settings.changes_quota, kind, found.id
        )
    except Refused as refused:
        return context.refuse_for_now(refused.refusal)
    return await _ask(context, found) or Done()


async def request_address_change(
    request: RequestAddressChange, context: RequestContext[Deps]
) -> Reply:
    """Send a code to the new address; a former request is void."""
    form: AddressChangeForm = context.prepared
    await account_request_store.lock_address(context.tx, form.address.key)
    account = await _check_password(request.account_id, context)
    if isinstance(account, Reply):
        return account
    if form.typed is None:
        raise Refused(CLOSED)
    return await _ask(context, account) or await request_change(
        context, account, form.typed, request
    )


async def _ask(context: RequestContext[Deps], account: Account) -> Reply | None:
    """The question which address was meant, if there is a doubt."""
    form: AddressChangeForm = context.prepared
    if form.typed is None or form.meant is None or account.credentials is None:
        return None
    return await address_questions.ask(
        context,
        form.typed,
        form.meant,
        account_id=account.id,
        password_changes=account.credentials.changes,
    )


async def request_change(
    context: RequestContext[Deps],
    account: Account,
    valid: ValidatedAddress,
    request: RequestAddressChange | AnswerAddressChange,
) -> AddressChangeView:
    """Store the change for an account, locked by the caller, and send a code to the new address."""
    if account.credentials is None:
        raise Refused(CLOSED)
    quota = context.deps.settings.changes_quota
    await quotas.count_for_account(context, quota, quotas.ADDRESS_CHANGES, account.id)
    holder = await account_store.find_by_address(context.tx, valid.email.key)
    now = context.now()
    made = AddressChange(
        account_id=account.id,
        id=str(uuid.uuid4()),
        address=valid.email.text,
        address_key=valid.email.key,
        decoy=holder is not None and holder.id != account.id,
        password_hash=valid.password.text,
        pepper_key_id=valid.password.key_id,
        password_changes=account.credentials.changes,
        requested_at=now,
        sent_at=now,
        expires_at=now,
        kept_until=now + ADDRESS_CHANGE_RETENTION,
    )
    log.info("An address change was requested.", action="address_change", account=account.id)
    return await _send(request, context, account, made, again=False)


async def _check_password(account_id: str, context: RequestContext[Deps]) -> Account | Reply:
    """The account, locked, where its password was right; else the refusal, which counts."""
    form: AddressChangeForm = context.prepared
    checked = form.checked
    account = await passwords.lock_if_unchanged(context, checked)
    if account is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(invalid_fields([FieldError(field="password", code="wrong")]))
    await rate_limit_store.clear(context.tx, login_attempts.KNOWN_BROWSER, (account_id,))
    if form.errors:
        return context.refuse(invalid_fields(form.errors))
    return account


async def _send(
    request: RequestAddressChange | AnswerAddressChange | ResendAddressChange,
    context: RequestContext[Deps],
    account: Account,
    change: AddressChange,
    *,
    again: bool,
) -> AddressChangeView:
    """Store and send a new code; a decoy's mail goes to the holder of the address instead."""
    deps, now = context.deps, context.now()
    digits, key_id, code_hash = mailed_codes.create(deps, mailed_codes.NEW_ADDRESS, change.id)
    lifetime = timedelta(minutes=deps.settings.address_change_minutes)
    expires_at = min(now + lifetime, change.kept_until)
    made = dataclasses.replace(
        change, code_key_id=key_id, code_hash=code_hash, tries=0, sent_at=now, expires_at=expires_at
    )
    await address_store.save_change(context.tx, made)
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
    quota = context.deps.settings.sends_quota
    await quotas.count_for_account(context, quota, quotas.ADDRESS_CHANGE_CODES, account.id)
    return await _send(request, context, account, found, again=True)


async def confirm_address_change(
    request: ConfirmAddressChange, context: RequestContext[Deps]
) -> Reply:
    """Give the account its new address, where the code of the latest message is right."""
    typed = mailed_codes.read_code(request, context.deps)
    seen = await address_store.read_change(context.tx, request.account_id)
    if seen is not None:
        await account_request_store.lock_address(context.tx, seen.address_key)
    account = await lock_open_account(context, request.account_id)
    found = await _pending_change(context, account)
    if seen is None or seen.id != found.id:
        raise Refused(NO_CHANGE)
    refusal = await mailed_codes.check(
        context,
        mailed_codes.NEW_ADDRESS,
        found.id,
        found,
        typed,
        decoy=found.decoy,
        account=account.id,
    )
    if refusal is not None:
        return context.refuse(refusal)
    if await _is_taken(context, account, found):
        await address_store.delete_change(context.tx, account.id)
        return context.refuse(Refusal(slug="address_taken"))
    return await _change_address(context, account, found, request.device)


async def cancel_address_change(
    request: CancelAddressChange, context: RequestContext[Deps]
) -> Done:
    """Delete the pending change; its code is void."""
    account = await lock_open_account(context, request.account_id)
    if await address_store.delete_change(context.tx, account.id):
        log.info(
            "A change of address was cancelled.",
            action="address_change_cancelled",
            account=account.id,
        )
    return Done()


async def _notify_holder(
    context: RequestContext[Deps], change: AddressChange, language: str
) -> None:
    holder = await account_store.find_by_address(context.tx, change.address_key)
    # The account may have been given another address since.
    if holder is not None:
        known = KnownAddressRequested(
            request_id=change.id,
            address=change.address,
            language=language,
            requested_at=change.sent_at,
            expires_at=change.expires_at,
        )
        await context.emit(known, subject=holder.id)


async def _is_taken(context: RequestContext[Deps], account: Account, change: AddressChange) -> bool:
    """Whether the address was verified for another account or request in the meantime."""
    holder = await account_store.find_by_address(context.tx, change.address_key)
    if holder is not None and holder.id != account.id:
        return True
    return await account_request_store.has_verified(context.tx, change.address_key)


async def _change_address(
    context: RequestContext[Deps], account: Account, change: AddressChange, device: str
) -> AddressChangedView:
    now, tx = context.now(), context.tx
    await emit_expired(context, await account_request_store.delete_pending(tx, change.address_key))
    await account_store.change_address(tx, change, now)
    await address_store.delete_change(tx, account.id)
    # Codes and links mailed to the former address are void.
    await address_store.delete_code(tx, account.id)
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
    found = None if account is None else await address_store.read_change(context.tx, account.id)
    if account is None or found is None or not found.is_pending(account, context.now()):
        raise Refused(NO_CHANGE)
    return found


async def _show(
    context: RequestContext[Deps], account_id: str, change: AddressChange
) -> AddressChangeView:
    left = await quotas.change_codes_left(context.tx, context.deps, account_id)
    return show_address_change(change, context.deps.settings, left)
