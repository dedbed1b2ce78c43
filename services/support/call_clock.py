"""Ends calls whose time is over: their words go, and their holder is told."""

from collections.abc import Sequence

from services.support import lost_phone_flow, lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.deps import Deps
from services.support.jobs import BATCH, handle_each
from services.support.lost_phones import outcome_at_end
from shared.database import Connection, Pool

INTERVAL_SECONDS = 30


async def end_overdue(pool: Pool, deps: Deps) -> int:
    """End them; returns how many."""
    numbers: dict[str, str] = {}

    async def overdue(tx: Connection, tried: Sequence[str]) -> list[str]:
        found = await lost_phone_store.overdue_calls(tx, deps.clock(), tried, BATCH)
        numbers.update(found)
        return list(found)

    async def end(tx: Connection, call_id: str) -> bool:
        # The request first, as everywhere: an agent and the clock act one after the other.
        if await request_store.lock(tx, numbers[call_id]) is None:
            return False
        call = await lost_phone_store.find_call(tx, call_id)
        case = await lost_phone_store.find(tx, numbers[call_id])
        if call is None or case is None or call.ended_at is not None:
            return False
        context = ActContext(tx=tx, deps=deps, now=deps.clock())
        await lost_phone_flow.close_call(context, case, call, outcome_at_end(call), call.ends_at)
        return True

    return await handle_each(pool, "calls", overdue, end)
