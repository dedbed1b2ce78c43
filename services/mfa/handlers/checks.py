"""Codes of the authenticator in force: looked at one after the other, each good once."""

from __future__ import annotations

from services.mfa import sheets, store
from services.mfa.codes import USED, judge
from services.mfa.deps import Deps
from services.mfa.enrolments import NOT_ENROLLED
from services.mfa.handlers import attempts
from services.mfa.handlers.attempts import Attempt
from services.mfa.totp import clean, step_at
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.mfa import CheckCode, CodeView, ConfirmEnrolment, StartReplacement
from shared.messaging.handlers import RefusalReply, Refused, RequestContext

FORMAT = Refusal(slug="invalid_fields", errors=(FieldError(field="code", code="format"),))


async def check_code(request: CheckCode, context: RequestContext[Deps]) -> Reply:
    """Whether the code is right, now and for the first time."""
    spent = await spend(request, context)
    if isinstance(spent, RefusalReply):
        return spent
    due = await recovery_due(request.account_id, context)
    return CodeView(accepted_at=spent.at, failures=spent.tries.failures, recovery_due=due)


async def spend(
    request: CheckCode | StartReplacement, context: RequestContext[Deps]
) -> Attempt | RefusalReply:
    """Use a code of the account's authenticator up; a refusal that counts is to be returned."""
    code, account_id, deps = six_digits(request, context.deps), request.account_id, context.deps
    await store.lock_account(context.tx, account_id)
    found = await store.read(context.tx, account_id)
    if found is None:
        raise Refused(NOT_ENROLLED)
    attempt = await attempts.begin(context, account_id, attempts.TOTP, request.device)
    key = deps.take_out(found.key, account_id)
    window = deps.settings.totp_window
    verdict = judge(key, code, step_at(attempt.at), found.memory, window)
    if verdict.worth == "right":
        kept = deps.renewed(found.key, key, account_id)
        if not await store.accept(context.tx, account_id, verdict.memory, kept):
            raise Refused(USED)
        await attempt.forgive()
        return attempt
    if verdict.worth == "used":
        raise Refused(USED)
    await store.remember(context.tx, account_id, verdict.memory)
    return await attempt.refuse(verdict.refusal)


async def recovery_due(account_id: str, context: RequestContext[Deps]) -> bool:
    """Whether the account still has to be shown recovery codes that it confirms."""
    if not context.deps.settings.recovery_codes:
        return False
    sheet = await sheets.read(context.tx, account_id)
    return sheet is None or sheet.kept_at is None


def six_digits(request: CheckCode | StartReplacement | ConfirmEnrolment, deps: Deps) -> str:
    """The code that was typed, or `Refused` where it is none (OT-08)."""
    code = clean(deps.open(request, "code"))
    if code is None:
        raise Refused(FORMAT)
    return code
