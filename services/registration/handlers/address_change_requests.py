"""Requesting another address: the form and its password are checked, a code is sent (B-14).

The form is checked twice: with `JudgeAddressChange` before the authenticator's code is consumed,
since that code works once, then with `RequestAddressChange`. The password, available in plain text
only here, is hashed for the new address and must not contain a part of it.
"""

import dataclasses
import uuid
from dataclasses import dataclass

from services.registration import account_request_store, account_store, rate_limit_store
from services.registration.accounts import ADDRESS_CHANGE_RETENTION, Account, AddressChange
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress
from services.registration.handlers import login_attempts, passwords, quotas
from services.registration.handlers.account_requests import invalid_fields
from services.registration.handlers.address_change_confirmation import send
from services.registration.handlers.address_codes import CLOSED
from services.registration.handlers.form_validation import typo_refusal, validate_address
from services.registration.handlers.passwords import CheckedPassword
from services.registration.passwords import Candidate, PasswordHash
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration.holder import JudgeAddressChange, RequestAddressChange
from shared.contracts.registration.views import Done
from shared.database import Pool, acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

MISSING = FieldError(field="password", code="missing")
WRONG = FieldError(field="password", code="wrong")

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class AddressChangeForm:
    """A form after validation: refused, or with its password checked.

    `errors` are reported only if the password is right. `hashed` is the right password, hashed for
    the new address, for `RequestAddressChange`.
    """

    refusal: Refusal | None = None
    address: EmailAddress | None = None
    checked: CheckedPassword | None = None
    errors: tuple[FieldError, ...] = ()
    hashed: PasswordHash | None = None


async def validate_form(
    request: JudgeAddressChange | RequestAddressChange, deps: Deps, pool: Pool
) -> AddressChangeForm:
    """Validate the address, then check the password."""
    async with acquire(pool) as connection:
        account = await account_store.read(connection, request.account_id)
    if account is None or not account.can_sign_in:
        return AddressChangeForm(refusal=CLOSED)
    password = deps.open(request, "password")
    address, errors = validate_address(request.address, deps)
    if address is not None and address.text == account.address:
        errors = [FieldError(field="address", code="unchanged")]
    if password == "":
        errors.append(MISSING)
    if errors or address is None:
        return AddressChangeForm(refusal=invalid_fields(errors))
    if request.point_out_slip and (typo := typo_refusal(address)) is not None:
        return AddressChangeForm(refusal=typo)
    checked = await passwords.check_account_password(request.account_id, password, deps, pool)
    errors = _identity_errors(password or "", request.address, deps)
    return AddressChangeForm(address=address, checked=checked, errors=tuple(errors))


async def validate_and_hash(
    request: RequestAddressChange, deps: Deps, pool: Pool
) -> AddressChangeForm:
    """As `validate_form`, and hash the right password for the new address."""
    form = await validate_form(request, deps, pool)
    if form.address is None or form.errors or form.checked is None or not form.checked.is_correct:
        return form
    password = deps.open(request, "password") or ""
    return dataclasses.replace(form, hashed=await deps.hasher.hash(password, form.address.key))


async def judge_address_change(request: JudgeAddressChange, context: RequestContext[Deps]) -> Reply:
    """Whether the form is valid; nothing is stored."""
    found = await _check_password(request.account_id, context)
    return found if isinstance(found, Reply) else Done()


async def request_address_change(
    request: RequestAddressChange, context: RequestContext[Deps]
) -> Reply:
    """Send a code to the new address; a former request is void."""
    form: AddressChangeForm = context.prepared
    if form.address is not None:
        await account_request_store.lock_address(context.tx, form.address.key)
    account = await _check_password(request.account_id, context)
    if isinstance(account, Reply):
        return account
    if form.address is None or form.hashed is None or account.credentials is None:
        raise Refused(CLOSED)
    await quotas.count_address_change(context, account.id)
    status = await account_store.address_status(context.tx, form.address.key)
    now = context.now()
    made = AddressChange(
        id=str(uuid.uuid4()),
        address=form.address.text,
        address_key=form.address.key,
        decoy=status.account_id not in (None, account.id),
        password=form.hashed,
        password_changes=account.credentials.changes,
        code_key_id="",
        code_hash=b"",
        tries=0,
        requested_at=now,
        sent_at=now,
        expires_at=now,
        kept_until=now + ADDRESS_CHANGE_RETENTION,
    )
    log.info("An address change was requested.", action="address_change", account=account.id)
    return await send(request, context, account, made, again=False)


async def _check_password(account_id: str, context: RequestContext[Deps]) -> Account | Reply:
    """The account, locked, where its password was right; else the refusal, which counts."""
    form: AddressChangeForm = context.prepared
    checked = form.checked
    if form.refusal is not None or checked is None:
        raise Refused(form.refusal or CLOSED)
    if checked.attempt.wait:
        raise Refused(checked.attempt.refusal())
    account = await passwords.lock_if_unchanged(context, checked)
    if account is None:
        login_attempts.log_failure(checked.attempt, checked.account)
        return context.refuse(invalid_fields([WRONG]))
    await rate_limit_store.clear(context.tx, login_attempts.KNOWN_BROWSER, account_id)
    if form.errors:
        return context.refuse(invalid_fields(list(form.errors)))
    return account


def _identity_errors(password: str, address: str, deps: Deps) -> list[FieldError]:
    """Parts of the new address in the password: the other rules held when it was chosen."""
    return [
        FieldError(field="password", code=result.code, params=dict(result.params))
        for result in deps.rules.check(Candidate(password=password, address=address))
        if result.code == "identity"
    ]
