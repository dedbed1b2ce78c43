"""The terms of use, the account that is created once they are accepted, and later versions.

Account, credentials, acceptance and event are written in one transaction; however often the terms
are accepted at once, one account is created (RE-12). Where the address has an account without
credentials, a code told by the desk is due first (`resumption`).
"""

import dataclasses

import msgspec

from services.registration import account_request_store, account_store
from services.registration.account_requests import CREATED_RETENTION, AccountRequest
from services.registration.deps import Deps
from services.registration.handlers.account_requests import GONE, emit_expired, show
from services.registration.terms import Terms, find_accepted, supported_language
from shared.contracts.base import Refusal
from shared.contracts.registration.events import AccountCreated
from shared.contracts.registration.holder import AcceptNewTerms
from shared.contracts.registration.requests import AcceptTerms, DescribeTerms
from shared.contracts.registration.views import Done, RequestView, TermsView
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


async def describe_terms(request: DescribeTerms, context: RequestContext[Deps]) -> TermsView:
    """The terms in force."""
    terms = context.deps.terms[supported_language(request.language)]
    return msgspec.convert(terms, TermsView, from_attributes=True)


async def accept_terms(request: AcceptTerms, context: RequestContext[Deps]) -> RequestView:
    """Create the account, unless the request has one already."""
    found = await account_request_store.lock_with_address(context.tx, request.request_id)
    if found is None:
        raise Refused(GONE)
    if found.state == "pending":
        log.warning("A step was skipped.", action="sequence_fail", request_ref=found.id)
        raise Refused(Refusal(slug="not_verified"))
    if found.state == "verified" and found.accepted_at is None:
        terms = _accepted(request, context.deps)
        account = await account_store.read(context.tx, found.account_id)
        if account is None:
            # Imported after the request was made.
            account = await account_store.find_by_address(context.tx, found.address_key)
        if account is None:
            found = await _create(context, found, terms)
        else:
            found = await _accept_before_code(context, found, account.id, terms)
    return await show(context, found)


async def accept_new_terms(request: AcceptNewTerms, context: RequestContext[Deps]) -> Done:
    """Record that the holder accepts the version in force; what was accepted before stays."""
    account = await account_store.lock(context.tx, request.account_id)
    if account is None:
        raise Refused(Refusal(slug="unknown_account"))
    terms = _accepted(request, context.deps)
    await account_store.accept_terms(context.tx, account.id, account.address, terms, context.now())
    log.info("New terms were accepted.", action="terms_accepted", account=account.id)
    return Done()


def _accepted(request: AcceptTerms | AcceptNewTerms, deps: Deps) -> Terms:
    accepted = find_accepted(deps.terms.values(), request.terms_version, request.terms_sha256)
    if accepted is None:
        current = deps.terms[supported_language(request.language)]
        params: dict[str, str | int] = {"version": current.version, "date": current.date}
        raise Refused(Refusal(slug="terms_changed", params=params))
    return accepted


async def _accept_before_code(
    context: RequestContext[Deps], found: AccountRequest, account_id: str, terms: Terms
) -> AccountRequest:
    """The address has an account without credentials: its code is due (G-26)."""
    accepted = dataclasses.replace(
        found,
        account_id=account_id,
        accepted_version=terms.version,
        accepted_language=terms.language,
        accepted_sha256=terms.sha256,
        accepted_at=context.now(),
    )
    await account_request_store.save(context.tx, accepted)
    log.info("A resumption code is due.", action="resumption_due", request_ref=found.id)
    return accepted


async def _create(
    context: RequestContext[Deps], found: AccountRequest, terms: Terms
) -> AccountRequest:
    now = context.now()
    await emit_expired(context, await account_request_store.delete_others(context.tx, found))
    await account_store.create(context.tx, found, terms, now)
    created = dataclasses.replace(
        found,
        state="created",
        created_at=now,
        kept_until=now + CREATED_RETENTION,
        password_hash=None,
        pepper_key_id=None,
    )
    await account_request_store.save(context.tx, created)
    verified_at = found.verified_at or now
    await context.emit(
        AccountCreated(
            request_id=found.id,
            address=found.address,
            first_name=found.first_name,
            last_name=found.last_name,
            language=found.language,
            terms_version=terms.version,
            terms_accepted_at=now,
            created_at=now,
            enrol_before=verified_at + context.deps.settings.enrol_period,
        ),
        subject=found.account_id,
    )
    log.info(
        "An account was created.",
        action="account_created",
        account=found.account_id,
        request_ref=found.id,
    )
    return created
