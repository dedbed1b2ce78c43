"""Proving an account's address again, before a second factor is enrolled late (OT-13).

Six digits by mail, bound to the account, five tries. The code proves the mailbox and nothing else:
it is no factor and opens nothing (AU-09).
"""

from __future__ import annotations

from services.registration import account_store, address_code_store
from services.registration.account_requests import CODE_DIGITS, judge_tries
from services.registration.accounts import Account, AddressCode
from services.registration.deps import Deps
from services.registration.handlers import quotas
from services.registration.handlers.account_requests import known_language, too_soon
from services.registration.handlers.email_verification import read_code
from services.registration.views import show_address_code
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration import (
    AddressCodeView,
    AddressProofRenewed,
    AddressProofRequested,
    AddressProofView,
    SendAddressCode,
    VerifyAddressCode,
)
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, matches, new_code, seal_context

#: Whoever has a session has an account that opens; it may just have been closed.
CLOSED = Refusal(slug="account_closed")

log = get_logger("registration")


async def send_address_code(
    request: SendAddressCode, context: RequestContext[Deps]
) -> AddressCodeView:
    """Have a code sent; one that is still good is only shown, unless another one is asked for."""
    account = await _account(context, request.account_id)
    settings, now = context.deps.settings, context.now()
    code = await address_code_store.read(context.tx, account.id)
    if code is None or request.renew or not code.is_good(now):
        if code is not None:
            too_soon(code.sent_at, settings.resend_seconds, now)
        await quotas.take_code(context, account.id)
        code = await _send(context, account, known_language(request.language))
    return show_address_code(code, account.address, settings)


async def verify_address_code(request: VerifyAddressCode, context: RequestContext[Deps]) -> Reply:
    """Prove the address by the latest code; a wrong one is counted."""
    typed = read_code(request, context.deps)
    account = await _account(context, request.account_id)
    deps, now = context.deps, context.now()
    code = await address_code_store.read(context.tx, account.id)
    if code is None:
        raise Refused(Refusal(slug="code_expired", params={"at": now.isoformat()}))
    refusal = await _judge(context, account, code, typed)
    if refusal is not None:
        return context.refuse(refusal)
    proved_at = account.verified_at
    if code.used_at is None:
        proved_at = now
        await address_code_store.use(context.tx, account.id, now)
        await account_store.prove(context.tx, account.id, now)
        before = now + deps.settings.enrol_life
        renewed = AddressProofRenewed(proved_at=now, enrol_before=before)
        await context.emit(renewed, subject=account.id)
        log.info(
            "An address was proved again.",
            action="address_proved",
            account=account.id,
            by="address_code",
        )
    return AddressProofView(enrol_before=proved_at + deps.settings.enrol_life)


async def _send(context: RequestContext[Deps], account: Account, language: str) -> AddressCode:
    deps, now = context.deps, context.now()
    digits = new_code(CODE_DIGITS)
    key_id, code_hash = keyed_hash(deps.tokens, _purpose(account.id), digits)
    code = AddressCode(
        code_key_id=key_id,
        code_hash=code_hash,
        tries=0,
        sent_at=now,
        expires_at=now + deps.settings.address_code_life,
    )
    await address_code_store.store(context.tx, account.id, code)
    kind = AddressProofRequested
    event = kind(
        address=account.address,
        language=language,
        code=deps.sealer.seal(digits, seal_context(kind, "code")),
        requested_at=now,
        expires_at=code.expires_at,
    )
    await context.emit(event, subject=account.id)
    return code


async def _judge(
    context: RequestContext[Deps], account: Account, code: AddressCode, typed: str
) -> Refusal | None:
    deps = context.deps
    most = deps.settings.verify_tries
    right = matches(deps.tokens, _purpose(account.id), typed, code.code_key_id, code.code_hash)
    outcome = judge_tries(
        code.expires_at, code.tries, right=right, now=context.now(), most_tries=most
    )
    if outcome == "right":
        return None
    if outcome == "expired":
        return Refusal(slug="code_expired", params={"at": code.expires_at.isoformat()})
    if code.tries < most:
        await address_code_store.count_try(context.tx, account.id)
    log.warning("An address code was wrong.", action="authn_code_fail", account=account.id)
    if outcome == "void":
        return Refusal(slug="code_void", params={"tries": most})
    return Refusal(slug="wrong_code", params={"tries_left": most - code.tries - 1})


async def _account(context: RequestContext[Deps], account_id: str) -> Account:
    account = await account_store.lock(context.tx, account_id)
    if account is None or not account.opens:
        raise Refused(CLOSED)
    return account


def _purpose(account_id: str) -> str:
    """What a code's hash is bound to: the code of one account is none of another's (RE-03)."""
    return f"registration/address_code/{account_id}"
