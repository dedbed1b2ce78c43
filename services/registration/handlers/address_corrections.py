"""Correcting the address of a request, with the password chosen for it.

The password is validated again, since it must not contain a part of the new address, and hashed for
it. The former message is void (G-11).
"""

import dataclasses
from dataclasses import dataclass

from services.registration import account_request_store, account_store, password_store
from services.registration.account_requests import AccountRequest
from services.registration.address_questions import ValidatedAddress
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress
from services.registration.handlers import (
    address_questions,
    login_attempts,
    quotas,
    validation_messages,
)
from services.registration.handlers.account_requests import ALREADY_VERIFIED, GONE, show
from services.registration.handlers.form_validation import (
    invalid_fields,
    validate_address,
    validate_password,
)
from services.registration.handlers.login_attempts import LoginAttempt
from services.registration.terms import supported_language
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration.events import ValidationResent
from shared.contracts.registration.requests import CorrectAddress
from shared.contracts.registration.views import RequestView
from shared.database import Pool, transaction
from shared.messaging.handlers import Refused, RequestContext


@dataclass(frozen=True, kw_only=True)
class ValidatedCorrection:
    """A valid correction, and the address that was probably meant instead."""

    typed: ValidatedAddress
    meant: ValidatedAddress | None
    attempt: LoginAttempt


async def validate_correction(
    request: CorrectAddress, deps: Deps, pool: Pool
) -> ValidatedCorrection:
    """Validate address and password, then check that it is the password chosen."""
    async with transaction(pool) as tx:
        found = await account_request_store.read(tx, request.request_id)
    if found is None:
        raise Refused(GONE)
    if found.password is None or found.state != "pending":
        raise Refused(ALREADY_VERIFIED)
    password = deps.open(request, "password")
    address, errors = await _validate(request, found, password, deps)
    if errors or address is None or password is None:
        raise Refused(invalid_fields(errors))
    meant = address_questions.find_meant(address, deps) if request.point_out_slip else None
    if meant and (errors := address_questions.identity_errors(password, meant.text, deps)):
        raise Refused(invalid_fields(errors))
    async with transaction(pool) as tx:
        await quotas.check_message(tx, deps, address.key, request.network)
        scopes = login_attempts.anonymous_scopes(deps, found.address_key, request.network)
        attempt = await login_attempts.count_attempt(tx, scopes, deps.clock())
        in_use = await password_store.recipes_in_use(tx)
    if attempt.wait:
        params: dict[str, str | int] = {"limit": "sign_in"}
        raise Refused(Refusal(slug="too_many_requests", retry_after=attempt.wait, params=params))
    known = [found.password]
    if await deps.hasher.find(password, found.address_key, known, in_use) is None:
        login_attempts.log_failure(attempt)
        raise Refused(invalid_fields([FieldError(field="password", code="wrong")]))
    return ValidatedCorrection(
        typed=await address_questions.hash_for(address, password, deps),
        meant=None if meant is None else await address_questions.hash_for(meant, password, deps),
        attempt=attempt,
    )


async def correct_address(request: CorrectAddress, context: RequestContext[Deps]) -> Reply:
    """Move the request to the new address, or ask which address was meant."""
    correction: ValidatedCorrection = context.prepared
    await login_attempts.uncount(context.tx, correction.attempt)
    if correction.meant is not None:
        await quotas.count_network(context, request.network)
        return await address_questions.ask(
            context,
            correction.typed,
            correction.meant,
            request_id=request.request_id,
            language=request.language,
        )
    return await move(
        context, request.request_id, correction.typed, request.network, request.language
    )


async def move(
    context: RequestContext[Deps],
    request_id: str,
    valid: ValidatedAddress,
    network: str,
    language: str,
) -> RequestView:
    """Move a request to another address and send a message there."""
    address, password = valid.email, valid.password
    found = await _lock(context, request_id, address)
    await quotas.count_message(context, address.key, network)
    account = await account_store.find_by_address(context.tx, address.key)
    decoy = account is not None and account.is_taken
    moved = dataclasses.replace(
        found,
        address=address.text,
        address_key=address.key,
        # The id of the former address's account must not move along.
        account_id=account.id
        if account is not None and not decoy
        else await account_store.unused_id(context.tx, found.account_id),
        decoy=decoy,
        password_hash=password.text,
        pepper_key_id=password.key_id,
        language=supported_language(language),
    )
    sent, link_hash = await validation_messages.send(context, moved, ValidationResent, account)
    await account_request_store.save_with_message(context.tx, sent, link_hash)
    return await show(context, sent)


async def _validate(
    request: CorrectAddress, found: AccountRequest, password: str | None, deps: Deps
) -> tuple[EmailAddress | None, list[FieldError]]:
    address, errors = validate_address(request.address, deps)
    if address is not None and address.text == found.address:
        errors = [FieldError(field="address", code="unchanged")]
    return address, errors + await validate_password(
        password,
        deps,
        first_name=found.first_name,
        last_name=found.last_name,
        address=request.address,
    )


async def _lock(
    context: RequestContext[Deps], request_id: str, address: EmailAddress
) -> AccountRequest:
    seen = await account_request_store.read(context.tx, request_id)
    if seen is None:
        raise Refused(GONE)
    await account_request_store.lock_address(context.tx, seen.address_key, address.key)
    found = await account_request_store.lock(context.tx, request_id)
    if found is None:
        raise Refused(GONE)
    if found.state != "pending":
        raise Refused(ALREADY_VERIFIED)
    return found
