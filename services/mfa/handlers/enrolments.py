"""Enrols authenticators: a key is generated and shown, and its first right code activates it.

Every request to start makes an enrolment with a key of its own, so that somebody else who knows the
password cannot read the key of a phone that is just being enrolled. The first one confirmed wins.
"""

import uuid
from datetime import timedelta

from services.mfa import delayed_replacement_store, failed_code_store, store
from services.mfa.codes import Verification, verify_code
from services.mfa.delayed_replacements import DELAY, DelayedReplacement
from services.mfa.deps import Deps
from services.mfa.enrolments import ALREADY_ENROLLED, ENROLMENT_GONE, Authenticator, Enrolment
from services.mfa.handlers import attempts
from services.mfa.handlers.checks import consume_code, parse_code, recovery_due
from services.mfa.totp import KEY_BYTES, key_uri, make_key, step_at
from shared.contracts.base import Reply
from shared.contracts.mfa.events import OWNER, AuthenticatorEnrolled, AuthenticatorReplaced
from shared.contracts.mfa.requests import (
    ConfirmEnrolment,
    DescribeEnrolment,
    RestartEnrolment,
    StartEnrolment,
    StartReplacement,
    StartReplacementAfterDelay,
    UseRecoveryCode,
)
from shared.contracts.mfa.views import EnrolledView, EnrolmentView
from shared.messaging.handlers import RefusalReply, Refused, RequestContext
from shared.runtime.sign_in_metrics import CODES, ENROLMENTS
from shared.runtime.telemetry import get_logger

StartRequest = (
    StartEnrolment
    | StartReplacement
    | StartReplacementAfterDelay
    | RestartEnrolment
    | UseRecoveryCode
)

log = get_logger("mfa")


async def start_enrolment(request: StartEnrolment, context: RequestContext[Deps]) -> EnrolmentView:
    """Start the first enrolment of an account."""
    await store.lock_account(context.tx, request.account_id)
    if await store.read(context.tx, request.account_id) is not None:
        raise Refused(ALREADY_ENROLLED)
    return await start(request, context)


async def start_replacement(request: StartReplacement, context: RequestContext[Deps]) -> Reply:
    """Start an enrolment of a new phone with a code of the old one, which works until then."""
    attempt = await consume_code(request, context)
    if isinstance(attempt, RefusalReply):
        return attempt
    return await start(request, context, allowed_by="phone")


async def describe_enrolment(
    request: DescribeEnrolment, context: RequestContext[Deps]
) -> EnrolmentView:
    """The same key again, after a reload or a wrong code (OT-11)."""
    enrolment = await store.read_enrolment(context.tx, request.enrolment_id, request.account_id)
    if enrolment is None or enrolment.key is None or enrolment.refusal(context.now()):
        raise Refused(ENROLMENT_GONE)
    key = context.deps.decrypt_key(enrolment.key, enrolment.account_id)
    return to_view(request, context.deps, enrolment, key)


async def restart_enrolment(
    request: RestartEnrolment, context: RequestContext[Deps]
) -> EnrolmentView:
    """Replace the enrolment by one with another key; what allowed it stays."""
    await store.lock_account(context.tx, request.account_id)
    former = await store.read_enrolment(context.tx, request.enrolment_id, request.account_id)
    if former is None or former.refusal(context.now()):
        raise Refused(ENROLMENT_GONE)
    await store.delete_enrolment(context.tx, former.id)
    return await start(request, context, allowed_by=former.allowed_by, former=former)


async def confirm_enrolment(request: ConfirmEnrolment, context: RequestContext[Deps]) -> Reply:
    """Activate the new authenticator with its first code."""
    code = parse_code(request, context.deps)
    await store.lock_account(context.tx, request.account_id)
    enrolment = await store.read_enrolment(context.tx, request.enrolment_id, request.account_id)
    if enrolment is None:
        raise Refused(ENROLMENT_GONE)
    now = context.now()
    refusal = enrolment.refusal(now)
    if refusal is not None or enrolment.key is None:
        raise Refused(refusal or ENROLMENT_GONE)
    if enrolment.allowed_by == DELAY:
        await _require_usable(context, enrolment.account_id)
    key = context.deps.decrypt_key(enrolment.key, enrolment.account_id)
    window = context.deps.settings.totp_window
    verification = verify_code(key, code, step_at(now), enrolment.code_state, window)
    if verification.result != "right":
        return await _refuse(context, enrolment, verification)
    authenticator = Authenticator(
        account_id=enrolment.account_id,
        key=context.deps.reencrypted(enrolment.key, key, enrolment.account_id),
        enrolled_at=now,
        begun_at=enrolment.begun_at,
        code_state=verification.state,
    )
    return await _activate(context, enrolment, authenticator, request.device)


async def usable_replacement(
    context: RequestContext[Deps], authenticator: Authenticator
) -> DelayedReplacement | None:
    """What lets another phone take the place of this one without a code of it."""
    found = await delayed_replacement_store.find(context.tx, authenticator.account_id)
    usable = found is not None and found.is_usable(authenticator, context.now())
    return found if usable else None


async def _require_usable(context: RequestContext[Deps], account_id: str) -> None:
    """Somebody may have objected, or used the old phone, since the enrolment began."""
    authenticator = await store.read(context.tx, account_id)
    if authenticator is None or await usable_replacement(context, authenticator) is None:
        raise Refused(ENROLMENT_GONE)


async def start(
    request: StartRequest,
    context: RequestContext[Deps],
    *,
    allowed_by: str | None = None,
    former: Enrolment | None = None,
) -> EnrolmentView:
    """Generate a key and store it in a new enrolment."""
    deps, now = context.deps, context.now()
    key = make_key(deps.random(KEY_BYTES))
    sealed = deps.encrypt_key(key, request.account_id)
    enrolment = Enrolment(
        id=str(uuid.uuid4()),
        account_id=request.account_id,
        key=sealed,
        allowed_by=allowed_by,
        begun_at=now if former is None else former.begun_at,
        expires_at=now + timedelta(minutes=deps.settings.enrol_minutes),
    )
    await store.insert_enrolment(context.tx, enrolment, sealed)
    log.info(
        "An enrolment was started.",
        action="enrolment_begun",
        account=request.account_id,
        allowed_by=allowed_by,
    )
    return to_view(request, deps, enrolment, key)


def to_view(
    request: StartRequest | DescribeEnrolment, deps: Deps, enrolment: Enrolment, key: str
) -> EnrolmentView:
    """The enrolment with its key, which only the front end that asked can open."""
    front_end = request.front_end
    uri = key_uri(key, deps.open(request, "label"), deps.issuer(front_end))
    return EnrolmentView(
        enrolment_id=enrolment.id,
        key=deps.seal(front_end, EnrolmentView, "key", key),
        uri=deps.seal(front_end, EnrolmentView, "uri", uri),
        replaces=enrolment.replaces,
        expires_at=enrolment.expires_at,
        by=enrolment.allowed_by or "",
    )


async def _refuse(
    context: RequestContext[Deps], enrolment: Enrolment, verification: Verification
) -> RefusalReply:
    """Refuse without throttle or event: the user has the key on the screen."""
    measured = "used" if verification.result == "used" else "wrong"
    CODES.labels(OWNER, "enrolment", measured).inc()
    await store.save_enrolment_code_state(context.tx, enrolment.id, verification.state)
    log.info(
        "The first code of an enrolment was wrong.",
        action="enrolment_code_fail",
        account=enrolment.account_id,
        result=verification.result,
    )
    return context.refuse(verification.refusal)


async def _activate(
    context: RequestContext[Deps], enrolment: Enrolment, authenticator: Authenticator, device: str
) -> EnrolledView:
    now, account_id = authenticator.enrolled_at, authenticator.account_id
    event: AuthenticatorEnrolled | AuthenticatorReplaced
    if enrolment.allowed_by is None:
        if not await store.insert(context.tx, authenticator):
            raise Refused(ALREADY_ENROLLED)
        event = AuthenticatorEnrolled(enrolled_at=now, device=device)
    else:
        if not await store.replace(context.tx, authenticator):
            raise Refused(ENROLMENT_GONE)
        event = AuthenticatorReplaced(by=enrolment.allowed_by, replaced_at=now, device=device)
    await store.void_enrolments(context.tx, account_id)
    await failed_code_store.clear_failures(context.tx, account_id, attempts.TOTP)
    await context.emit(event, subject=account_id)
    CODES.labels(OWNER, "enrolment", "right").inc()
    ENROLMENTS.labels(OWNER, enrolment.allowed_by or "first").inc()
    log.info(
        "An authenticator was activated.",
        action="authn_factor_enrolled",
        account=account_id,
        by=enrolment.allowed_by,
    )
    due = await recovery_due(account_id, context)
    return EnrolledView(enrolled_at=now, replaced=enrolment.replaces, recovery_due=due)
