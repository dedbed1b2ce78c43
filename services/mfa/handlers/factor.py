"""Describes the second factor of an account, and removes it with the account's credentials."""

from services.mfa import recovery_code_store, store
from services.mfa.deps import Deps
from services.mfa.handlers.enrolments import usable_replacement
from shared.contracts.mfa.events import AuthenticatorRemoved
from shared.contracts.mfa.requests import DescribeFactor
from shared.contracts.mfa.views import FactorView
from shared.contracts.registration.events import CredentialsRemoved
from shared.contracts.support.agents import AgentCredentialsRemoved
from shared.messaging.handlers import Context, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("mfa")


async def describe_factor(request: DescribeFactor, context: RequestContext[Deps]) -> FactorView:
    """The authenticator, and how many recovery codes are left."""
    recovery_on = context.deps.settings.recovery_codes
    authenticator = await store.read(context.tx, request.account_id)
    if authenticator is None:
        return FactorView(recovery_on=recovery_on)
    code_set = await recovery_code_store.read(context.tx, authenticator.account_id)
    replacement = await usable_replacement(context, authenticator)
    return FactorView(
        enrolled_at=authenticator.enrolled_at,
        recovery_on=recovery_on,
        recovery_left=0 if code_set is None else code_set.left,
        recovery_kept=code_set is not None and code_set.kept_at is not None,
        replacement_until=None if replacement is None else replacement.open_until,
    )


async def credentials_removed(
    event: CredentialsRemoved | AgentCredentialsRemoved, context: Context[Deps]
) -> None:
    """Remove the authenticator, its recovery codes and pending enrolments.

    The account is an applicant's or an agent's. Events may arrive late: what was enrolled after the
    removal, in an account opened again, stays.
    """
    account_id = context.require_account_id()
    await store.lock_account(context.tx, account_id)
    if await store.remove(context.tx, account_id, event.removed_at):
        removed = AuthenticatorRemoved(removed_at=context.now())
        await context.emit(removed, subject=account_id)
        log.info("An authenticator was removed.", action="authn_factor_removed", account=account_id)
