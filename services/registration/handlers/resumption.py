"""A lost phone ends the credentials of an account; a code told by the desk joins new ones (G-26).

The account keeps its id, names and history. Whoever reads the mailbox can create the account again
as far as the code, and no further.
"""

import dataclasses

from services.registration import (
    account_request_store,
    account_store,
    address_store,
    mailed_link_store,
    resumption_store,
)
from services.registration.account_requests import CREATED_RETENTION, AccountRequest, check_code
from services.registration.accounts import Account
from services.registration.deps import Deps
from services.registration.handlers.account_requests import GONE, emit_expired, show
from services.registration.handlers.mailed_links import PASSWORD, PHONE
from services.registration.resumption import (
    CODE_LIFETIME,
    HELD_RETENTION,
    TRIES,
    ResumptionCode,
    code_binding,
    names_agree,
)
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.registration.events import CredentialsRemoved
from shared.contracts.registration.resumption import (
    AccountResumed,
    ResumeAccount,
    ResumptionCodeRefused,
    ResumptionHeld,
)
from shared.contracts.support.acts import CredentialsRemovalOrdered
from shared.contracts.support.lost_phones import (
    OtherNamesAccepted,
    ResumptionCodeTold,
    ResumptionCodeVoided,
)
from shared.domain.resumption_codes import read_resumption_code
from shared.errors import Reject
from shared.messaging.handlers import Context, Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, matches

log = get_logger("registration")


async def remove_credentials(_order: CredentialsRemovalOrdered, context: Context[Deps]) -> None:
    """Remove password and open links; gateway and mfa end sessions and second factor then.

    A deactivated account keeps what it has: it opens nothing.
    """
    account = await account_store.lock(context.tx, context.require_account_id())
    if account is None or account.state == "deactivated":
        return
    if not await resumption_store.remove_credentials(context.tx, account.id):
        return
    for kind in (PASSWORD, PHONE):
        await mailed_link_store.delete_unused(context.tx, kind.name, account.id)
    await address_store.delete_change(context.tx, account.id)
    await address_store.delete_code(context.tx, account.id)
    await context.emit(CredentialsRemoved(removed_at=context.now()), subject=account.id)
    log.warning(
        "The credentials of an account were removed.",
        action="credentials_removed",
        account=account.id,
    )


async def store_code(event: ResumptionCodeTold, context: Context[Deps]) -> None:
    """Store the code that the desk told, as a keyed hash; the former one is void."""
    account_id = context.require_account_id()
    if await account_store.lock(context.tx, account_id) is None:
        return
    former = await resumption_store.lock_code(context.tx, account_id)
    if former is not None and former.told_at >= event.told_at:
        return
    code = read_resumption_code(context.deps.open(event, "code") or "")
    if code is None:
        raise Reject("the code cannot be read")
    key_id, code_hash = keyed_hash(context.deps.token_keys, code_binding(account_id), code)
    stored = ResumptionCode(
        account_id=account_id,
        code_key_id=key_id,
        code_hash=code_hash,
        told_at=event.told_at,
        expires_at=event.expires_at,
    )
    await resumption_store.save_code(context.tx, stored)


async def void_code(event: ResumptionCodeVoided, context: Context[Deps]) -> None:
    """The code of this moment opens nothing, also where it arrives later; a newer one stays."""
    account_id = context.require_account_id()
    if await account_store.lock(context.tx, account_id) is None:
        return
    former = await resumption_store.lock_code(context.tx, account_id)
    if former is None or former.told_at < event.told_at:
        former = ResumptionCode(
            account_id=account_id,
            code_key_id="",
            code_hash=b"",
            told_at=event.told_at,
            expires_at=event.told_at + CODE_LIFETIME,
        )
    if former.told_at > event.told_at or former.used_at is not None:
        return
    void = dataclasses.replace(former, used_at=event.voided_at)
    await resumption_store.save_code(context.tx, void)
    log.warning("A resumption code is void.", action="resumption_code_voided", account=account_id)


async def resume_account(request: ResumeAccount, context: RequestContext[Deps]) -> Reply:
    """Join the account where the code is right; where names differ the desk compares them first."""
    typed = read_resumption_code(context.deps.open(request, "code") or "")
    if typed is None:
        error = FieldError(field="code", code="resumption_format", params={"digits": 12})
        raise Refused(Refusal(slug="invalid_fields", errors=(error,)))
    found = await account_request_store.lock_with_address(context.tx, request.request_id)
    if found is None:
        raise Refused(GONE)
    if found.state == "created" or found.held_at is not None:
        return await show(context, found)
    if found.accepted_at is None:
        log.warning("A step was skipped.", action="sequence_fail", request_ref=found.id)
        raise Refused(Refusal(slug="not_verified"))
    account = await account_store.lock(context.tx, found.account_id)
    if account is None or account.is_taken:
        raise Refused(Refusal(slug="account_closed"))
    refusal = await _check_code(context, account, typed)
    if refusal is not None:
        return context.refuse(refusal)
    await resumption_store.set_code_used(context.tx, account.id, context.now())
    joined = names_agree(found, account)
    found = await (_join if joined else _hold)(context, found, account)
    return await show(context, found)


async def accept_other_names(_event: OtherNamesAccepted, context: Context[Deps]) -> None:
    """Two agents agreed that it is the holder: join the request that waits."""
    account = await account_store.lock(context.tx, context.require_account_id())
    held = None if account is None else await resumption_store.find_held(context.tx, account.id)
    if account is None or held is None:
        return
    found = await account_request_store.lock_with_address(context.tx, held.id)
    if found is not None and found.state == "verified" and not account.is_taken:
        await _join(context, found, account)


async def _check_code(
    context: RequestContext[Deps], account: Account, typed: str
) -> Refusal | None:
    """Why the typed code is refused, or None; a wrong one is counted."""
    code = await resumption_store.lock_code(context.tx, account.id)
    if code is None or code.used_at is not None:
        return Refusal(slug="resumption_not_told")
    right = matches(
        context.deps.token_keys, code_binding(account.id), typed, code.code_key_id, code.code_hash
    )
    outcome = check_code(
        code.expires_at, code.tries, right=right, now=context.now(), max_tries=TRIES
    )
    if outcome == "right":
        return None
    if outcome == "expired":
        return Refusal(slug="code_expired", params={"at": code.expires_at.isoformat()})
    left = max(0, TRIES - code.tries - 1)
    if code.tries < TRIES:
        await resumption_store.count_wrong_code(context.tx, account.id)
        refused = ResumptionCodeRefused(tries_left=left, refused_at=context.now())
        await context.emit(refused, subject=account.id)
    log.warning("A resumption code was wrong.", action="authn_resumption_fail", account=account.id)
    if outcome == "void":
        return Refusal(slug="code_void", params={"tries": TRIES})
    return Refusal(slug="wrong_code", params={"tries_left": left})


async def _hold(context: Context[Deps], found: AccountRequest, account: Account) -> AccountRequest:
    now = context.now()
    held = dataclasses.replace(found, held_at=now, kept_until=now + HELD_RETENTION)
    await emit_expired(context, await account_request_store.delete_others(context.tx, found))
    await account_request_store.save(context.tx, held)
    await context.emit(ResumptionHeld(request_id=found.id, held_at=now), subject=account.id)
    log.info("A resumption waits for the desk.", action="resumption_held", account=account.id)
    return held


async def _join(context: Context[Deps], found: AccountRequest, account: Account) -> AccountRequest:
    now, tx = context.now(), context.tx
    await emit_expired(context, await account_request_store.delete_others(tx, found))
    await resumption_store.join(tx, found, now)
    terms = found.accepted_terms
    if terms is not None:
        accepted_at = found.accepted_at or now
        await account_store.accept_terms(tx, account.id, account.address, terms, accepted_at)
    created = dataclasses.replace(
        found,
        state="created",
        created_at=now,
        kept_until=now + CREATED_RETENTION,
        password_hash=None,
        pepper_key_id=None,
    )
    await account_request_store.save(tx, created)
    verified_at = found.verified_at or now
    await context.emit(
        AccountResumed(
            request_id=found.id,
            resumed_at=now,
            enrol_before=verified_at + context.deps.settings.enrol_period,
        ),
        subject=account.id,
    )
    log.info(
        "An account was resumed.",
        action="account_resumed",
        account=account.id,
        request_ref=found.id,
    )
    return created
