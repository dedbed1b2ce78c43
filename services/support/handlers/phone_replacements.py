"""Lost phones that wait without an agent: what stops them, and that one was replaced (OT-15).

Whoever signs in with both factors has not lost the phone. A new password or address may be those of
whoever reads the mailbox. Events may arrive late: what happened before the wish says nothing of it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from services.support import lost_phone_flow, lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.authorization import require_act
from services.support.deps import Deps
from services.support.phone_replacement_flow import lock, replaced, stop_of_account
from services.support.proposals import NOT_FOUND
from shared.contracts.base import Event, Refusal
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.registration.events import (
    AccountDeactivated,
    AddressChanged,
    PasswordChanged,
    PasswordResetRequired,
)
from shared.contracts.support.lost_phones import LostPhoneFollowUp, StopPhoneReplacement
from shared.messaging.handlers import Context, Refused, RequestContext

#: `AuthenticatorReplaced.by` of a phone that waited.
AFTER_DELAY = "delay"


async def stop_replacement(
    request: StopPhoneReplacement, context: RequestContext[Deps]
) -> LostPhoneFollowUp:
    """An agent stops it. Stopping harms nobody: whoever may propose to remove a phone may."""
    agent = await require_act(context.tx, request.agent_id, lost_phone_flow.ACT)
    acting = ActContext.of(context)
    one = await request_store.lock(context.tx, request.number)
    found = None if one is None else await lost_phone_store.find(context.tx, request.number)
    if found is None or found.alone_since is None:
        raise Refused(NOT_FOUND)
    case = await lock(acting, request.number)
    if case is None:
        state = await lost_phone_flow.current_state(acting, found)
        raise Refused(Refusal(slug="wrong_state", params={"state": state}))
    await lost_phone_flow.stop(acting, case, by="agent", agent_id=agent.id)
    return LostPhoneFollowUp(number=case.number, state="stopped")


async def phone_replaced(event: AuthenticatorReplaced, context: Context[Deps]) -> None:
    """The phone was replaced, after the delay or by another way."""
    acting, account_id = ActContext.of(context), context.require_account_id()
    if event.by == AFTER_DELAY:
        await replaced(acting, account_id)
    else:
        await stop_of_account(acting, account_id, "replaced", event.replaced_at)


async def password_changed(event: PasswordChanged, context: Context[Deps]) -> None:
    """The password is new."""
    await _stop(context, "changed", event.changed_at)


async def address_changed(event: AddressChanged, context: Context[Deps]) -> None:
    """The address is new."""
    await _stop(context, "changed", event.changed_at)


async def reset_required(event: PasswordResetRequired, context: Context[Deps]) -> None:
    """Others may know the password."""
    await _stop(context, "changed", event.required_at)


async def account_deactivated(event: AccountDeactivated, context: Context[Deps]) -> None:
    """The account opens nothing any more."""
    await _stop(context, "closed", event.deactivated_at)


async def _stop(context: Context[Deps], by: str, at: datetime) -> None:
    await stop_of_account(ActContext.of(context), context.require_account_id(), by, at)


#: The events that only stop what waits, each with its handler.
STOPPING: dict[type[Event], Callable[..., Awaitable[None]]] = {
    PasswordChanged: password_changed,
    AddressChanged: address_changed,
    PasswordResetRequired: reset_required,
    AccountDeactivated: account_deactivated,
}
