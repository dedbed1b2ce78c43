"""Verifying an account's address again, before a second factor is enrolled late (OT-13).

The code proves access to the mailbox only: it is no authentication factor (AU-09).
"""

from datetime import timedelta

from services.registration import account_store, address_store
from services.registration.accounts import Account, AddressCode
from services.registration.deps import Deps
from services.registration.handlers import mailed_codes, quotas
from services.registration.handlers.account_requests import check_resend_pause
from services.registration.terms import supported_language
from services.registration.views import show_address_code
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration.events import AddressProofRenewed, AddressProofRequested
from shared.contracts.registration.requests import SendAddressCode, VerifyAddressCode
from shared.contracts.registration.views import AddressCodeView, AddressProofView
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

#: The caller has a session, but the account was closed since.
CLOSED = Refusal(slug="account_closed")

log = get_logger("registration")


async def send_address_code(
    request: SendAddressCode, context: RequestContext[Deps]
) -> AddressCodeView:
    """Send a code; describe the latest one where it is still usable and `renew` is false."""
    account = await lock_open_account(context, request.account_id)
    settings, now = context.deps.settings, context.now()
    code = await address_store.read_code(context.tx, account.id)
    if code is None or request.renew or not code.is_usable(now):
        if code is not None:
            check_resend_pause(code.sent_at, settings.resend_seconds, now)
        await quotas.count_for_account(
            context, settings.sends_quota, quotas.ADDRESS_CODES, account.id
        )
        code = await _send(context, account, supported_language(request.language))
    return show_address_code(code, account.address, settings)


async def verify_address_code(request: VerifyAddressCode, context: RequestContext[Deps]) -> Reply:
    """Verify the address with the latest code; a wrong one is counted."""
    typed = mailed_codes.read_code(request, context.deps)
    account = await lock_open_account(context, request.account_id)
    deps, now = context.deps, context.now()
    code = await address_store.read_code(context.tx, account.id)
    if code is None:
        raise Refused(Refusal(slug="code_expired", params={"at": now.isoformat()}))
    refusal = await mailed_codes.check(
        context, mailed_codes.ACCOUNT_ADDRESS, account.id, code, typed, account=account.id
    )
    if refusal is not None:
        return context.refuse(refusal)
    proved_at = account.verified_at
    if code.used_at is None:
        proved_at = now
        await address_store.set_code_used(context.tx, account.id, now)
        await account_store.set_verified(context.tx, account.id, now)
        before = now + deps.settings.enrol_period
        renewed = AddressProofRenewed(proved_at=now, enrol_before=before)
        await context.emit(renewed, subject=account.id)
        log.info(
            "An address was verified again.",
            action="address_proved",
            account=account.id,
            by="address_code",
        )
    return AddressProofView(enrol_before=proved_at + deps.settings.enrol_period)


async def _send(context: RequestContext[Deps], account: Account, language: str) -> AddressCode:
    deps, now = context.deps, context.now()
    digits, key_id, code_hash = mailed_codes.create(deps, mailed_codes.ACCOUNT_ADDRESS, account.id)
    code = AddressCode(
        account_id=account.id,
        code_key_id=key_id,
        code_hash=code_hash,
        sent_at=now,
        expires_at=now + timedelta(minutes=deps.settings.address_code_minutes),
    )
    await address_store.save_code(context.tx, code)
    kind = AddressProofRequested
    event = kind(
        address=account.address,
        language=language,
        code=deps.mailer_sealer.seal(digits, seal_context(kind, "code")),
        requested_at=now,
        expires_at=code.expires_at,
    )
    await context.emit(event, subject=account.id)
    return code


async def lock_open_account(context: RequestContext[Deps], account_id: str) -> Account:
    """The account, locked; `Refused` where it is closed."""
    account = await account_store.lock(context.tx, account_id)
    if account is None or not account.can_sign_in:
        raise Refused(CLOSED)
    return account
