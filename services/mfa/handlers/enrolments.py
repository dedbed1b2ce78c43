"""Enrolling an authenticator: a key is made and shown, and in force once its code was right.

Every asker has an enrolment of its own, lest somebody else with the password reads the key of a
phone that is just being enrolled. The first one confirmed wins.
"""

from __future__ import annotations

import uuid

from services.mfa import doors, store
from services.mfa.codes import Verdict, judge
from services.mfa.deps import Deps
from services.mfa.enrolments import ALREADY, GONE, Authenticator, Enrolment
from services.mfa.handlers import attempts
from services.mfa.handlers.checks import recovery_due, six_digits, spend
from services.mfa.totp import key_uri, step_at
from shared.contracts.base import Reply
from shared.contracts.mfa import (
    AuthenticatorEnrolled,
    AuthenticatorReplaced,
    ConfirmEnrolment,
    DescribeEnrolment,
    EnrolledView,
    EnrolmentView,
    RestartEnrolment,
    StartEnrolment,
    StartReplacement,
    UseRecoveryCode,
)
from shared.messaging.handlers import RefusalReply, Refused, RequestContext
from shared.runtime.telemetry import get_logger

Beginning = StartEnrolment | StartReplacement | RestartEnrolment | UseRecoveryCode

log = get_logger("mfa")


async def start_enrolment(request: StartEnrolment, context: RequestContext[Deps]) -> EnrolmentView:
    """A key for an account that has no authenticator."""
    await store.lock_account(context.tx, request.account_id)
    if await store.read(context.tx, request.account_id) is not None:
        raise Refused(ALREADY)
    return await begin(request, context)


async def start_replacement(request: StartReplacement, context: RequestContext[Deps]) -> Reply:
    """A key for a new phone, by a code of the old one, which works on until the new one does."""
    spent = await spend(request, context)
    if isinstance(spent, RefusalReply):
        return spent
    return await begin(request, context, allowed_by="phone")


async def describe_enrolment(
    request: DescribeEnrolment, context: RequestContext[Deps]
) -> EnrolmentView:
    """The same key again, after a reload or a wrong code (OT-11)."""
    found = await store.read_enrolment(context.tx, request.enrolment_id, request.account_id)
    if found is None or found.key is None or found.refusal(context.now()):
        raise Refused(GONE)
    return show(request, context.deps, found, context.deps.take_out(found.key, found.account_id))


async def restart_enrolment(
    request: RestartEnrolment, context: RequestContext[Deps]
) -> EnrolmentView:
    """Another key; the former one is forgotten, what allowed it stays."""
    await store.lock_account(context.tx, request.account_id)
    found = await store.read_enrolment(context.tx, request.enrolment_id, request.account_id)
    if found is None or found.refusal(context.now()):
        raise Refused(GONE)
    await store.delete_enrolment(context.tx, found.id)
    return await begin(request, context, allowed_by=found.allowed_by, former=found)


async def confirm_enrolment(request: ConfirmEnrolment, context: RequestContext[Deps]) -> Reply:
    """The first code of the new authenticator puts it in force."""
    code = six_digits(request, context.deps)
    await store.lock_account(context.tx, request.account_id)
    found = await store.read_enrolment(context.tx, request.enrolment_id, request.account_id)
    if found is None:
        raise Refused(GONE)
    now = context.now()
    refusal = found.refusal(now)
    if refusal is not None or found.key is None:
        raise Refused(refusal or GONE)
    key = context.deps.take_out(found.key, found.account_id)
    window = context.deps.settings.totp_window
    verdict = judge(key, code, step_at(now), found.memory, window)
    if verdict.worth == "right":
        kept = context.deps.renewed(found.key, key, found.account_id)
        made = Authenticator(
            account_id=found.account_id,
            key=kept,
            enrolled_at=now,
            begun_at=found.begun_at,
            memory=verdict.memory,
        )
        return await _put_in_force(context, found, made, request.device)
    return await _refuse(context, found, verdict)


async def begin(
    request: Beginning,
    context: RequestContext[Deps],
    *,
    allowed_by: str | None = None,
    former: Enrolment | None = None,
) -> EnrolmentView:
    """Make a key, write it down, show it."""
    deps, now, key = context.deps, context.now(), context.deps.new_key()
    made = Enrolment(
        id=str(uuid.uuid4()),
        account_id=request.account_id,
        key=deps.put_away(key, request.account_id),
        allowed_by=allowed_by,
        begun_at=now if former is None else former.begun_at,
        expires_at=now + deps.settings.enrol_life,
    )
    await store.begin(context.tx, made)
    log.info(
        "An enrolment was begun.",
        action="enrolment_begun",
        account=request.account_id,
        allowed_by=allowed_by,
    )
    return show(request, deps, made, key)


def show(
    request: Beginning | DescribeEnrolment, deps: Deps, enrolment: Enrolment, key: str
) -> EnrolmentView:
    """The enrolment with its key, for the gateway alone to read."""
    label = deps.open(request, "label")
    uri = key_uri(key, label, deps.settings.service_name)
    return EnrolmentView(
        enrolment_id=enrolment.id,
        key=deps.show(EnrolmentView, "key", key),
        uri=deps.show(EnrolmentView, "uri", uri),
        replaces=enrolment.replaces,
        expires_at=enrolment.expires_at,
    )


async def _refuse(
    context: RequestContext[Deps], found: Enrolment, verdict: Verdict
) -> RefusalReply:
    """No throttle and no notice: the key is on the screen of who tries."""
    await store.remember_enrolment(context.tx, found.id, verdict.memory)
    log.info(
        "A first code was wrong.",
        action="enrolment_code_fail",
        account=found.account_id,
        worth=verdict.worth,
    )
    return context.refuse(verdict.refusal)


async def _put_in_force(
    context: RequestContext[Deps], found: Enrolment, made: Authenticator, device: str
) -> EnrolledView:
    now, account_id = made.enrolled_at, made.account_id
    if found.allowed_by is None:
        if not await store.install(context.tx, made):
            raise Refused(ALREADY)
        said: AuthenticatorEnrolled | AuthenticatorReplaced
        said = AuthenticatorEnrolled(enrolled_at=now, device=device)
    else:
        if not await store.replace(context.tx, made):
            raise Refused(GONE)
        said = AuthenticatorReplaced(by=found.allowed_by, replaced_at=now, device=device)
    await store.void_enrolments(context.tx, account_id)
    await doors.forgive(context.tx, account_id, attempts.TOTP)
    await context.emit(said, subject=account_id)
    log.info(
        "An authenticator is in force.",
        action="authn_factor_enrolled",
        account=account_id,
        by=found.allowed_by,
    )
    due = await recovery_due(account_id, context)
    return EnrolledView(enrolled_at=now, replaced=found.replaces, recovery_due=due)
