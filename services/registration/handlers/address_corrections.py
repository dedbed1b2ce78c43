"""Moving a request to another address, by the browser that asked and the password it chose.

The password is judged again, since it must hold no part of the new address, and hashed for it. The
former message becomes worthless (G-11).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from services.registration import account_request_store, account_store
from services.registration.account_requests import AccountRequest
from services.registration.deps import Deps
from services.registration.email_addresses import Address
from services.registration.handlers import login_attempts, quotas, validation_messages
from services.registration.handlers.account_requests import (
    GONE,
    known_language,
    refused_fields,
    show,
)
from services.registration.handlers.form_validation import (
    judge_address,
    judge_password,
    likely_slip,
)
from services.registration.handlers.login_attempts import Attempt
from services.registration.passwords import Candidate, Hashed
from shared.contracts.base import FieldError, Refusal
from shared.contracts.registration import CorrectAddress, RequestView, ValidationResent
from shared.database import Pool, transaction
from shared.messaging.handlers import Refused, RequestContext

ALREADY = Refusal(slug="already_verified")


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A correction that was judged: either refused, or complete with its hash."""

    address: Address | None = None
    password: Hashed | None = None
    attempt: Attempt | None = None
    refusal: Refusal | None = None


async def judge_correction(request: CorrectAddress, deps: Deps, pool: Pool) -> Correction:
    """Judge address and password, then check that it is the password chosen."""
    async with transaction(pool) as tx:
        found = await account_request_store.read(tx, request.request_id)
    if found is None:
        return Correction(refusal=GONE)
    if found.password is None or found.state != "pending":
        return Correction(refusal=ALREADY)
    password = deps.open(request, "password")
    address, errors = await _judge(request, found, password, deps)
    if errors or address is None or password is None:
        return Correction(refusal=refused_fields(errors))
    if request.point_out_slip and (slip := likely_slip(address)) is not None:
        return Correction(refusal=slip)
    async with transaction(pool) as tx:
        quota = deps.settings.sends_quota
        too_many = await quotas.peek(tx, deps, quota, address.key, request.network)
        if too_many is not None:
            return Correction(refusal=too_many)
        doors = login_attempts.strangers_doors(deps, found.address_key, request.network)
        attempt = await login_attempts.begin(tx, doors, deps.clock())
    if attempt.wait:
        params: dict[str, str | int] = {"limit": "sign_in"}
        return Correction(
            refusal=Refusal(slug="too_many_requests", retry_after=attempt.wait, params=params)
        )
    if await deps.hasher.find(password, found.address_key, [found.password]) is None:
        login_attempts.log_failure(attempt)
        wrong = FieldError(field="password", code="wrong")
        return Correction(refusal=refused_fields([wrong]))
    hashed = await deps.hasher.hash(password, address.key)
    return Correction(address=address, password=hashed, attempt=attempt)


async def correct_address(request: CorrectAddress, context: RequestContext[Deps]) -> RequestView:
    """Move the request and have a message sent to the new address."""
    correction: Correction = context.prepared
    address = correction.address
    if correction.refusal is not None or address is None:
        raise Refused(correction.refusal or GONE)
    found = await _locked(context, request.request_id, address)
    await quotas.take(context, context.deps.settings.sends_quota, address.key, request.network)
    if correction.attempt is not None:
        await login_attempts.take_back(context.tx, correction.attempt)
    standing = await account_store.standing(context.tx, address.key)
    reserved = None if standing.is_taken else standing.account_id
    moved = dataclasses.replace(
        found,
        address=address.text,
        address_key=address.key,
        # An id that belongs to the former address's account must not follow.
        account_id=reserved or await account_store.free_id(context.tx, found.account_id),
        decoy=standing.is_taken,
        password=correction.password,
        language=known_language(request.language),
    )
    message = await validation_messages.send(context, moved, ValidationResent, standing.account_id)
    await account_request_store.move(context.tx, moved)
    await account_request_store.renew(context.tx, moved.id, message, moved.language)
    return await show(context, moved.id)


async def _judge(
    request: CorrectAddress, found: AccountRequest, password: str | None, deps: Deps
) -> tuple[Address | None, list[FieldError]]:
    address, errors = judge_address(request.address, deps)
    if address is not None and address.text == found.address:
        errors = [FieldError(field="address", code="unchanged")]
    candidate = None
    if password is not None:
        candidate = Candidate(
            password=password,
            first_name=found.first_name,
            last_name=found.last_name,
            address=request.address,
        )
    return address, errors + await judge_password(candidate, deps)


async def _locked(
    context: RequestContext[Deps], request_id: str, address: Address
) -> AccountRequest:
    seen = await account_request_store.read(context.tx, request_id)
    if seen is None:
        raise Refused(GONE)
    await account_request_store.lock_address(context.tx, seen.address_key, address.key)
    found = await account_request_store.lock(context.tx, request_id)
    if found is None:
        raise Refused(GONE)
    if found.state != "pending":
        raise Refused(ALREADY)
    return found
