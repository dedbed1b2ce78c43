"""Recovery codes: generated, confirmed, and used to enrol a new phone."""

from services.mfa import recovery_code_store
from services.mfa.deps import Deps
from services.mfa.handlers import attempts, enrolments
from services.mfa.recovery_codes import (
    CODE_BYTES,
    CODE_COUNT,
    grouped,
    hash_code,
    hashes_of,
    make_code,
)
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.mfa.events import RecoveryCodesReplaced, RecoveryCodeUsed
from shared.contracts.mfa.requests import (
    KeepRecoveryCodes,
    MakeRecoveryCodes,
    Noted,
    UseRecoveryCode,
)
from shared.contracts.mfa.views import RecoveryCodesView
from shared.domain.typed_text import read_recovery_code
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

WRONG_FORMAT = Refusal(
    slug="invalid_fields", errors=(FieldError(field="recovery_code", code="format"),)
)
RECOVERY_OFF = Refusal(slug="recovery_off")
LIST_REPLACED = Refusal(slug="list_replaced")

log = get_logger("mfa")


async def use_recovery_code(request: UseRecoveryCode, context: RequestContext[Deps]) -> Reply:
    """Use up a right code and start a replacement; the old phone keeps working meanwhile.

    What cannot be a code costs no try.
    """
    account_id, deps = request.account_id, context.deps
    _check_enabled(deps)
    code = read_recovery_code(deps.open(request, "recovery_code"))
    if code is None:
        raise Refused(WRONG_FORMAT)
    await attempts.lock_authenticator(context, account_id)
    attempt = await attempts.start(context, account_id, attempts.RECOVERY, request.device)
    hashes = hashes_of(deps.recovery_keys, account_id, code)
    if not await recovery_code_store.consume(context.tx, account_id, hashes):
        return await attempt.fail(Refusal(slug="recovery_refused"))
    await attempt.succeed()
    code_set = await recovery_code_store.read(context.tx, account_id)
    left = 0 if code_set is None else code_set.left
    used = RecoveryCodeUsed(left=left, used_at=attempt.checked_at, device=request.device)
    await context.emit(used, subject=account_id)
    return await enrolments.start(request, context, allowed_by="recovery")


async def make_recovery_codes(
    request: MakeRecoveryCodes, context: RequestContext[Deps]
) -> RecoveryCodesView:
    """Generate new codes. Replacing codes that the user had confirmed is published."""
    account_id, deps, now = request.account_id, context.deps, context.now()
    _check_enabled(deps)
    await attempts.lock_authenticator(context, account_id)
    former = await recovery_code_store.read(context.tx, account_id)
    codes = [make_code(deps.random(CODE_BYTES)) for _ in range(CODE_COUNT)]
    hashes = [hash_code(deps.recovery_keys, account_id, each) for each in codes]
    await recovery_code_store.replace(context.tx, account_id, hashes, now)
    was_kept = former is not None and former.kept_at is not None
    if was_kept:
        replaced = RecoveryCodesReplaced(replaced_at=now, device=request.device)
        await context.emit(replaced, subject=account_id)
    log.info(
        "Recovery codes were generated.",
        action="recovery_list_made",
        account=account_id,
        replaced=was_kept,
    )
    return RecoveryCodesView(
        codes=deps.seal("gateway", RecoveryCodesView, "codes", " ".join(map(grouped, codes))),
        made_at=now,
        renewed=former is not None and not was_kept,
    )


async def keep_recovery_codes(request: KeepRecoveryCodes, context: RequestContext[Deps]) -> Noted:
    """Record that the user has stored the codes, if those that were shown are still valid."""
    await attempts.lock_authenticator(context, request.account_id)
    if request.made_at is not None:
        code_set = await recovery_code_store.read(context.tx, request.account_id)
        if code_set is None or code_set.made_at != request.made_at:
            raise Refused(LIST_REPLACED)
    await recovery_code_store.confirm(context.tx, request.account_id, context.now())
    log.info(
        "The user confirmed the recovery codes.",
        action="recovery_list_kept",
        account=request.account_id,
    )
    return Noted()


def _check_enabled(deps: Deps) -> None:
    if not deps.settings.recovery_codes:
        raise Refused(RECOVERY_OFF)
