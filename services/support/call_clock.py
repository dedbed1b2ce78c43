"""Ends calls whose time is over: their words go, and their holder is told."""

from datetime import datetime

from services.support import lost_phone_flow, lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.deps import Deps
from services.support.lost_phones import outcome_at_end
from shared.database import Pool, transaction

INTERVAL_SECONDS = 30


async def end_overdue(pool: Pool, deps: Deps) -> int:
    """End them, one transaction each; returns how many."""
    now: datetime = deps.clock()
    async with transaction(pool) as tx:
        overdue = await lost_phone_store.overdue_calls(tx, now)
    ended = 0
    for seen in overdue:
        async with transaction(pool) as tx:
            if await request_store.lock(tx, seen.number) is None:
                continue
            calls = await lost_phone_store.calls(tx, seen.number)
            call = next((each for each in calls if each.id == seen.id), None)
            case = await lost_phone_store.find(tx, seen.number)
            if call is None or case is None or call.ended_at is not None:
                continue
            context = ActContext(tx=tx, deps=deps, now=now)
            outcome = outcome_at_end(call)
            await lost_phone_flow.end_call(context, call, outcome, call.ends_at)
            await lost_phone_flow.stop_after_failures(context, case, call.purpose)
            ended += 1
    return ended
