"""Checks codes of the active authenticator: one after the other, each usable once."""

import re
from datetime import datetime

from services.mfa import recovery_code_store, store
from services.mfa.codes import CODE_USED, verify_code
from services.mfa.deps import Deps
from services.mfa.handlers import attempts
from services.mfa.handlers.attempts import Attempt
from services.mfa.totp import step_at
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.mfa.events import OWNER
from shared.contracts.mfa.requests import CheckCode, ConfirmEnrolment, StartReplacement
from shared.contracts.mfa.views import CodeView
from shared.domain.typed_text import read_code
from shared.messaging.handlers import RefusalReply, Refused, RequestContext
from shared.runtime.sign_in_metrics import CODES
from shared.security.code_proofs import CodeProof, write_proof

DIGEST = re.compile(r"[0-9a-f]{64}")
NONCE_BYTES = 16
WRONG_FORMAT = Refusal(slug="invalid_fields", errors=(FieldError(field="code", code="format"),))


async def check_code(request: CheckCode, context: RequestContext[Deps]) -> Reply:
    """Whether the code is right, now and for the first time."""
    attempt = await consume_code(request, context)
    if isinstance(attempt, RefusalReply):
        return attempt
    due = await recovery_due(request.account_id, context)
    return CodeView(
        accepted_at=attempt.checked_at,
        failures=attempt.failed.failures,
        recovery_due=due,
        proof=_proof(request, context, attempt.checked_at) if request.about else "",
    )


def _proof(request: CheckCode, context: RequestContext[Deps], at: datetime) -> str:
    """The code was right, once, for what `about` is the digest of."""
    if not DIGEST.fullmatch(request.about):
        raise Refused(Refusal(slug="unknown_choice", params={"field": "about"}))
    proof = CodeProof(
        account_id=request.account_id,
        about=request.about,
        nonce=context.deps.random(NONCE_BYTES).hex(),
        accepted_at=at,
    )
    return write_proof(context.deps.settings.code_proof_keys, proof)


async def consume_code(
    request: CheckCode | StartReplacement, context: RequestContext[Deps]
) -> Attempt | RefusalReply:
    """Use up a code of the account's authenticator.

    A refusal that was counted is returned, so that the transaction commits; others are raised.
    """
    code, account_id, deps = parse_code(request, context.deps), request.account_id, context.deps
    authenticator = await attempts.lock_authenticator(context, account_id)
    attempt = await attempts.start(context, account_id, attempts.TOTP, request.device)
    key = deps.decrypt_key(authenticator.key, account_id)
    step, window = step_at(attempt.checked_at), deps.settings.totp_window
    verification = verify_code(key, code, step, authenticator.code_state, window)
    if verification.result == "right":
        stored_key = deps.reencrypted(authenticator.key, key, account_id)
        if not await store.accept(context.tx, account_id, verification.state, stored_key):
            raise Refused(CODE_USED)
        await attempt.succeed()
        return attempt
    if verification.result == "used":
        CODES.labels(OWNER, attempts.TOTP, "used").inc()
        raise Refused(CODE_USED)
    await store.save_code_state(context.tx, account_id, verification.state)
    return await attempt.fail(verification.refusal)


async def recovery_due(account_id: str, context: RequestContext[Deps]) -> bool:
    """Whether the user still has to be shown recovery codes and confirm them."""
    if not context.deps.settings.recovery_codes:
        return False
    code_set = await recovery_code_store.read(context.tx, account_id)
    return code_set is None or code_set.kept_at is None


def parse_code(request: CheckCode | StartReplacement | ConfirmEnrolment, deps: Deps) -> str:
    """The six digits of the request. Raises `Refused` for anything else (OT-08)."""
    code = read_code(deps.open(request, "code"))
    if code is None:
        raise Refused(WRONG_FORMAT)
    return code
