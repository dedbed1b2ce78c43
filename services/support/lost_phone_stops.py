"""Stopping a lost phone with its act, for its person, an agent, a sign-in or a block."""

from datetime import datetime

from services.support import act_flow, lost_phone_flow, lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.lost_phones import STOPPABLE, LostPhone


async def stop_everything(
    context: ActContext, case: LostPhone, *, by: str, block: bool = False
) -> LostPhone | None:
    """Stop the call, the act and the request; None where nothing waits any more."""
    if await lost_phone_flow.current_state(context, case) not in STOPPABLE:
        return None
    stopped = await lost_phone_flow.stop(context, case, by=by, block=block)
    proposal = await lost_phone_flow.lock_open_act(context, case)
    if proposal is not None:
        await act_flow.stop(context, proposal, by=by)
    return stopped


async def stop_requests(context: ActContext, account_id: str, by: str, at: datetime) -> None:
    """Stop every lost phone of an account that agents look after, for what happened `at`, whether
    anybody has called yet or not. What waits without an agent has rules of its own
    (`phone_replacement_flow`)."""
    for one in await request_store.lock_lost_phones(context.tx, account_id):
        case = await lost_phone_store.find_or_add(context.tx, one.number, account_id)
        if one.received_at <= at and case.alone_since is None:
            await stop_everything(context, case, by=by)


async def stop_cancelled(context: ActContext, number: str) -> None:
    """The person cancels the request: what is planned is stopped, which closes it."""
    case = await lost_phone_store.find(context.tx, number)
    if case is not None:
        await stop_everything(context, case, by="person")
