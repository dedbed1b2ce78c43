"""A lost phone as its holder sees it: both words during a call, the date, and how to stop it.

Found as requests are (`my_requests`): by the signed-in holder, or by a mailed link.
"""

from datetime import datetime

from services.support import lost_phone_flow, lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.deps import Deps
from services.support.handlers.lost_phone_views import KIND, case_of, lock_request
from services.support.handlers.my_requests import TOO_LATE, find_own
from services.support.lost_phone_stops import stop_everything
from services.support.lost_phones import LostPhone, state_of
from services.support.people_requests import PersonRequest
from services.support.proposals import NOT_FOUND
from shared.contracts.registration.resumption import AccountResumed, ResumptionHeld
from shared.contracts.support.lost_phones import (
    DescribeLostPhoneCase,
    LostPhoneFollowUp,
    StopLostPhone,
)
from shared.messaging.handlers import Context, Refused, RequestContext


async def describe_lost_phone(
    request: DescribeLostPhoneCase, context: RequestContext[Deps]
) -> LostPhoneFollowUp:
    """Where it stands; both words while an agent calls."""
    one = await find_own(request, context)
    if one.kind != KIND or one.account_id is None:
        raise Refused(NOT_FOUND)
    case = await lost_phone_store.find(context.tx, one.number)
    return await _show(
        context, one, case or LostPhone(number=one.number, account_id=one.account_id)
    )


async def stop_lost_phone(
    request: StopLostPhone, context: RequestContext[Deps]
) -> LostPhoneFollowUp:
    """The person stops everything; stopped already is no error."""
    number = (await find_own(request, context)).number
    one = await lock_request(context.tx, number)
    case, acting = await case_of(context.tx, one), ActContext.of(context)
    if await lost_phone_flow.current_state(acting, case) == "stopped":
        return await _show(context, one, case)
    by = "person" if request.link_token is None else "link"
    stopped = await stop_everything(acting, case, by=by, block=request.block)
    if stopped is None:
        raise Refused(TOO_LATE)
    return await _show(context, one, stopped)


async def account_resumed(_event: AccountResumed, context: Context[Deps]) -> None:
    """The account has credentials again: the request is done."""
    case = await _lock_released(context)
    if case is not None:
        await lost_phone_flow.resumed(ActContext.of(context), case)


async def resumption_held(event: ResumptionHeld, context: Context[Deps]) -> None:
    """The code was right and the names differ: an agent compares them."""
    case = await _lock_released(context)
    if case is not None:
        await lost_phone_flow.held(ActContext.of(context), case, event.held_at)


async def _lock_released(context: Context[Deps]) -> LostPhone | None:
    """The account's lost phone whose credentials are gone, read once its request is locked: an
    agent may be changing both."""
    account_id = context.require_account_id()
    seen = await lost_phone_store.find_released(context.tx, account_id)
    if seen is None:
        return None
    await request_store.lock(context.tx, seen.number)
    case = await lost_phone_store.find_released(context.tx, account_id)
    return case if case is not None and case.number == seen.number else None


async def _show(
    context: RequestContext[Deps], one: PersonRequest, case: LostPhone
) -> LostPhoneFollowUp:
    now, calls = context.now(), await lost_phone_store.calls(context.tx, one.number)
    going_on = next((call for call in calls if call.is_going_on(now)), None)
    state = state_of(case, going_on, now)
    return LostPhoneFollowUp(
        number=one.number,
        state=state,
        words=None if going_on is None else going_on.words,
        until=None if going_on is None else going_on.ends_at,
        due_at=_due_at(case, state),
        open_until=case.open_until if state == "open" else None,
        code_until=case.code_until if state == "code_told" else None,
    )


def _due_at(case: LostPhone, state: str) -> datetime | None:
    """When the phone is unlinked, or another one may be enrolled without an agent."""
    return {"planned": case.due_at, "waiting": case.alone_due_at}.get(state)
