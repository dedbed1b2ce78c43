"""Recovery codes: made, kept, used up; one of them makes a key for a new phone at once."""

from __future__ import annotations

from services.mfa import sheets, store
from services.mfa.deps import Deps
from services.mfa.enrolments import NOT_ENROLLED
from services.mfa.handlers import attempts, enrolments
from services.mfa.recovery import clean, grouped, hash_code, hashes_of
from shared.contracts.base import Refusal, Reply
from shared.contracts.mfa import (
    KeepRecoveryCodes,
    MakeRecoveryCodes,
    Noted,
    RecoveryCodesReplaced,
    RecoveryCodesView,
    RecoveryCodeUsed,
    UseRecoveryCode,
)
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

OFF = Refusal(slug="recovery_off")
REPLACED = Refusal(slug="list_replaced")

log = get_logger("mfa")


async def use_recovery_code(request: UseRecoveryCode, context: RequestContext[Deps]) -> Reply:
    """A right code is used up and begins the replacement; the old phone works on meanwhile."""
    account_id, deps = request.account_id, context.deps
    _must_be_on(deps)
    code = clean(deps.open(request, "recovery_code"))
    await _lock(context, account_id)
    attempt = await attempts.begin(context, account_id, attempts.RECOVERY, request.device)
    hashes = [] if code is None else hashes_of(deps.recovery_ring, account_id, code)
    if not await sheets.use(context.tx, account_id, hashes):
        return await attempt.refuse(Refusal(slug="recovery_refused"))
    await attempt.forgive()
    sheet = await sheets.read(context.tx, account_id)
    left = 0 if sheet is None else sheet.left
    used = RecoveryCodeUsed(left=left, used_at=attempt.at, device=request.device)
    await context.emit(used, subject=account_id)
    return await enrolments.begin(request, context, allowed_by="recovery")


async def make_recovery_codes(
    request: MakeRecoveryCodes, context: RequestContext[Deps]
) -> RecoveryCodesView:
    """A new list; the former codes end, which is said where they were kept."""
    account_id, deps, now = request.account_id, context.deps, context.now()
    _must_be_on(deps)
    await _lock(context, account_id)
    former = await sheets.read(context.tx, account_id)
    codes = deps.new_recovery_codes()
    hashes = [hash_code(deps.recovery_ring, account_id, each) for each in codes]
    await sheets.replace(context.tx, account_id, hashes, now)
    was_kept = former is not None and former.kept_at is not None
    if was_kept:
        replaced = RecoveryCodesReplaced(replaced_at=now, device=request.device)
        await context.emit(replaced, subject=account_id)
    log.info(
        "Recovery codes were made.",
        action="recovery_list_made",
        account=account_id,
        replaced=was_kept,
    )
    return RecoveryCodesView(
        codes=deps.show(RecoveryCodesView, "codes", " ".join(map(grouped, codes))),
        made_at=now,
        renewed=former is not None and not was_kept,
    )


async def keep_recovery_codes(request: KeepRecoveryCodes, context: RequestContext[Deps]) -> Noted:
    """The person has the list: the one that was shown, or its codes would be worth nothing."""
    await _lock(context, request.account_id)
    if request.made_at is not None:
        sheet = await sheets.read(context.tx, request.account_id)
        if sheet is None or sheet.made_at != request.made_at:
            raise Refused(REPLACED)
    await sheets.keep(context.tx, request.account_id, context.now())
    log.info("Recovery codes were kept.", action="recovery_list_kept", account=request.account_id)
    return Noted()


def _must_be_on(deps: Deps) -> None:
    if not deps.settings.recovery_codes:
        raise Refused(OFF)


async def _lock(context: RequestContext[Deps], account_id: str) -> None:
    """Lock the account; `Refused` where it has no authenticator."""
    await store.lock_account(context.tx, account_id)
    if await store.read(context.tx, account_id) is None:
        raise Refused(NOT_ENROLLED)
