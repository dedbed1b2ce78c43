"""Requests for an account: made, described, their message sent again, cancelled.

An address that has an account gets the same answers after the same time: the same checks, one
hash, the same rows, one event (B-03, AU-08, EM-15).
"""

import dataclasses
import uuid
from collections.abc import Iterable
from datetime import datetime

from services.registration import account_request_store, account_store
from services.registration.account_request_store import DeletedRequest
from services.registration.account_requests import AccountRequest, resend_at
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress
from services.registration.handlers import quotas, validation_messages
from services.registration.handlers.form_validation import (
    log_refused_fields,
    typo_refusal,
    validate_address,
    validate_password,
)
from services.registration.passwords import PasswordHash
from services.registration.terms import LANGUAGES
from services.registration.views import show_request
from shared.contracts.base import FieldError, Refusal
from shared.contracts.registration.events import (
    AccountRequested,
    RequestCancelled,
    RequestExpired,
    ValidationResent,
)
from shared.contracts.registration.requests import (
    CancelRequest,
    DescribeRequest,
    RequestAccount,
    ResendValidation,
)
from shared.contracts.registration.views import Done, RequestView
from shared.database import Pool, acquire
from shared.domain.person_names import check_name
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")
GONE = Refusal(slug="request_gone")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ValidatedForm:
    """A form after validation: refused, or with a hash of its password."""

    first_name: str = ""
    last_name: str = ""
    address: EmailAddress | None = None
    password: PasswordHash | None = None
    refusal: Refusal | None = None


async def validate_form(request: RequestAccount, deps: Deps, pool: Pool) -> ValidatedForm:
    """Validate the form, and hash its password where nothing is wrong."""
    first_name, wrong_first = check_name("first_name", request.first_name)
    last_name, wrong_last = check_name("last_name", request.last_name)
    address, errors = validate_address(request.address, deps)
    errors = [wrong for wrong in (wrong_first, wrong_last) if wrong] + errors
    password = deps.open(request, "password")
    errors += await validate_password(
        password, deps, first_name=first_name, last_name=last_name, address=request.address
    )
    if errors or address is None or password is None:
        return ValidatedForm(refusal=invalid_fields(errors))
    if request.point_out_slip and (typo := typo_refusal(address)) is not None:
        return ValidatedForm(refusal=typo)
    async with acquire(pool) as connection:
        quota = deps.settings.address_quota
        too_many = await quotas.check(connection, deps, quota, address.key, request.network)
    if too_many is not None:
        return ValidatedForm(refusal=too_many)
    return ValidatedForm(
        first_name=first_name,
        last_name=last_name,
        address=address,
        password=await deps.hasher.hash(password, address.key),
    )


async def request_account(request: RequestAccount, context: RequestContext[Deps]) -> RequestView:
    """Store the request, real or decoy, and send its message."""
    form: ValidatedForm = context.prepared
    if form.refusal is not None or form.address is None:
        raise Refused(form.refusal or GONE)
    key = form.address.key
    await account_request_store.lock_address(context.tx, key)
    await quotas.count_request(context, context.deps.settings.address_quota, key, request.network)
    status = await account_store.address_status(context.tx, key)
    made = _new_request(request.language, form, form.address, status.is_taken, context.now())
    if status.account_id is not None and not status.is_taken:
        made = dataclasses.replace(made, account_id=status.account_id)
    message = await validation_messages.send(context, made, AccountRequested, status.account_id)
    await account_request_store.insert(context.tx, made, message)
    log.info("An account was requested.", action="account_requested", request_ref=made.id)
    return await show(context, made.id)


async def describe_request(request: DescribeRequest, context: RequestContext[Deps]) -> RequestView:
    """The request as it is now."""
    return await show(context, request.request_id)


async def resend_validation(
    request: ResendValidation, context: RequestContext[Deps]
) -> RequestView:
    """Send another message; the former code and link are void (RE-02)."""
    found = await require_pending(context, request.request_id)
    check_resend_pause(found.sent_at, context.deps.settings.resend_seconds, context.now())
    await quotas.count_request(
        context, context.deps.settings.sends_quota, found.address_key, request.network
    )
    status = await account_store.address_status(context.tx, found.address_key)
    language = supported_language(request.language)
    renewed = dataclasses.replace(found, language=language)
    message = await validation_messages.send(context, renewed, ValidationResent, status.account_id)
    await account_request_store.replace_message(context.tx, found.id, message, language)
    return await show(context, found.id)


async def cancel_request(request: CancelRequest, context: RequestContext[Deps]) -> Done:
    """Delete the request and everything stored about it (G-04, RE-14)."""
    found = await account_request_store.lock(context.tx, request.request_id)
    if found is None:
        return Done()
    if found.state == "created":
        raise Refused(Refusal(slug="account_exists"))
    await account_request_store.delete(context.tx, found.id)
    await context.emit(RequestCancelled(request_id=found.id), subject=found.account_id)
    log.info("A request was cancelled.", action="request_cancelled", request_ref=found.id)
    return Done()


def check_resend_pause(sent_at: datetime, pause_seconds: int, now: datetime) -> None:
    """Raise `Refused` while it is too soon after the latest message for another one."""
    wait = (resend_at(sent_at, pause_seconds) - now).total_seconds()
    if wait > 0:
        raise Refused(Refusal(slug="too_soon", retry_after=max(1, round(wait))))


async def require_pending(context: RequestContext[Deps], request_id: str) -> AccountRequest:
    """The request, locked with its address; `Refused` where it is deleted or verified already."""
    found = await account_request_store.lock_with_address(context.tx, request_id)
    if found is None:
        raise Refused(GONE)
    if found.state != "pending":
        raise Refused(Refusal(slug="already_verified"))
    return found


async def emit_expired(context: RequestContext[Deps], deleted: Iterable[DeletedRequest]) -> None:
    """Emit `RequestExpired` for requests that another verification voided."""
    for each in deleted:
        await context.emit(RequestExpired(request_id=each.id), subject=each.account_id)


async def show(context: RequestContext[Deps], request_id: str) -> RequestView:
    """The request, or `Refused` with `request_gone`."""
    found = await account_request_store.read(context.tx, request_id)
    if found is None or found.kept_until <= context.now():
        raise Refused(GONE)
    left = await quotas.sends_left(context.tx, context.deps, found.address_key)
    return show_request(found, context.deps.settings, left)


def invalid_fields(errors: list[FieldError]) -> Refusal:
    """The refusal for wrong fields, which are logged too."""
    log_refused_fields(errors)
    return Refusal(slug="invalid_fields", errors=tuple(errors))


def supported_language(language: str) -> str:
    """The language itself where mails and terms exist in it, else French."""
    return language if language in LANGUAGES else LANGUAGES[0]


def _new_request(
    language: str, form: ValidatedForm, address: EmailAddress, decoy: bool, now: datetime
) -> AccountRequest:
    return AccountRequest(
        id=str(uuid.uuid4()),
        account_id=str(uuid.uuid4()),
        address=address.text,
        address_key=address.key,
        first_name=form.first_name,
        last_name=form.last_name,
        language=supported_language(language),
        state="pending",
        decoy=decoy,
        password=form.password,
        requested_at=now,
        sent_at=now,
        expires_at=now,
        kept_until=now,
    )
