"""Requests for an account: made, described, their message sent again, cancelled.

An address that has an account gets the same answers after the same time: the same checks, one
hash, the same rows, one event (B-03, AU-08, EM-15).
"""

import dataclasses
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.registration import account_request_store, account_store
from services.registration.account_request_store import DeletedRequest
from services.registration.account_requests import AccountRequest, resend_at
from services.registration.address_questions import ValidatedAddress
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress
from services.registration.handlers import (
    address_questions,
    quotas,
    unlocking,
    validation_messages,
)
from services.registration.handlers.form_validation import (
    invalid_fields,
    validate_address,
    validate_password,
)
from services.registration.terms import supported_language
from services.registration.views import show_request
from shared.contracts.base import Refusal, Reply
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
from shared.messaging.handlers import Context, Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")
GONE = Refusal(slug="request_gone")
ALREADY_VERIFIED = Refusal(slug="already_verified")


@dataclass(frozen=True, kw_only=True)
class ValidatedForm:
    """A valid form, and the address that was probably meant instead."""

    typed: ValidatedAddress
    meant: ValidatedAddress | None
    names: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class LimitReached:
    """A form whose address, or network, has no account request left."""

    refused: Refused
    address: EmailAddress


async def validate_form(
    request: RequestAccount, deps: Deps, pool: Pool
) -> ValidatedForm | LimitReached:
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
        raise Refused(invalid_fields(errors))
    meant = address_questions.find_meant(address, deps) if request.point_out_slip else None
    if meant and (errors := address_questions.identity_errors(password, meant.text, deps)):
        raise Refused(invalid_fields(errors))
    async with acquire(pool) as connection:
        try:
            await quotas.check_request(connection, deps, address.key, request.network)
        except Refused as refused:
            return LimitReached(refused=refused, address=address)
    return ValidatedForm(
        typed=await address_questions.hash_for(address, password, deps),
        meant=None if meant is None else await address_questions.hash_for(meant, password, deps),
        names=(first_name, last_name),
    )


async def request_account(request: RequestAccount, context: RequestContext[Deps]) -> Reply:
    """Store the request, real or decoy, and send its message; or ask which address was meant."""
    form: ValidatedForm | LimitReached = context.prepared
    if isinstance(form, LimitReached):
        return await unlocking.refuse(context, form.refused, form.address, request.language)
    if form.meant is not None:
        await quotas.count_network(context, request.network)
        return await address_questions.ask(
            context, form.typed, form.meant, names=form.names, language=request.language
        )
    made = new_request(form.typed, form.names, request.language, context.now())
    return await store(context, made, request.network)


def new_request(
    valid: ValidatedAddress, names: tuple[str, str], language: str, now: datetime
) -> AccountRequest:
    """A request for an account, whose message is not sent yet."""
    return AccountRequest(
        id=str(uuid.uuid4()),
        account_id=str(uuid.uuid4()),
        address=valid.email.text,
        address_key=valid.email.key,
        first_name=names[0],
        last_name=names[1],
        language=supported_language(language),
        password_hash=valid.password.text,
        pepper_key_id=valid.password.key_id,
        requested_at=now,
        sent_at=now,
        expires_at=now,
        kept_until=now,
    )


async def store(context: RequestContext[Deps], made: AccountRequest, network: str) -> Reply:
    """Store a new request, real or decoy, and send its message."""
    key = made.address_key
    await account_request_store.lock_address(context.tx, key)
    try:
        await quotas.count_request(context, key, network)
    except Refused as refused:
        address = EmailAddress(text=made.address, key=key)
        return await unlocking.refuse(context, refused, address, made.language)
    account = await account_store.find_by_address(context.tx, key)
    if account is not None and account.is_taken:
        made = dataclasses.replace(made, decoy=True)
    elif account is not None:
        made = dataclasses.replace(made, account_id=account.id)
    sent, link_hash = await validation_messages.send(context, made, AccountRequested, account)
    await account_request_store.add(context.tx, sent, link_hash)
    log.info("An account was requested.", action="account_requested", request_ref=made.id)
    return await show(context, sent)


async def describe_request(request: DescribeRequest, context: RequestContext[Deps]) -> RequestView:
    """The request as it is now."""
    return await show(context, await account_request_store.read(context.tx, request.request_id))


async def resend_validation(
    request: ResendValidation, context: RequestContext[Deps]
) -> RequestView:
    """Send another message; the former code and link are void (RE-02)."""
    found = await account_request_store.lock_with_address(context.tx, request.request_id)
    if found is None:
        raise Refused(GONE)
    if found.state != "pending":
        raise Refused(ALREADY_VERIFIED)
    check_resend_pause(found.sent_at, context.deps.settings.resend_seconds, context.now())
    await quotas.count_message(context, found.address_key, request.network)
    account = await account_store.find_by_address(context.tx, found.address_key)
    renewed = dataclasses.replace(found, language=supported_language(request.language))
    sent, link_hash = await validation_messages.send(context, renewed, ValidationResent, account)
    await account_request_store.save_with_message(context.tx, sent, link_hash)
    return await show(context, sent)


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


async def emit_expired(context: Context[Deps], deleted: Iterable[DeletedRequest]) -> None:
    """Emit `RequestExpired` for requests that another verification voided."""
    for each in deleted:
        await context.emit(RequestExpired(request_id=each.id), subject=each.account_id)


async def show(context: RequestContext[Deps], found: AccountRequest | None) -> RequestView:
    """The request as it is stored now, or `Refused` with `request_gone`."""
    now = context.now()
    if found is None or found.kept_until <= now:
        raise Refused(GONE)
    left = 0
    if found.state == "pending":  # No other request is sent a message.
        left = await quotas.sends_left(context.tx, context.deps, found.address_key)
    return show_request(found, context.deps.settings, left, now)
