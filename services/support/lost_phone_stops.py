"""Stopping a lost phone with its act, for its person or an agent."""

from services.support import act_flow, lost_phone_flow, lost_phone_store
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


async def stop_cancelled(context: ActContext, number: str) -> None:
    """The person cancelled the request: what was planned is stopped too."""
    case = await lost_phone_store.find(context.tx, number)
    if case is not None:
        await stop_everything(context, case, by="person")
