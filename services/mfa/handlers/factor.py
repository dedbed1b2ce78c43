"""What an account has, and the end of it with the account's credentials."""

from __future__ import annotations

from services.mfa import sheets, store
from services.mfa.deps import Deps
from shared.contracts.mfa import AuthenticatorRemoved, DescribeFactor, FactorView
from shared.contracts.registration import CredentialsRemoved
from shared.errors import Reject
from shared.messaging.handlers import Context, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("mfa")


async def describe_factor(request: DescribeFactor, context: RequestContext[Deps]) -> FactorView:
    """The authenticator, and how many recovery codes are left."""
    recovery_on = context.deps.settings.recovery_codes
    found = await store.read(context.tx, request.account_id)
    if found is None:
        return FactorView(recovery_on=recovery_on)
    sheet = await sheets.read(context.tx, found.account_id)
    return FactorView(
        enrolled_at=found.enrolled_at,
        recovery_on=recovery_on,
        recovery_left=0 if sheet is None else sheet.left,
        recovery_kept=sheet is not None and sheet.kept_at is not None,
    )


async def credentials_removed(event: CredentialsRemoved, context: Context[Deps]) -> None:
    """The second factor goes with the first, recovery codes and what was begun along with it.

    What the person enrolled since, having come back, stays: facts may arrive late.
    """
    account_id = context.envelope.subject
    if account_id is None:
        raise Reject("it does not say whose credentials")
    await store.lock_account(context.tx, account_id)
    if await store.remove(context.tx, account_id, event.removed_at):
        removed = AuthenticatorRemoved(removed_at=context.now())
        await context.emit(removed, subject=account_id)
        log.info("An authenticator was removed.", action="authn_factor_removed", account=account_id)
