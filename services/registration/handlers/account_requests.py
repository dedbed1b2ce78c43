"""Asking for an account, asking for another message, correcting the address, giving up.

An address that has an account is answered alike in everything that can be seen or timed: the same
checks, one hash, the same rows, one event (B-03, AU-08, EM-15).
"""

from __future__ import annotations

import dataclasses
import uuid
from datetime import datetime

from services.registration import account_request_store, account_store
from services.registration.account_requests import AccountRequest, Mail, resend_at
from services.registration.deps import Deps
from services.registration.email_addresses import Address
from services.registration.handlers import quotas, validation_messages
from services.registration.handlers.form_validation import (
    judge_address,
    judge_password,
    likely_slip,
    log_refused,
)
from services.registration.passwords import Candidate, Hashed
from services.registration.terms import LANGUAGES
from services.registration.views import show_request
from shared.contracts.base import FieldError, Refusal
from shared.contracts.registration import (
    AccountRequested,
    CancelRequest,
    DescribeRequest,
    Done,
    RequestAccount,
    RequestCancelled,
    RequestView,
    ResendValidation,
    ValidationResent,
)
from shared.database import Connection, Pool
from shared.database.pool import acquire
from shared.domain.person_names import check_name
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")
GONE = Refusal(slug="request_gone")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft:
    """A form that was judged: either refused, or complete with its hash."""

    first_name: str = ""
    last_name: str = ""
    address: Address | None = None
    password: Hashed | None = None
    refusal: Refusal | None = None


async def judge_form(request: RequestAccount, deps: Deps, pool: Pool) -> Draft:
    """Judge the form, and hash its password where nothing is wrong with it."""
    first_name, wrong_first = check_name("first_name", request.first_name)
    last_name, wrong_last = check_name("last_name", request.last_name)
    address, errors = judge_address(request.address, deps)
    errors = [wrong for wrong in (wrong_first, wrong_last) if wrong] + errors
    password = deps.open(request, "password")
    errors += await judge_password(
        None
        if password is None
        else Candidate(
            password=password,
            first_name=first_name,
            last_name=last_name,
            address=request.address,
        ),
        deps,
    )
    if errors or address is None or password is None:
        return Draft(refusal=refused_fields(errors))
    if request.point_out_slip and (slip := likely_slip(address)) is not None:
        return Draft(refusal=slip)
    async with acquire(pool) as connection:
        quota = deps.settings.address_quota
        too_many = await quotas.peek(connection, deps, quota, address.key, request.network)
    if too_many is not None:
        return Draft(refusal=too_many)
    return Draft(
        first_name=first_name,
        last_name=last_name,
        address=address,
        password=await deps.hasher.hash(password, address.key),
    )


async def request_account(request: RequestAccount, context: RequestContext[Deps]) -> RequestView:
    """Store the request, real or decoy, and have its message sent."""
    draft: Draft = context.prepared
    if draft.refusal is not None or draft.address is None:
        raise Refused(draft.refusal or GONE)
    key = draft.address.key
    await account_request_store.lock_address(context.tx, key)
    await quotas.take(context, context.deps.settings.address_quota, key, request.network)
    standing = await account_store.standing(context.tx, key)
    made = _new_request(request.language, draft, draft.address, standing.is_taken, context.now())
    if standing.account_id is not None and not standing.is_taken:
        made = dataclasses.replace(made, account_id=standing.account_id)
    message = await validation_messages.send(context, made, AccountRequested, standing.account_id)
    await account_request_store.insert(context.tx, made, message)
    log.info("An account was asked for.", action="account_requested", request_ref=made.id)
    return await show(context, made.id)


async def describe_request(request: DescribeRequest, context: RequestContext[Deps]) -> RequestView:
    """Where a request stands."""
    return await show(context, request.request_id)


async def resend_validation(
    request: ResendValidation, context: RequestContext[Deps]
) -> RequestView:
    """Another message; the former code and link are worth nothing from now on (RE-02)."""
    found = await unproved(context, request.request_id)
    too_soon(found.sent_at, context.deps.settings.resend_seconds, context.now())
    await quotas.take(
        context, context.deps.settings.sends_quota, found.address_key, request.network
    )
    standing = await account_store.standing(context.tx, found.address_key)
    language = known_language(request.language)
    renewed = dataclasses.replace(found, language=language)
    message = await validation_messages.send(
        context, renewed, ValidationResent, standing.account_id
    )
    await account_request_store.renew(context.tx, found.id, message, language)
    return await show(context, found.id)


async def cancel_request(request: CancelRequest, context: RequestContext[Deps]) -> Done:
    """Forget the request; nothing of it is kept (G-04, RE-14)."""
    found = await account_request_store.lock(context.tx, request.request_id)
    if found is None:
        return Done()
    if found.state == "created":
        raise Refused(Refusal(slug="account_exists"))
    await account_request_store.delete(context.tx, found.id)
    await context.emit(RequestCancelled(request_id=found.id), subject=found.account_id)
    log.info("A request was given up.", action="request_cancelled", request_ref=found.id)
    return Done()


def too_soon(sent_at: datetime, pause_seconds: int, now: datetime) -> None:
    """Raise `Refused` while the latest message is too young for another one."""
    wait = (resend_at(sent_at, pause_seconds) - now).total_seconds()
    if wait > 0:
        raise Refused(Refusal(slug="too_soon", retry_after=max(1, round(wait))))


async def unproved(context: RequestContext[Deps], request_id: str) -> AccountRequest:
    """The request, locked with its address; refused where it is gone or proved already."""
    found = await account_request_store.lock_with_address(context.tx, request_id)
    if found is None:
        raise Refused(GONE)
    if found.state != "pending":
        raise Refused(Refusal(slug="already_verified"))
    return found


async def show(context: RequestContext[Deps], request_id: str) -> RequestView:
    """The request as it is now, or `request_gone`."""
    return await view(context.tx, context.deps, request_id, context.now())


async def view(tx: Connection, deps: Deps, request_id: str, now: datetime) -> RequestView:
    """The request as its owner sees it at `now`, or `Refused` with `request_gone`."""
    found = await account_request_store.read(tx, request_id)
    if found is None or found.kept_until <= now:
        raise Refused(GONE)
    left = await quotas.sends_left(tx, deps, found.address_key)
    return show_request(found, deps.settings, left)


def refused_fields(errors: list[FieldError]) -> Refusal:
    """What is wrong with the fields, said in the log too."""
    log_refused(errors)
    return Refusal(slug="invalid_fields", errors=tuple(errors))


def known_language(language: str) -> str:
    """A language that we write in."""
    return language if language in LANGUAGES else LANGUAGES[0]


def _new_request(
    language: str, draft: Draft, address: Address, decoy: bool, now: datetime
) -> AccountRequest:
    return AccountRequest(
        id=str(uuid.uuid4()),
        account_id=str(uuid.uuid4()),
        address=address.text,
        address_key=address.key,
        first_name=draft.first_name,
        last_name=draft.last_name,
        language=known_language(language),
        state="pending",
        decoy=decoy,
        password=draft.password,
        code_key_id=None,
        code_hash=None,
        tries=0,
        requested_at=now,
        sent_at=now,
        expires_at=now,
        kept_until=now,
        verified_at=None,
        created_at=None,
        mail=Mail(),
    )
